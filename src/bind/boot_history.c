/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/boot_history.h"

#include <string.h>

#define FORMAT 1
#define RELAPSES_MAX 3

static bool is_confirmed(const struct boot_history *b, uint32_t plan)
{
	for (size_t i = 0; i < BOOT_HISTORY_GOOD; i++)
		if (b->confirmed[i] == plan)
			return true;
	return false;
}

enum boot_verdict boot_history_word(const struct boot_history *b, uint32_t plan, unsigned limit)
{
	if (is_confirmed(b, plan))
		return PLAN_GOOD;
	return b->plan == plan && b->tries >= limit ? PLAN_BLOCKED : PLAN_ON_TRIAL;
}

enum boot_verdict boot_history_begin(
	struct boot_history *b, uint32_t plan, unsigned limit, bool *ret_changed)
{
	enum boot_verdict word = boot_history_word(b, plan, limit);

	*ret_changed = word == PLAN_ON_TRIAL;
	if (word != PLAN_ON_TRIAL)
		return word;
	if (b->plan != plan) {
		b->plan = plan;
		b->tries = b->rests = b->relapses = 0;
	}
	b->tries++;
	return word;
}

unsigned boot_history_wait(const struct boot_history *b)
{
	unsigned needed = 1U << (b->relapses < RELAPSES_MAX ? b->relapses : RELAPSES_MAX);

	return needed > b->rests ? needed - b->rests : 0;
}

static void forget_trial(struct boot_history *b)
{
	b->plan = 0;
	b->tries = b->rests = b->relapses = 0;
}

bool boot_history_reached(struct boot_history *b, uint32_t plan, unsigned limit, bool stood_down)
{
	enum boot_verdict word = boot_history_word(b, plan, limit);

	if (b->plan != plan || b->tries == 0 || word == PLAN_GOOD)
		return false;
	if (!stood_down) {
		forget_trial(b);
		memmove(b->confirmed + 1, b->confirmed,
			sizeof(b->confirmed) - sizeof(*b->confirmed));
		b->confirmed[0] = plan;
		return true;
	}
	if (word != PLAN_BLOCKED)
		return false;
	b->rests++;
	if (boot_history_wait(b) > 0)
		return true;
	b->tries = (uint8_t)(limit > 0 ? limit - 1 : 0);
	b->rests = 0;
	if (b->relapses < RELAPSES_MAX)
		b->relapses++;
	return true;
}

static uint32_t crc32(const uint8_t *data, size_t len)
{
	uint32_t crc = ~0U;

	for (size_t i = 0; i < len; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0);
	}
	return ~crc;
}

static void put(uint8_t *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t get(const uint8_t *from)
{
	return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

void boot_history_encode(const struct boot_history *b, uint8_t to[static BOOT_HISTORY_SIZE])
{
	to[0] = FORMAT;
	to[1] = b->tries;
	to[2] = b->rests;
	to[3] = b->relapses;
	put(to + 4, b->plan);
	for (size_t i = 0; i < BOOT_HISTORY_GOOD; i++)
		put(to + 8 + 4 * i, b->confirmed[i]);
	put(to + BOOT_HISTORY_SIZE - 4, crc32(to, BOOT_HISTORY_SIZE - 4));
}

bool boot_history_decode(struct boot_history *ret, const uint8_t *from, size_t len)
{
	if (len != BOOT_HISTORY_SIZE || from[0] != FORMAT ||
		get(from + BOOT_HISTORY_SIZE - 4) != crc32(from, BOOT_HISTORY_SIZE - 4))
		return false;
	*ret = (struct boot_history){
		.tries = from[1], .rests = from[2], .relapses = from[3], .plan = get(from + 4)};
	for (size_t i = 0; i < BOOT_HISTORY_GOOD; i++)
		ret->confirmed[i] = get(from + 8 + 4 * i);
	return true;
}
