/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/standing.h"

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "bind/boots.h"
#include "bind/child.h"
#include "bind/efivar.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

/* Firmware takes some tens of milliseconds for a write; ten times that is not worth a boot's time.
 */
#define PATIENCE_MS 2000

/* What one child is to ask, and what it found, in memory that it shares with its parent. */
struct question {
	int place;
	bool tree, load, count;
	struct standing standing;
	struct err trouble; /* what is worth a warning, though the plan is carried out */
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
	text_print(all, "\n");
}

uint32_t standing_fingerprint(const struct plan *p)
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

/* Data that nobody can read is no reason to bind nothing: it is told, and written anew. */
static int boots_read(int variables, struct boots *ret, struct err *err)
{
	uint8_t data[BOOTS_SIZE];
	ssize_t n = efivar_read(variables, data, sizeof(data), err);

	*ret = (struct boots){0};
	if (n <= 0 || boots_decode(ret, data, (size_t)n))
		return n < 0 ? (int)n : 0;
	return err_set(
		err, EBADMSG, "the EFI variable " EFIVAR_NAME " is damaged, or of another version");
}

static int boots_write(int variables, const struct boots *b, struct err *err)
{
	uint8_t data[BOOTS_SIZE];

	boots_encode(b, data);
	return efivar_write(variables, data, sizeof(data), err);
}

static void give_up(struct standing *s, const char *why)
{
	s->state = STANDING_UNCOUNTED;
	(void)str_copy(s->why, sizeof(s->why), why);
}

static void settle(struct question *q, const struct boots *b, enum boots_word word)
{
	struct standing *s = &q->standing;

	s->state = word == BOOTS_CONFIRMED_PLAN ? STANDING_CONFIRMED
		   : word == BOOTS_ON_TRIAL     ? STANDING_TRIAL
						: STANDING_DOWN;
	s->tries = b->plan == s->plan ? b->tries : 0;
	if (s->state == STANDING_DOWN)
		(void)snprintf(s->why, sizeof(s->why),
			"the last %u boot%s that bound these devices did not reach the end; "
			"'vfio-bind status --clear' has the next boot bind them",
			s->tries, s->tries == 1 ? "" : "s");
}

static void ask(struct question *q)
{
	struct boots b = {0};
	struct err err = {""};
	bool changed = false;

	give_up(&q->standing, "the firmware did not answer");
	_cleanup_(fd_close) int variables = efivar_open(q->place, q->tree, q->load, &err);
	int r = variables < 0 ? variables : boots_read(variables, &b, &err);
	if (r == -EBADMSG) {
		q->trouble = err;
		r = efivar_remove(variables, &err);
	}
	if (r < 0) {
		give_up(&q->standing, err.text);
		return;
	}
	/* Who was counted is on trial still: where it stood down there was nothing to count. */
	enum boots_word word = q->count ? boots_begin(
						  &b, q->standing.plan, q->standing.limit, &changed)
					: boots_word(&b, q->standing.plan, BOOTS_LIMIT_MAX + 1);
	if (changed && boots_write(variables, &b, &err) < 0) {
		q->trouble = err;
		give_up(&q->standing, err.text);
		return;
	}
	q->standing.why[0] = '\0';
	settle(q, &b, word);
}

static void ask_step(void *to, size_t i)
{
	(void)i;
	ask(to);
}

static unsigned ask_patience(void *to, size_t i)
{
	(void)to;
	(void)i;
	return PATIENCE_MS;
}

static void ask_in_child(struct question *q)
{
	uint8_t *state = (uint8_t *)(q + 1);
	int64_t began = child_now();
	struct err err = {""};
	const struct child_list list = {
		.n = 1, .run = ask_step, .patience = ask_patience, .to = q, .state = state};

	if (child_run(&list, began + PATIENCE_MS, &err) < 0)
		give_up(&q->standing, err.text);
	if (*state == STEP_HUNG || *state == STEP_DIED)
		q->trouble = (struct err){"the firmware did not tell its variables in time"};
	if (*state != STEP_DONE && !q->standing.why[0])
		give_up(&q->standing, q->trouble.text);
	q->standing.spent = (unsigned)(child_now() - began);
}

int standing_place(struct standing *ret, const struct plan *p, const char *sysfs)
{
	*ret = (struct standing){.limit = p->config->failed_boots};
	if (ret->limit == 0) {
		give_up(ret, "[guard] failed_boots = 0");
		return -1;
	}
	int place = efivar_place(sysfs);
	if (place >= 0)
		return place;
	give_up(ret, "this machine has no EFI variables");
	return -1;
}

void standing_begin(struct standing *s, const struct plan *p, int place, bool tree, bool again)
{
	struct question *q = child_shared(sizeof(*q) + 1);

	if (!q) {
		give_up(s, "out of memory");
		return;
	}
	s->plan = standing_fingerprint(p);
	*q = (struct question){.place = place,
		.tree = tree,
		.load = p->config->load_efivarfs,
		.count = !again,
		.standing = *s};
	ask_in_child(q);
	*s = q->standing;
	if (q->trouble.text[0])
		log_print(LOG_WARNING, "failed boots are not counted as they should be: %s",
			q->trouble.text);
	else if (s->state == STANDING_UNCOUNTED)
		log_print(LOG_INFO, "failed boots are not counted: %s", s->why);
}

static int variables_open(const char *sysfs, struct err *err)
{
	_cleanup_(fd_close) int place = efivar_place(sysfs);

	if (place < 0)
		return err_set(err, -place, "this machine has no EFI variables");
	return efivar_open(place, sysfs != NULL, true, err);
}

int standing_reached(const struct standing *s, const char *sysfs, struct err *err)
{
	struct boots b = {0};

	if (s->plan == 0 || (s->state != STANDING_TRIAL && s->state != STANDING_DOWN))
		return 0;
	_cleanup_(fd_close) int variables = variables_open(sysfs, err);
	int r = variables < 0 ? variables : boots_read(variables, &b, err);
	if (r < 0)
		return r;
	if (!boots_reached(&b, s->plan, s->limit, s->state == STANDING_DOWN))
		return 0;
	r = boots_write(variables, &b, err);
	return r < 0 ? r : 1;
}

int standing_clear(const char *sysfs, struct err *err)
{
	_cleanup_(fd_close) int variables = variables_open(sysfs, err);

	return variables < 0 ? variables : efivar_remove(variables, err);
}

unsigned standing_wait(const struct standing *s, const char *sysfs)
{
	struct boots b = {0};
	_cleanup_(fd_close) int variables = variables_open(sysfs, NULL);

	return variables >= 0 && boots_read(variables, &b, NULL) == 0 &&
			       boots_word(&b, s->plan, s->limit) == BOOTS_STAND_DOWN
		       ? boots_wait(&b)
		       : 0;
}

bool standing_confirmed_since(const struct standing *s, const char *sysfs)
{
	struct boots b = {0};
	_cleanup_(fd_close) int variables = variables_open(sysfs, NULL);

	return variables >= 0 && boots_read(variables, &b, NULL) == 0 &&
	       boots_word(&b, s->plan, s->limit) == BOOTS_CONFIRMED_PLAN;
}

static const char *const names[] = {
	[STANDING_UNCOUNTED] = "uncounted",
	[STANDING_CONFIRMED] = "confirmed",
	[STANDING_TRIAL] = "trial",
	[STANDING_DOWN] = "down",
};

const char *standing_name(enum standing_state state)
{
	return names[state];
}

bool standing_by_name(const char *name, enum standing_state *ret)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (str_equal(names[i], name)) {
			*ret = (enum standing_state)i;
			return true;
		}
	return false;
}
