/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any sequence of boots against a model of core/bootcount.h, written from its table and not from
 * its code: a byte is an event. What is remembered goes through the bytes of the variable each
 * time, and may be damaged there. Beside the model, what holds of every history: no plan that never
 * came up is carried out oftener than the limit and its waits allow, and none waits for ever.
 */
#include "core/bootcount.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Plans: of two configs under two kernels, so that a new kernel is another plan. */
#define PLANS 5
static uint32_t plan_of(unsigned which)
{
	static const uint32_t plans[PLANS] = {1, 0x80000000, 0xffffffff, 7, 0x01010101};

	return plans[which % PLANS];
}

/* ---- the model: words instead of counters ------------------------------------------------------
 */

static struct model {
	uint32_t good[BOOT_HISTORY_GOOD]; /* came up, the last one first */
	uint32_t suspect;                 /* the plan that was begun last of those that never did */
	unsigned failed;                  /* its boots in a row, since it may be tried */
	unsigned waited;                  /* good boots without it */
	unsigned wait;                    /* of which so many are due: 1, 2, 4, 8, 8 ... */
} model;

static bool model_is_good(uint32_t plan)
{
	for (size_t i = 0; i < BOOT_HISTORY_GOOD; i++)
		if (model.good[i] == plan)
			return true;
	return false;
}

static void model_suspect(uint32_t plan)
{
	model.suspect = plan;
	model.failed = model.waited = 0;
	model.wait = 1;
}

/* Does the boot bind? */
static bool model_begin(uint32_t plan, unsigned limit)
{
	if (model_is_good(plan))
		return true;
	if (model.suspect == plan && model.failed >= limit)
		return false;
	if (model.suspect != plan)
		model_suspect(plan);
	model.failed++;
	return true;
}

static void model_end(uint32_t plan, unsigned limit, bool bound)
{
	if (model_is_good(plan) || model.suspect != plan)
		return;
	if (bound) {
		for (size_t i = BOOT_HISTORY_GOOD; --i > 0;)
			model.good[i] = model.good[i - 1];
		model.good[0] = plan;
		model_suspect(0);
	} else if (++model.waited == model.wait) {
		model.failed = limit - 1;
		model.waited = 0;
		model.wait = model.wait < 8 ? 2 * model.wait : 8;
	}
}

/* ---- the variable ------------------------------------------------------------------------------
 */

static uint8_t variable[BOOT_HISTORY_SIZE];
static size_t backup; /* bytes of it; 0: there is none */

/* As standing.c: what can't be read is no memory of anything. */
static struct boot_history load(void)
{
	struct boot_history b = {0};

	if (!boot_history_decode(&b, variable, backup)) {
		b = (struct boot_history){0};
		backup = 0;
	}
	return b;
}

static void store(const struct boot_history *b)
{
	struct boot_history back;
	uint8_t again[BOOT_HISTORY_SIZE];

	boot_history_encode(b, variable);
	backup = sizeof(variable);
	must(boot_history_decode(&back, variable, backup));
	must(back.plan == b->plan && back.tries == b->tries);
	boot_history_encode(&back, again);
	must(memcmp(again, variable, sizeof(again)) == 0);
}

static void forget(void)
{
	backup = 0;
	memset(&model, 0, sizeof(model));
	model_suspect(0);
}

/* A bit of it is flipped, or its end is gone: never taken for what it was. */
static void damage(uint8_t how)
{
	struct boot_history b;

	if (backup == 0)
		return;
	if (how & 1)
		variable[how % backup] ^= (uint8_t)(1 << how % 8);
	else
		backup = how % backup;
	must(!boot_history_decode(&b, variable, backup));
	forget();
}

/* ---- what holds of every history ---------------------------------------------------------------
 */

static unsigned in_a_row; /* boots that bound the same new plan and failed, no other boot between */
static uint32_t last;
static unsigned rested; /* good boots in a row in which the same plan stood down */

static void check_history(uint32_t plan, unsigned limit, bool bound, bool ends, bool was_good)
{
	bool same = plan == last;

	in_a_row = !bound || ends || was_good ? 0 : same ? in_a_row + 1 : 1;
	rested = bound ? 0 : (same ? rested : 0) + ends;
	last = plan;
	must(in_a_row <= limit);
	must(rested <= 8);
	must(!was_good || bound);
}

static void boot(uint32_t plan, unsigned limit, bool ends, bool twice)
{
	bool changed, was_good = model_is_good(plan), bound = model_begin(plan, limit);
	struct boot_history b = load();
	enum boot_verdict word = boot_history_begin(&b, plan, limit, &changed);

	must((word != PLAN_BLOCKED) == bound);
	must((word == PLAN_GOOD) == was_good);
	must(changed == (bound && !was_good));
	if (changed)
		store(&b);
	b = load();
	if (!bound)
		must(boot_history_wait(&b) == model.wait - model.waited &&
			boot_history_wait(&b) > 0);
	check_history(plan, limit, bound, ends, was_good);
	if (!ends)
		return;
	bool due = !was_good;
	model_end(plan, limit, bound);
	must(boot_history_reached(&b, plan, limit, !bound) == due);
	if (due)
		store(&b);
	/* The unit is run again, where somebody restarts it: an end that was told is no second one.
	 */
	b = load();
	if (twice && bound)
		must(!boot_history_reached(&b, plan, limit, false));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned limit = 2;

	forget();
	in_a_row = rested = 0;
	last = 0;
	for (size_t i = 0; i < size; i++) {
		unsigned event = data[i] >> 5;
		if (event < 6) {
			boot(plan_of(data[i] & 31), limit, event & 1, event & 2);
			continue;
		}
		if (event == 6)
			limit = (data[i] & 31) % BOOT_HISTORY_LIMIT_MAX + 1;
		else if (data[i] & 16)
			damage(data[i] & 15);
		else
			forget();
		last = 0;
		in_a_row = rested = 0;
	}
	return 0;
}
