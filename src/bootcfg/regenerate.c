/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/regenerate.h"

#include "base/file.h"
#include "base/replace.h"
#include "bootcfg/kargs/karg.h"
#include "bootcfg/loader/loader.h"
#include "shared/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- programs ----------------------------------------------------------------------------------
 */

#define OUTPUT_MAX ((size_t)64 << 20)
#define ARGS_MAX 16

/* Splits a command line without quotes or other shell syntax at blanks. */
static void argv_split(char *text, const char *argv[ARGS_MAX + 1])
{
	size_t n = 0;

	for (char *word; (word = strsep(&text, " ")) && n < ARGS_MAX;)
		if (word[0])
			argv[n++] = word;
	argv[n] = NULL;
}

/* Puts the end of a program's output on one line. */
static const char *tail_cut(struct text *said)
{
	while (said->len > 0 && kcmdline_is_blank(said->data[said->len - 1]))
		said->data[--said->len] = '\0';
	for (char *p = said->data; p && *p; p++)
		if (*p == '\n')
			*p = ';';
	return !said->data ? "" : said->data + (said->len > 300 ? said->len - 300 : 0);
}

/*
 * The locale of the system, for a user whose environment has none: grub-mkconfig writes titles in
 * it, and GRUB_DEFAULT may be one of them. Debian has its own file.
 */
struct locale {
	struct strings lines;
	const char *at[16]; /* the same, NULL-terminated */
};

static void locale_done(struct locale *l)
{
	strings_done(&l->lines);
}

static int locale_read(const struct root *r, struct locale *ret)
{
	static const char *const names[] = {"LANG", "LANGUAGE", "LC_ADDRESS", "LC_COLLATE",
		"LC_CTYPE", "LC_IDENTIFICATION", "LC_MEASUREMENT", "LC_MESSAGES", "LC_MONETARY",
		"LC_NAME", "LC_NUMERIC", "LC_PAPER", "LC_TELEPHONE", "LC_TIME"};
	const char *path = root_is_file(r, "etc/locale.conf") ? "etc/locale.conf"
							      : "etc/default/locale";
	int rc = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && rc == 0; i++) {
		_cleanup_(str_free) char *value = detect_shell_value(r, path, names[i]);
		_cleanup_(text_done) struct text line = {0};
		if (!value || !value[0] || strlen(value) > 200)
			continue;
		text_print(&line, "%s=%s", names[i], value);
		rc = line.failed ? -ENOMEM : strings_add(&ret->lines, line.data);
	}
	for (size_t i = 0; i < ret->lines.n; i++)
		ret->at[i] = ret->lines.v[i];
	return rc;
}

/* A run of the commands. */
struct run {
	const struct root *root;
	const struct loaders *loaders;
	const struct strings *added;
	struct interrupt *interrupt;
	struct locale locale;
};

/* Runs one program. *ret_out: its standard output if requested, else it is part of the messages. */
static int program_run(
	struct run *run, const char *command, int in, struct text *ret_out, struct err *err)
{
	_cleanup_(str_free) char *copy = strdup(command);
	_cleanup_(spawn_result_done) struct spawn_result result = {0};
	const char *argv[ARGS_MAX + 1];
	const struct spawn_job job = {.argv = argv,
		.name = command,
		.in = in,
		.locale = run->locale.at,
		.seconds = REGEN_SECONDS,
		.max = ret_out ? OUTPUT_MAX : 0,
		.interrupt = run->interrupt};

	if (!copy)
		return err_set(err, ENOMEM, "out of memory");
	argv_split(copy, argv);
	if (!argv[0])
		return err_set(err, EINVAL, "a command is empty");
	int status = spawn_bounded(&job, &result, err);
	if (status != 0 && run->interrupt && interrupt_came(run->interrupt))
		return err_set(err, EINTR, "%s: ended by %s", command,
			interrupt_name(run->interrupt->signal));
	if (status < 0)
		return status;
	if (status > 0) {
		const char *tail = tail_cut(&result.said);
		return err_set(err, EIO, "%s: failed with status %d%s%.300s", command, status,
			tail[0] ? ": " : "", tail);
	}
	if (ret_out) {
		*ret_out = result.out;
		result.out = (struct text){0};
	}
	return 0;
}

