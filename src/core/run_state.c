/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/run_state.h"

#include "base/file.h"
#include "base/str.h"
#include "core/report.h"

#include "core/steps.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define STATE_MAX 131072

int run_state_save(int dir, const struct bootcount *bootcount,
	const struct protected_list *protected, struct err *err)
{
	_cleanup_(text_done) struct text t = {0};

	text_print(&t, "version 1\n");
	if (bootcount)
		text_print(&t, "bootcount %s %08" PRIx32 " %u %u %s\n",
			bootcount_name(bootcount->state), bootcount->plan, bootcount->tries,
			bootcount->limit, bootcount->reason);
	if (protected)
		protected_format(protected, &t);
	if (t.failed)
		return err_set(err, ENOMEM, "out of memory");
	return file_replace_volatile(dir, RUN_STATE_NAME, t.data, t.len, 0644, err);
}

static bool parse_number(const char **s, unsigned *ret)
{
	char word[16];
	unsigned long value;

	if (!str_next_word(s, word, sizeof(word)) || !str_decimal(word, UINT32_MAX, &value))
		return false;
	*ret = (unsigned)value;
	return true;
}

/* A state that a later version may have is none that anything here depends on. */
static bool parse_bootcount(struct bootcount *ret, const char *line)
{
	char state[16], plan[16];
	const char *digits = plan;
	struct bootcount b = {0};

	if (!str_next_word(&line, state, sizeof(state)) || !bootcount_by_name(state, &b.state) ||
		!str_next_word(&line, plan, sizeof(plan)) || !str_hex_fixed(&digits, 8, &b.plan) ||
		*digits)
		return false;
	if (!parse_number(&line, &b.tries) || !parse_number(&line, &b.limit))
		return false;
	(void)str_copy(b.reason, sizeof(b.reason), line);
	*ret = b;
	return true;
}

static int parse_line(struct run_state *ret, const char *line)
{
	if (str_starts(line, "bootcount "))
		ret->has_bootcount = parse_bootcount(&ret->bootcount, line + strlen("bootcount "));
	else if (str_starts(line, "keep "))
		return protected_parse(&ret->protected, line + strlen("keep "));
	return 0;
}

/* As report_print writes it; a quote within a string of JSON has a backslash before it. */
static int read_report(struct run_state *ret, const char *dir, struct err *err)
{
	_cleanup_(str_free) char *report = NULL;

	int r = report_load(dir, &report, err);
	if (r < 0)
		return r;
	if (strstr(report, "\"standing\":{\"state\":\"down\"")) {
		ret->has_bootcount = true;
		ret->bootcount.state = BOOT_BAD;
		(void)str_copy(ret->bootcount.reason, sizeof(ret->bootcount.reason),
			"earlier boots with these devices failed");
	}
	return 0;
}

int run_state_read(struct run_state *ret, const char *dir, struct err *err)
{
	_cleanup_(str_free) char *data = NULL;
	size_t len;

	*ret = (struct run_state){0};
	int r = report_file_read(dir, RUN_STATE_NAME, STATE_MAX, &data, &len, err);
	if (r == -ENOENT)
		return read_report(ret, dir, err);
	char *rest = data, *line;
	while (r == 0 && (line = strsep(&rest, "\n")))
		r = parse_line(ret, line);
	return r;
}

void run_state_done(struct run_state *s)
{
	protected_done(&s->protected);
	*s = (struct run_state){0};
}

#define LOOK_MS 20

int lock_open(const char *run_dir, struct err *err)
{
	_cleanup_(fd_close) int dir = report_dir_open(run_dir, err);

	return dir < 0 ? dir : file_open_lock(dir, LOCK_NAME, err);
}

int lock_take(const char *run_dir, unsigned milliseconds, struct err *err)
{
	int64_t deadline = steps_now() + milliseconds;
	int fd = lock_open(run_dir, err);

	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (steps_now() >= deadline) {
			fd_close(&fd);
			return err_set(err, ETIMEDOUT,
				"%s/" LOCK_NAME ": another vfio-bind has been at work for %u s",
				run_dir, milliseconds / 1000);
		}
		(void)usleep(LOOK_MS * 1000);
	}
	return fd;
}

void lock_done(int *lock)
{
	if (*lock >= 0)
		(void)flock(*lock, LOCK_UN);
	fd_close(lock);
}
