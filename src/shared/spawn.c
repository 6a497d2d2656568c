/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRUSTED_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* The terminal and the language come from the user's environment; nothing else is needed. */
static const char *const kept[] = {"TERM", "LANG", "LC_ALL", "HOME"};
#define N_KEPT (sizeof(kept) / sizeof(*kept))

struct environment {
	char text[N_KEPT][128];
	char *at[N_KEPT + 2];
};

static void environment_fill(struct environment *e)
{
	static char path[] = "PATH=" TRUSTED_PATH;
	size_t n = 0;

	e->at[n++] = path;
	for (size_t i = 0; i < N_KEPT; i++) {
		const char *value = getenv(kept[i]);
		if (!value || strlen(value) >= sizeof(e->text[i]) - 16)
			continue;
		(void)snprintf(e->text[i], sizeof(e->text[i]), "%s=%s", kept[i], value);
		e->at[n++] = e->text[i];
	}
	e->at[n] = NULL;
}

/* Like execvp(3), but with our own PATH: posix_spawnp(3) uses the caller's. */
static int spawn(const char *const argv[], const posix_spawn_file_actions_t *actions,
	char *const environment[], pid_t *ret)
{
	/* posix_spawn does not change the strings: execve(2) promises not to write to them. */
	char *const *words = (char *const *)(uintptr_t)argv;
	char path[256];
	int r = ENOENT;

	if (strchr(argv[0], '/'))
		return posix_spawn(ret, argv[0], actions, NULL, words, environment);
	for (const char *at = TRUSTED_PATH; r == ENOENT && *at; at += *at == ':') {
		size_t len = strcspn(at, ":");
		(void)snprintf(path, sizeof(path), "%.*s/%s", (int)len, at, argv[0]);
		r = posix_spawn(ret, path, actions, NULL, words, environment);
		at += len;
	}
	return r;
}

static int start(const char *const argv[], const posix_spawn_file_actions_t *actions, pid_t *ret,
	struct err *err)
{
	struct environment e;

	environment_fill(&e);
	(void)fflush(NULL); /* our output comes before that of the program */
	int r = spawn(argv, actions, e.at, ret);
	return r == 0 ? 0 : err_set(err, r, "%s: can't be run: %s", argv[0], strerror(r));
}

static int wait_for(pid_t pid, const char *name, struct err *err)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_set(
				err, errno, "%s: can't be waited for: %s", name, strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run(const char *const argv[], const posix_spawn_file_actions_t *actions, struct err *err)
{
	pid_t pid;
	int r = start(argv, actions, &pid, err);

	return r < 0 ? r : wait_for(pid, argv[0], err);
}

int spawn_program(const char *const argv[], struct err *err)
{
	return run(argv, NULL, err);
}

int spawn_silently(const char *const argv[], struct err *err)
{
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return err_set(err, r, "out of memory");
	/* Input, output and errors: a write to a descriptor opened for reading fails. */
	for (int fd = 0; r == 0 && fd < 3; fd++)
		r = posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDONLY, 0);
	r = r != 0 ? err_set(err, r, "out of memory") : run(argv, &actions, err);
	(void)posix_spawn_file_actions_destroy(&actions);
	return r;
}

/* Appends what comes until the end. */
static int read_all(int fd, struct text *ret, size_t max, const char *name, struct err *err)
{
	char buf[16384];
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, errno, "%s: %s", name, strerror(errno));
		len += (size_t)n;
		if (len > max)
			return err_set(err, EFBIG, "%s: prints more than %zu bytes", name, max);
		text_add(ret, buf, (size_t)n);
	}
	return ret->failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

int spawn_read(const char *const argv[], struct text *ret, size_t max, struct err *err)
{
	posix_spawn_file_actions_t actions;
	int ends[2];
	pid_t pid = -1;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(err, errno, "%s: can't make a pipe: %s", argv[0], strerror(errno));
	int r = posix_spawn_file_actions_init(&actions);
	if (r == 0) {
		r = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
		if (r == 0)
			r = posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
		if (r == 0)
			r = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_RDONLY, 0);
		r = r != 0 ? err_set(err, r, "out of memory") : start(argv, &actions, &pid, err);
		(void)posix_spawn_file_actions_destroy(&actions);
	} else {
		r = err_set(err, r, "out of memory");
	}
	(void)close(ends[1]);
	if (r == 0)
		r = read_all(ends[0], ret, max, argv[0], err);
	(void)close(ends[0]); /* one that prints on ends by SIGPIPE */
	if (pid < 0)
		return r;
	int status = wait_for(pid, argv[0], err);
	return r < 0 ? r : status;
}
