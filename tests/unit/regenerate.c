/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real programs that fail, hang and are not there: the run always comes to an end, with a word on
 * it, and nothing that was started is left. */
#define REGEN_SECONDS 1
#include "bootcfg/regenerate.c" /* the bound is its own; NOLINT(bugprone-suspicious-include) */

#include "check.h"

#include <stdio.h>

static int run(struct err *err, const char *first, const char *second)
{
	_cleanup_(loaders_done) struct loaders l = {0};
	struct root r = {.fd = -1};
	struct strings none = {0};

	CHECK(strings_add(&l.next, first) == 0);
	CHECK(!second || strings_add(&l.next, second) == 0);
	return regenerate_run(&r, &l, &none, err);
}

/* A script in a file: commands are words, without quotes. */
static char *script(char *path, const char *text)
{
	int fd = mkstemp(path);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	(void)close(fd);
	return path;
}

/* Gone, or dead and not yet buried by whoever inherited it. */
static bool is_dead(pid_t pid)
{
	char path[64], line[512] = "";

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "re");
	if (!f)
		return true;
	char *got = fgets(line, sizeof(line), f);
	(void)fclose(f);
	const char *state = got ? strrchr(line, ')') : NULL;
	return !state || state[2] == 'Z' || state[2] == 'X';
}

static void timed_out(void)
{
	check_case("a program that hangs is ended in time, and all that it started");
	char path[] = "/tmp/regen-XXXXXX", pids[] = "/tmp/regen-pids-XXXXXX", text[256],
	     command[64];
	struct err err = {0};
	int a = 0, b = 0;

	(void)script(pids, "");
	(void)snprintf(text, sizeof(text), "sleep 1000 & echo $! $$ >%s; wait; wait\n", pids);
	(void)snprintf(command, sizeof(command), "sh %s", script(path, text));
	time_t begin = time(NULL);
	CHECK(run(&err, command, NULL) == -ETIMEDOUT);
	CHECK(time(NULL) - begin <= 10);
	CHECK_HAS(err.text, command);
	CHECK_HAS(err.text, "did not end within 1 s");
	FILE *f = fopen(pids, "re");
	CHECK(f && fscanf(f, "%d %d", &a, &b) == 2);
	(void)fclose(f);
	for (int i = 0; i < 100 && !(is_dead(a) && is_dead(b)); i++)
		(void)usleep(20 * 1000);
	CHECK(a > 0 && b > 0 && is_dead(a) && is_dead(b));
	(void)unlink(path);
	(void)unlink(pids);
}

static void fails(void)
{
	check_case("a program that fails or is not there is named, with what it said");
	char path[] = "/tmp/regen-XXXXXX", command[64];
	struct err err = {0};

	(void)snprintf(command, sizeof(command), "sh %s",
		script(path, "echo to the one; echo to the other >&2; exit 7\n"));
	CHECK(run(&err, command, NULL) == -EIO);
	CHECK_HAS(err.text, "status 7");
	CHECK_HAS(err.text, "to the one");
	CHECK_HAS(err.text, "to the other");
	CHECK(run(&err, "no-such-program-anywhere", NULL) == -EIO);
	CHECK_HAS(err.text, "no-such-program-anywhere");
	CHECK_HAS(err.text, "status 127");
	(void)unlink(path);
}

/* What comes behind a failure is not run; what goes well is silent. */
static void in_turn(void)
{
	check_case("after a failure nothing more is run");
	char mark[] = "/tmp/regen-mark-XXXXXX", command[64];
	struct err err = {0};

	(void)script(mark, "");
	(void)snprintf(command, sizeof(command), "rm %s", mark);
	CHECK(run(&err, "false", command) == -EIO && access(mark, F_OK) == 0);
	err = (struct err){0};
	CHECK(run(&err, "true", command) == 0 && access(mark, F_OK) < 0);
	CHECK_STR(err.text, "");
}

int main(void)
{
	timed_out();
	fails();
	in_turn();
	return check_done();
}
