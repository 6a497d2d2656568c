/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real programs that fail, hang and are not there: the run always comes to an end, with a word on
 * it, and nothing that was started is left. */
#define REGEN_SECONDS 1
#include "bootcfg/regenerate.c" /* the bound is its own; NOLINT(bugprone-suspicious-include) */

#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int run_in(const struct root *r, struct interrupt *i, struct err *err, const char *first,
	const char *second)
{
	_cleanup_(loaders_done) struct loaders l = {0};
	struct strings none = {0};

	CHECK(strings_add(&l.next, first) == 0);
	CHECK(!second || strings_add(&l.next, second) == 0);
	return regenerate_run(r, &l, &none, i, err);
}

static int run_both(struct err *err, const char *first, const char *second)
{
	const struct root r = {.fd = -1};

	return run_in(&r, NULL, err, first, second);
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
	CHECK(run_both(&err, command, NULL) == -ETIMEDOUT);
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
	CHECK(run_both(&err, command, NULL) == -EIO);
	CHECK_HAS(err.text, "status 7");
	CHECK_HAS(err.text, "to the one");
	CHECK_HAS(err.text, "to the other");
	CHECK(run_both(&err, "no-such-program-anywhere", NULL) == -ENOENT);
	CHECK_HAS(err.text, "no-such-program-anywhere: can't be run: No such file");
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
	CHECK(run_both(&err, "false", command) == -EIO && access(mark, F_OK) == 0);
	err = (struct err){0};
	CHECK(run_both(&err, "true", command) == 0 && access(mark, F_OK) < 0);
	CHECK_STR(err.text, "");
}

static bool wait_dead(pid_t pid)
{
	for (int i = 0; i < 100 && !is_dead(pid); i++)
		(void)usleep(20 * 1000);
	return is_dead(pid);
}

/* The last line of a file; the caller frees it. */
static char *last_line(const char *path)
{
	char *text = NULL;
	size_t len = 0;

	if (!CHECK(file_read(AT_FDCWD, path, 4096, &text, &len, NULL) == 0) || len == 0)
		return text;
	text[len - 1] = '\0';
	char *line = strrchr(text, '\n') ? strdup(strrchr(text, '\n') + 1) : strdup(text);
	free(text);
	return line;
}

static void left_over(void)
{
	check_case("what a program leaves running in its group ends with it");
	char path[] = "/tmp/regen-XXXXXX", pid[] = "/tmp/regen-pid-XXXXXX", text[256], command[64];
	struct err err = {0};

	(void)script(pid, "");
	(void)snprintf(text, sizeof(text), "sleep 1000 & echo $! >%s\n", pid);
	(void)snprintf(command, sizeof(command), "sh %s", script(path, text));
	CHECK(run_both(&err, command, NULL) == 0);
	char *line = last_line(pid);
	CHECK(line && atoi(line) > 0 && wait_dead(atoi(line)));
	free(line);
	(void)unlink(path);
	(void)unlink(pid);
}

/* `end` is what the program does with the signal. */
static int interrupted(const char *end, struct err *err, const char *second)
{
	char path[] = "/tmp/regen-XXXXXX", text[256], command[64];
	struct interrupt i = {0};

	(void)snprintf(text, sizeof(text), "trap '%s' TERM\nkill -TERM %d\nsleep 1000 & wait $!\n",
		end, (int)getpid());
	(void)snprintf(command, sizeof(command), "sh %s", script(path, text));
	int rc = run_in(&(struct root){.fd = -1}, &i, err, command, second);
	CHECK_INT(i.signal, SIGTERM);
	(void)unlink(path);
	return rc;
}

static void interrupts(void)
{
	struct err err = {0};

	check_case("an interrupt is passed to the program, and what it makes of it counts");
	interrupt_hold();
	CHECK_INT(interrupted("exit 1", &err, NULL), -EINTR);
	CHECK_HAS(err.text, "ended by SIGTERM");
	err = (struct err){0};
	CHECK_INT(interrupted("exit 0", &err, NULL), 0);
	CHECK_STR(err.text, "");
	CHECK_INT(interrupted("exit 0", &err, "false"), -EINTR);
	CHECK_HAS(err.text, "SIGTERM came before false was run");
	interrupt_release();
}

/* What the program saw as its locale, below a root with this file. */
static char *locale_seen(const char *file, const char *content)
{
	char dir[] = "/tmp/regen-root-XXXXXX", path[] = "/tmp/regen-XXXXXX",
	     seen[] = "/tmp/regen-seen-XXXXXX", text[256], command[64], name[64];
	struct root r = {.fd = -1};
	struct err err = {0};

	(void)script(seen, "");
	(void)snprintf(text, sizeof(text),
		"echo \"$LANG,$LANGUAGE,$LC_TIME,$LC_ALL,$EDITOR\" >%s\n", seen);
	(void)snprintf(command, sizeof(command), "sh %s", script(path, text));
	CHECK(mkdtemp(dir) && root_open(&r, dir, &err) == 0 && mkdirat(r.fd, "etc", 0755) == 0 &&
		mkdirat(r.fd, "etc/default", 0755) == 0);
	(void)snprintf(name, sizeof(name), "%s/%s", dir, file);
	FILE *f = fopen(name, "we");
	if (!f)
		abort();
	bool written = fputs(content, f) >= 0;
	written &= fclose(f) == 0;
	CHECK(written);
	CHECK_INT(run_in(&r, NULL, &err, command, NULL), 0);
	char *line = last_line(seen);
	(void)unlink(path);
	(void)unlink(seen);
	(void)unlink(name);
	(void)unlinkat(r.fd, "etc/default", AT_REMOVEDIR);
	(void)unlinkat(r.fd, "etc", AT_REMOVEDIR);
	root_done(&r);
	(void)rmdir(dir);
	return line;
}

static void locales(void)
{
	static const char *const names[] = {"LANG", "LANGUAGE", "LC_ALL", "LC_TIME", "LC_CTYPE"};
	char *seen;

	check_case("a program has the user's locale, else that of the system");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		(void)unsetenv(names[i]);
	(void)setenv("EDITOR", "vi", 1);
	seen = locale_seen("etc/locale.conf", "LANG=\"de_DE.UTF-8\"\nLC_TIME=C\nEDITOR=x\n");
	CHECK_STR(seen, "de_DE.UTF-8,,C,,");
	free(seen);
	seen = locale_seen("etc/default/locale", "LANG=fr_FR.UTF-8\nLANGUAGE=fr:en\n");
	CHECK_STR(seen, "fr_FR.UTF-8,fr:en,,,");
	free(seen);
	(void)setenv("LANG", "it_IT.UTF-8", 1);
	seen = locale_seen("etc/default/locale", "LANG=fr_FR.UTF-8\nLANGUAGE=fr:en\n");
	CHECK_STR(seen, "it_IT.UTF-8,,,,");
	free(seen);
	(void)unsetenv("LANG");
}

int main(void)
{
	left_over();
	interrupts();
	locales();
	timed_out();
	fails();
	in_turn();
	return check_done();
}
