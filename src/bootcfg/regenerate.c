/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/regenerate.h"

#include "base/file.h"
#include "base/replace.h"
#include "bootcfg/kargs/karg.h"
#include "bootcfg/loader/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- programs ----------------------------------------------------------------------------------
 */

#define OUTPUT_MAX ((size_t)4 << 20)
#define ARGS_MAX 16

/* One program: its input, and the destination of its two outputs. */
struct child {
	char *argv[ARGS_MAX + 1];
	int in, out, err;
	pid_t pid;
};

/* Splits a command line without quotes or other shell syntax at blanks. */
static void argv_split(char *text, struct child *c)
{
	size_t n = 0;

	for (char *word; (word = strsep(&text, " ")) && n < ARGS_MAX;)
		if (word[0])
			c->argv[n++] = word;
	c->argv[n] = NULL;
}

static void child_exec(const struct child *c)
{
	static const char path[] =
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	static char *environment[] = {(char *)(uintptr_t)path, NULL};
	sigset_t none;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setpgid(0, 0); /* so that its children can be killed with it */
	if (c->argv[0] && dup2(c->in, STDIN_FILENO) >= 0 && dup2(c->out, 1) >= 0 &&
		dup2(c->err, 2) >= 0) {
		environ = environment;
		(void)execvp(c->argv[0], c->argv);
	}
	_exit(127);
}

/* Waits for at most REGEN_SECONDS, then kills the program and its children. */
static int steps_wait(const struct child *c, int *ret_status)
{
	_cleanup_(fd_close) int fd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int rc = 0, n = -1;

	for (time_t end = time(NULL) + REGEN_SECONDS; fd >= 0 && n <= 0 && time(NULL) < end;)
		n = poll(&p, 1, 1000);
	if (fd >= 0 && n <= 0) {
		(void)kill(-c->pid, SIGKILL);
		rc = -ETIMEDOUT;
	}
	while (waitpid(c->pid, ret_status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return rc;
}

static int output_read(int fd, char **ret, size_t *ret_len)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	size_t size = (size_t)st.st_size < OUTPUT_MAX ? (size_t)st.st_size : OUTPUT_MAX;
	char *text = malloc(size + 1);
	if (!text)
		return -ENOMEM;
	ssize_t n = pread(fd, text, size, 0);
	if (n < 0) {
		free(text);
		return -EIO;
	}
	text[n] = '\0';
	*ret = text;
	*ret_len = (size_t)n;
	return 0;
}

/* Puts the end of a program's output on one line. */
static void tail_cut(char *text, size_t len)
{
	while (len > 0 && kcmdline_is_blank(text[len - 1]))
		text[--len] = '\0';
	for (char *p = text; *p; p++)
		if (*p == '\n')
			*p = ';';
}

/* Runs one program. *ret_out: its standard output if requested, else it is part of the messages. */
static int program_run(
	const char *command, int in, char **ret_out, size_t *ret_len, struct err *err)
{
	_cleanup_(str_free) char *copy = strdup(command), *said = NULL;
	_cleanup_(fd_close) int out = memfd_create("out", MFD_CLOEXEC);
	_cleanup_(fd_close) int talk = memfd_create("talk", MFD_CLOEXEC);
	_cleanup_(fd_close) int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct child c = {.in = in >= 0 ? in : null, .out = ret_out ? out : talk, .err = talk};
	size_t len = 0;
	int status = 0;

	if (!copy || out < 0 || talk < 0 || null < 0)
		return err_set(err, ENOMEM, "%s: can't be run: %s", command, strerror(errno));
	argv_split(copy, &c);
	c.pid = fork();
	if (c.pid < 0)
		return err_set(err, errno, "%s: can't be run: %s", command, strerror(errno));
	if (c.pid == 0)
		child_exec(&c);
	int rc = steps_wait(&c, &status);
	if (rc == -ETIMEDOUT)
		return err_set(
			err, ETIMEDOUT, "%s: did not end within %d s", command, REGEN_SECONDS);
	if (rc < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		if (output_read(talk, &said, &len) == 0 && said)
			tail_cut(said, len);
		return err_set(err, EIO, "%s: failed with status %d: %.300s", command,
			WIFEXITED(status) ? WEXITSTATUS(status) : -1,
			said ? said + (len > 300 ? len - 300 : 0) : "");
	}
	return ret_out && output_read(out, ret_out, ret_len) < 0
		       ? err_set(err, EIO, "%s: its output can't be read", command)
		       : 0;
}

/* Passes the text in memory to a program that checks its syntax. */
static int syntax_check(const char *program, const char *text, size_t len, struct err *err)
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
	return program_run(program, fd, NULL, NULL, err);
}

