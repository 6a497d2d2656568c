/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/bootcount.h"

#include "base/efivar.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "core/kmod.h"
#include "core/steps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

/* ---- boot_history ------------------------------------------------------------------------------
 */

#define FORMAT 1
#define RELAPSES_MAX 3

static bool is_confirmed(const struct boot_history *b, uint32_t plan)
{
	for (size_t i = 0; i < BOOT_HISTORY_GOOD; i++)
		if (b->confirmed[i] == plan)
			return true;
	return false;
}

/* The state of a plan in the table. PLAN_ON_TRIAL includes a plan that has not begun (tries 0). */
static enum boot_verdict boot_history_word(
	const struct boot_history *b, uint32_t plan, unsigned limit)
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

bool boot_history_reached(struct boot_history *b, uint32_t plan, unsigned limit, bool was_blocked)
{
	enum boot_verdict word = boot_history_word(b, plan, limit);

	if (b->plan != plan || b->tries == 0 || word == PLAN_GOOD)
		return false;
	if (!was_blocked) {
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

/* ---- bootcount ---------------------------------------------------------------------------------
 */

/* Firmware takes some tens of milliseconds for a write; ten times that is too long for a boot. */
#define TIMEOUT_MS 2000

/* The input and the result of one child, in memory shared with its parent. */
struct question {
	int place;
	bool tree, load, count;
	struct bootcount bootcount;
	struct err error; /* worth a warning, though the plan is carried out */
};

static void print_modules(struct text *all, const struct config *c)
{
	text_print(all, "%d %s\n", c->load_in_background, c->options);
	for (size_t i = 0; i < c->n_before; i++)
		text_print(all, "%s\n", c->before[i]);
}

static void print_device(struct text *all, const struct verdict *v)
{
	char address[PCI_ADDR_MAX], id[PCI_ID_MAX];

	text_print(all, "%s %s %s", pci_addr_format(v->device->addr, address),
		pci_id_format(&v->device->id, id), v->driver);
	for (unsigned i = 0; v->settings && i < v->settings->rebars; i++)
		text_print(all, " %u:%u", v->settings->rebar[i].bar, v->settings->rebar[i].size);
	if (v->settings && v->settings->reset[0])
		text_print(all, " reset %s", v->settings->reset);
	if (v->settings && v->settings->d3cold == D3COLD_NO)
		text_print(all, " d3cold");
	text_print(all, "\n");
}

uint32_t bootcount_fingerprint(const struct plan *p)
{
	_cleanup_(text_done) struct text all = {0};
	struct utsname kernel;

	if (uname(&kernel) == 0)
		text_print(&all, "%s\n", kernel.release);
	print_modules(&all, p->config);
	for (size_t i = 0; i < p->n; i++)
		if (p->verdicts[i].action == ACTION_BIND)
			print_device(&all, &p->verdicts[i]);
	uint64_t hash = all.data ? str_hash(all.data, all.len) : 0;
	uint32_t folded = (uint32_t)(hash ^ hash >> 32);
	return folded ? folded : 1;
}

/* Unreadable data must not prevent binding: it is reported, and written anew. */
static int boot_history_read(int variables, struct boot_history *ret, struct err *err)
{
	uint8_t data[BOOT_HISTORY_SIZE];
	uint32_t attributes;
	ssize_t n = efivar_read(variables, BOOT_HISTORY_NAME, &attributes, data, sizeof(data), err);

	*ret = (struct boot_history){0};
	if (n > 0 && attributes != EFIVAR_ATTRIBUTES)
		return err_set(
			err, EBADMSG, "the EFI variable " BOOT_HISTORY_NAME " is none of ours");
	if (n <= 0 || boot_history_decode(ret, data, (size_t)n))
		return n < 0 ? (int)n : 0;
	return err_set(err, EBADMSG,
		"the EFI variable " BOOT_HISTORY_NAME " is damaged, or of another version");
}

static int boot_history_write(int variables, const struct boot_history *b, struct err *err)
{
	uint8_t data[BOOT_HISTORY_SIZE];

	boot_history_encode(b, data);
	return efivar_write(variables, BOOT_HISTORY_NAME, data, sizeof(data), err);
}

#define VARIABLES "firmware/efi/efivars"

static void give_up(struct bootcount *s, const char *reason)
{
	s->state = BOOT_UNCOUNTED;
	(void)str_copy(s->reason, sizeof(s->reason), reason);
}

static void settle(struct question *q, const struct boot_history *b, enum boot_verdict word)
{
	struct bootcount *s = &q->bootcount;

	s->state = word == PLAN_GOOD       ? BOOT_GOOD
		   : word == PLAN_ON_TRIAL ? BOOT_INDETERMINATE
					   : BOOT_BAD;
	s->tries = b->plan == s->plan ? b->tries : 0;
	if (s->state == BOOT_BAD)
		(void)snprintf(s->reason, sizeof(s->reason),
			"the last %u boot%s with these devices failed; binding is disabled until 'vfio-bind status --clear'",
			s->tries, s->tries == 1 ? "" : "s");
}

/*
 * Without efivarfs in the kernel, its module is loaded with `load` only: that takes a quarter of
 * the time that vfio's modules take.
 */
static int variables_open(int place, bool tree, bool load, struct err *err)
{
	struct err reason = {""};
	int r = efivar_open(place, tree, err);

	if (r != -ENODEV)
		return r;
	if (!load)
		return err_set(err, ENODEV,
			"efivarfs is not loaded; [guard] efivarfs = load has it loaded");
	r = module_load("efivarfs", NULL, &reason);
	if (r < 0)
		return err_set(err, -r, "efivarfs can't be loaded: %.300s", reason.text);
	r = efivar_open(place, tree, err);
	return r == -ENODEV ? err_set(err, ENODEV, "the kernel has no efivarfs") : r;
}

static void ask(struct question *q)
{
	struct boot_history b = {0};
	struct err err = {""};
	bool changed = false;

	give_up(&q->bootcount, "the firmware did not answer");
	_cleanup_(fd_close) int variables = variables_open(q->place, q->tree, q->load, &err);
	int r = variables < 0 ? variables : boot_history_read(variables, &b, &err);
	if (r == -EBADMSG) {
		q->error = err;
		r = efivar_remove(variables, BOOT_HISTORY_NAME, &err);
	}
	if (r < 0) {
		give_up(&q->bootcount, err.text);
		return;
	}
	/* A boot that was counted before is still on trial: with a blocked plan it would not be
	 * counted. */
	enum boot_verdict word =
		q->count ? boot_history_begin(&b, q->bootcount.plan, q->bootcount.limit, &changed)
			 : boot_history_word(&b, q->bootcount.plan, BOOT_HISTORY_LIMIT_MAX + 1);
	if (changed && boot_history_write(variables, &b, &err) < 0) {
		q->error = err;
		give_up(&q->bootcount, err.text);
		return;
	}
	q->bootcount.reason[0] = '\0';
	settle(q, &b, word);
}

static void ask_step(void *to, size_t i)
{
	(void)i;
	ask(to);
}

static unsigned ask_timeout_ms(void *to, size_t i)
{
	(void)to;
	(void)i;
	return TIMEOUT_MS;
}

static void ask_in_child(struct question *q)
{
	uint8_t *state = (uint8_t *)(q + 1);
	int64_t began = steps_now();
	struct err err = {""};
	const struct steps list = {
		.n = 1, .run = ask_step, .timeout_ms = ask_timeout_ms, .to = q, .state = state};

	if (steps_run(&list, began + TIMEOUT_MS, &err) < 0)
		give_up(&q->bootcount, err.text);
	if (*state == STEP_TIMED_OUT || *state == STEP_DIED)
		q->error = (struct err){"timed out reading EFI variables"};
	if (*state != STEP_DONE && !q->bootcount.reason[0])
		give_up(&q->bootcount, q->error.text);
	q->bootcount.spent = (unsigned)(steps_now() - began);
}

int bootcount_place(struct bootcount *ret, const struct plan *p, const char *sysfs)
{
	*ret = (struct bootcount){.limit = p->config->failed_boots};
	if (ret->limit == 0) {
		give_up(ret, "[guard] failed_boots = 0");
		return -1;
	}
	int place = sysfs_directory(sysfs, VARIABLES);
	if (place >= 0)
		return place;
	give_up(ret, "this machine has no EFI variables");
	return -1;
}

void bootcount_begin(struct bootcount *s, const struct plan *p, int place, bool tree, bool again)
{
	struct question *q = steps_shared(sizeof(*q) + 1);

	if (!q) {
		give_up(s, "out of memory");
		return;
	}
	s->plan = bootcount_fingerprint(p);
	*q = (struct question){.place = place,
		.tree = tree,
		.load = p->config->load_efivarfs,
		.count = !again,
		.bootcount = *s};
	ask_in_child(q);
	*s = q->bootcount;
	if (q->error.text[0])
		log_print(LOG_WARNING, "failed boots are not counted as they should be: %s",
			q->error.text);
	else if (s->state == BOOT_UNCOUNTED)
		log_print(LOG_INFO, "failed boots are not counted: %s", s->reason);
}

static int variables_of(const char *sysfs, struct err *err)
{
	_cleanup_(fd_close) int place = sysfs_directory(sysfs, VARIABLES);

	if (place < 0)
		return err_set(err, -place, "this machine has no EFI variables");
	return variables_open(place, sysfs != NULL, true, err);
}

int bootcount_reached(const struct bootcount *s, const char *sysfs, struct err *err)
{
	struct boot_history b = {0};

	if (s->plan == 0 || (s->state != BOOT_INDETERMINATE && s->state != BOOT_BAD))
		return 0;
	_cleanup_(fd_close) int variables = variables_of(sysfs, err);
	int r = variables < 0 ? variables : boot_history_read(variables, &b, err);
	if (r < 0)
		return r;
	if (!boot_history_reached(&b, s->plan, s->limit, s->state == BOOT_BAD))
		return 0;
	r = boot_history_write(variables, &b, err);
	return r < 0 ? r : 1;
}

int bootcount_clear(const char *sysfs, struct err *err)
{
	_cleanup_(fd_close) int variables = variables_of(sysfs, err);

	return variables < 0 ? variables : efivar_remove(variables, BOOT_HISTORY_NAME, err);
}

unsigned bootcount_wait(const struct bootcount *s, const char *sysfs)
{
	struct boot_history b = {0};
	_cleanup_(fd_close) int variables = variables_of(sysfs, NULL);

	return variables >= 0 && boot_history_read(variables, &b, NULL) == 0 &&
			       boot_history_word(&b, s->plan, s->limit) == PLAN_BLOCKED
		       ? boot_history_wait(&b)
		       : 0;
}

bool bootcount_confirmed_since(const struct bootcount *s, const char *sysfs)
{
	struct boot_history b = {0};
	_cleanup_(fd_close) int variables = variables_of(sysfs, NULL);

	return variables >= 0 && boot_history_read(variables, &b, NULL) == 0 &&
	       boot_history_word(&b, s->plan, s->limit) == PLAN_GOOD;
}

static const char *const names[] = {
	[BOOT_UNCOUNTED] = "uncounted",
	[BOOT_GOOD] = "confirmed",
	[BOOT_INDETERMINATE] = "trial",
	[BOOT_BAD] = "down",
};

const char *bootcount_name(enum boot_state state)
{
	return names[state];
}

bool bootcount_by_name(const char *name, enum boot_state *ret)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (str_equal(names[i], name)) {
			*ret = (enum boot_state)i;
			return true;
		}
	return false;
}