/* Passes the text in memory to a program that checks its syntax. */
static int syntax_check(
	struct run *run, const char *program, const char *text, size_t len, struct err *err)
{
	_cleanup_(fd_close) int fd = memfd_create("text", MFD_CLOEXEC);
	_cleanup_(text_done) struct text path = {0};

	text_print(&path, "/usr/bin/%s", program);
	if (path.failed || access(path.data, X_OK) < 0)
		return 0;
	for (size_t at = 0; fd >= 0 && at < len;) {
		ssize_t n = write(fd, text + at, len - at);
		if (n < 0)
			return err_set(err, errno, "%s: %s", program, strerror(errno));
		at += (size_t)n;
	}
	if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_set(err, ENOMEM, "%s: can't be run", program);
	return program_run(run, program, fd, NULL, err);
}

static int output_install(struct run *run, const struct loader_output *o, const char *program,
	const char *path, struct err *err)
{
	_cleanup_(str_free) char *old = NULL, *name = NULL;
	_cleanup_(text_done) struct text text = {0};
	_cleanup_(fd_close) int dir = -1;
	size_t old_len = 0;

	int rc = root_read_large(run->root, path, OUTPUT_MAX, &old, &old_len, err);
	if (rc == 0)
		rc = program_run(run, program, -1, &text, err);
	if (rc == 0 && !text.data)
		rc = err_set(err, EIO, "%s: printed nothing", program);
	if (rc == 0)
		rc = syntax_check(run, o->syntax, text.data, text.len, err);
	if (rc == 0)
		rc = o->check(old, text.data, run->added, err);
	if (rc == 0)
		rc = root_locate(run->root, path, &dir, &name, err);
	if (rc < 0)
		return rc;
	struct replacement to = replacement_of_caller(text.data, text.len, 0600);
	to.old = old;
	to.old_len = old_len;
	return file_replace(dir, name, &to, err);
}

/* Runs one command; its output, if that is a boot file, is kept and checked first. */
static int command_run(struct run *run, const char *command, struct err *err)
{
	const struct loaders *l = run->loaders;

	if (run->interrupt && interrupt_came(run->interrupt))
		return err_set(err, EINTR, "%s came before %s was run",
			interrupt_name(run->interrupt->signal), command);
	for (size_t i = 0; i < l->found_n; i++) {
		const struct loader_output *o = l->found[i]->output;
		const char *path = NULL, *program = o ? o->prints(l, command, &path) : NULL;
		if (program)
			return output_install(run, o, program, path, err);
	}
	return program_run(run, command, -1, NULL, err);
}

/* Tools seldom flush what they write: without this a power loss soon after "done" leaves boot files
 * of no bytes on xfs and btrfs. */
static int boots_sync(const struct root *r, const struct loaders *l, struct err *err)
{
	for (size_t i = 0; i < l->boots.n; i++) {
		_cleanup_(fd_close) int dir = root_fd(r, l->boots.v[i], O_RDONLY | O_DIRECTORY);
		int rc = dir == -ENOENT ? 0 : dir < 0 ? dir : file_sync_all(dir);
		if (rc < 0)
			return err_set(err, -rc, "/%s: its files can't be flushed: %s",
				l->boots.v[i], strerror(-rc));
	}
	return 0;
}

int regenerate_run(const struct root *r, const struct loaders *l, const struct strings *added,
	struct interrupt *interrupt, struct err *err)
{
	struct run run = {.root = r, .loaders = l, .added = added, .interrupt = interrupt};
	int rc = locale_read(r, &run.locale);

	if (rc < 0)
		(void)err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < l->next.n && rc == 0; i++)
		rc = command_run(&run, l->next.v[i], err);
	if (rc == 0 && l->next.n > 0)
		rc = boots_sync(r, l, err);
	locale_done(&run.locale);
	return rc;
}