static int output_install(const struct root *r, const struct loader_output *o, const char *program,
	const char *path, const struct strings *added, struct err *err)
{
	_cleanup_(str_free) char *old = NULL, *text = NULL, *name = NULL;
	_cleanup_(fd_close) int dir = -1;
	size_t old_len = 0, len = 0;

	int rc = root_read(r, path, &old, &old_len, err);
	if (rc == 0)
		rc = program_run(program, -1, &text, &len, err);
	if (rc == 0)
		rc = syntax_check(o->syntax, text, len, err);
	if (rc == 0)
		rc = o->check(old, text ? text : "", added, err);
	if (rc == 0)
		rc = root_locate(r, path, &dir, &name, err);
	if (rc < 0)
		return rc;
	struct replacement to = {
		.data = text, .len = len, .old = old, .old_len = old_len, .mode = 0600};
	return file_replace(dir, name, &to, err);
}

/* Runs one command; its output, if that is a boot file, is kept and checked first. */
static int command_run(const struct root *r, const struct loaders *l, const char *command,
	const struct strings *added, struct err *err)
{
	for (size_t i = 0; i < l->found_n; i++) {
		const struct loader_output *o = l->found[i]->output;
		const char *path = NULL, *program = o ? o->prints(l, command, &path) : NULL;
		if (program)
			return output_install(r, o, program, path, added, err);
	}
	return program_run(command, -1, NULL, NULL, err);
}

int regenerate_run(
	const struct root *r, const struct loaders *l, const struct strings *added, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < l->next.n && rc == 0; i++)
		rc = command_run(r, l, l->next.v[i], added, err);
	return rc;
}

/* ---- what they wrote ---------------------------------------------------------------------------
 */

#define DEPTH_MAX 6
#define TEXT_MAX ((size_t)8 << 20)

static int dir_read(const struct root *r, const char *dir, unsigned depth, struct text *ret);

static int entry_read(const struct root *r, int fd, const char *dir, const char *name,
	unsigned depth, struct text *ret)
{
	_cleanup_(text_done) struct text path = {0};
	struct stat st;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	text_print(&path, "%s/%s", dir, name);
	if (path.failed)
		return -ENOMEM;
	/* The times of a directory are left out: a temporary file changes them. */
	if (S_ISDIR(st.st_mode))
		return dir_read(r, path.data, depth + 1, ret);
	text_print(ret, "%s %o %llu %lld %lld.%ld %lld.%ld\n", path.data, st.st_mode,
		(unsigned long long)st.st_ino, (long long)st.st_size, (long long)st.st_mtim.tv_sec,
		st.st_mtim.tv_nsec, (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
	return ret->len > TEXT_MAX ? -E2BIG : 0;
}

static int dir_read(const struct root *r, const char *dir, unsigned depth, struct text *ret)
{
	_cleanup_(strings_done) struct strings names = {0};
	_cleanup_(fd_close) int fd = root_fd(r, dir, O_PATH | O_DIRECTORY);
	int rc = 0;

	if (fd < 0)
		return 0;
	if (depth > DEPTH_MAX)
		return -E2BIG;
	if (root_list(r, dir, "", &names) == -ENOMEM)
		return -ENOMEM;
	for (size_t i = 0; i < names.n && rc == 0; i++)
		rc = entry_read(r, fd, dir, names.v[i], depth, ret);
	return rc;
}

int boot_stat_read(const struct root *r, const struct strings *dirs, struct text *ret)
{
	int rc = 0;

	for (size_t i = 0; i < dirs->n && rc == 0; i++)
		rc = dir_read(r, dirs->v[i], 0, ret);
	return rc == 0 && ret->failed ? -ENOMEM : rc;
}
