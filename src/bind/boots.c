/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/boots.h"

#include <string.h>

#define FORMAT 1
#define RELAPSES_MAX 3

static bool is_confirmed(const struct boots *b, uint32_t plan)
{
	for (size_t i = 0; i < BOOTS_CONFIRMED; i++)
		if (b->confirmed[i] == plan)
			return true;
	return false;
}

enum boots_word boots_word(const struct boots *b, uint32_t plan, unsigned limit)
{
	if (is_confirmed(b, plan))
		return BOOTS_CONFIRMED_PLAN;
	return b->plan == plan && b->tries >= limit ? BOOTS_STAND_DOWN : BOOTS_ON_TRIAL;
}

enum boots_word boots_begin(struct boots *b, uint32_t plan, unsigned limit, bool *ret_changed)
{
	enum boots_word word = boots_word(b, plan, limit);

	*ret_changed = word == BOOTS_ON_TRIAL;
	if (word != BOOTS_ON_TRIAL)
		return word;
	if (b->plan != plan) {
		b->plan = plan;
		b->tries = b->rests = b->relapses = 0;
	}
	b->tries++;
	return word;
}

unsigned boots_wait(const struct boots *b)
{
	unsigned needed = 1U << (b->relapses < RELAPSES_MAX ? b->relapses : RELAPSES_MAX);

	return needed > b->rests ? needed - b->rests : 0;
}

static void forget_trial(struct boots *b)
{
	b->plan = 0;
	b->tries = b->rests = b->relapses = 0;
}

bool boots_reached(struct boots *b, uint32_t plan, unsigned limit, bool stood_down)
{
	enum boots_word word = boots_word(b, plan, limit);

	if (b->plan != plan || b->tries == 0 || word == BOOTS_CONFIRMED_PLAN)
		return false;
	if (!stood_down) {
		forget_trial(b);
		memmove(b->confirmed + 1, b->confirmed,
			sizeof(b->confirmed) - sizeof(*b->confirmed));
		b->confirmed[0] = plan;
		return true;
	}
	if (word != BOOTS_STAND_DOWN)
		return false;
	b->rests++;
	if (boots_wait(b) > 0)
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

void boots_encode(const struct boots *b, uint8_t to[static BOOTS_SIZE])
{
	to[0] = FORMAT;
	to[1] = b->tries;
	to[2] = b->rests;
	to[3] = b->relapses;
	put(to + 4, b->plan);
	for (size_t i = 0; i < BOOTS_CONFIRMED; i++)
		put(to + 8 + 4 * i, b->confirmed[i]);
	put(to + BOOTS_SIZE - 4, crc32(to, BOOTS_SIZE - 4));
}

bool boots_decode(struct boots *ret, const uint8_t *from, size_t len)
{
	if (len != BOOTS_SIZE || from[0] != FORMAT ||
		get(from + BOOTS_SIZE - 4) != crc32(from, BOOTS_SIZE - 4))
		return false;
	*ret = (struct boots){
		.tries = from[1], .rests = from[2], .relapses = from[3], .plan = get(from + 4)};
	for (size_t i = 0; i < BOOTS_CONFIRMED; i++)
		ret->confirmed[i] = get(from + 8 + 4 * i);
	return true;
}
