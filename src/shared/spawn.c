/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/spawn.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRUSTED_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* The terminal and the language come from the user's environment; nothing else is needed, but for
 * what grub-mkconfig asks zpool for. */
static const char *const kept[] = {"TERM", "HOME", "ZPOOL_VDEV_NAME_PATH", "LANG", "LANGUAGE",
	"LC_ALL", "LC_ADDRESS", "LC_COLLATE", "LC_CTYPE", "LC_IDENTIFICATION", "LC_MEASUREMENT",
	"LC_MESSAGES", "LC_MONETARY", "LC_NAME", "LC_NUMERIC", "LC_PAPER", "LC_TELEPHONE",
	"LC_TIME"};
#define N_KEPT (sizeof(kept) / sizeof(*kept))
#define FIRST_LOCALE 3

struct environment {
	char text[N_KEPT][256];
	char *at[2 * N_KEPT + 2];
};

/* `locale`: used if the environment has none. */
static void environment_fill(struct environment *e, const char *const *locale)
{
	static char path[] = "PATH=" TRUSTED_PATH;
	bool has_locale = false;
	size_t n = 0;

	e->at[n++] = path;
	for (size_t i = 0; i < N_KEPT; i++) {
		const char *value = getenv(kept[i]);
		if (!value || strlen(value) >= sizeof(e->text[i]) - 32)
			continue;
		(void)snprintf(e->text[i], sizeof(e->text[i]), "%s=%s", kept[i], value);
		e->at[n++] = e->text[i];
		has_locale |= i >= FIRST_LOCALE;
	}
	for (size_t i = 0; locale && locale[i] && !has_locale && i < N_KEPT; i++)
		e->at[n++] = (char *)(uintptr_t)locale[i];
	e->at[n] = NULL;
}

/* Like execvp(3), but with our own PATH: posix_spawnp(3) uses the caller's. */
static int spawn(const char *const argv[], const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *attributes, char *const environment[], pid_t *ret)
{
	/* posix_spawn does not change the strings: execve(2) promises not to write to them. */
	char *const *words = (char *const *)(uintptr_t)argv;
	char path[256];
	int r = ENOENT;

	if (strchr(argv[0], '/'))
		return posix_spawn(ret, argv[0], actions, attributes, words, environment);
	for (const char *at = TRUSTED_PATH; r == ENOENT && *at; at += *at == ':') {
		size_t len = strcspn(at, ":");
		(void)snprintf(path, sizeof(path), "%.*s/%s", (int)len, at, argv[0]);
		r = posix_spawn(ret, path, actions, attributes, words, environment);
		at += len;
	}
	return r;
}

static int start(const char *const argv[], const posix_spawn_file_actions_t *actions, pid_t *ret,
	struct err *err)
{
	struct environment e;

	environment_fill(&e, NULL);
	(void)fflush(NULL); /* our output comes before that of the program */
	int r = spawn(argv, actions, NULL, e.at, ret);
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

/* ---- with a bound ------------------------------------------------------------------------------
 */

#define SAID_MAX 4096

void spawn_result_done(struct spawn_result *r)
{
	text_done(&r->out);
	text_done(&r->said);
}

/* A program that runs: the ends of its pipes, and what to wait for. */
struct running {
	pid_t pid;
	int fd, out, said, interrupts; /* fd: of the process */
	int out_end, said_end;         /* its own ends */
	int64_t deadline;
	size_t taken; /* bytes of output that were handed over */
};

static void running_done(struct running *c)
{
	fd_close(&c->fd);
	fd_close(&c->out);
	fd_close(&c->said);
	fd_close(&c->interrupts);
	fd_close(&c->out_end);
	fd_close(&c->said_end);
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int pipe_make(int *ret_read, int *ret_write)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	*ret_read = ends[0];
	*ret_write = ends[1];
	/* What the program left running may keep its end open. */
	return fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static int descriptors_add(
	posix_spawn_file_actions_t *actions, const struct spawn_job *job, const struct running *c)
{
	int r = job->in < 0 ? posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0)
			    : posix_spawn_file_actions_adddup2(actions, job->in, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(
			actions, job->max > 0 ? c->out_end : c->said_end, 1);
	return r == 0 ? posix_spawn_file_actions_adddup2(actions, c->said_end, 2) : r;
}

/* It has a group of its own, so that all of it can be ended; only these signals are held. 0 or a
 * positive errno. */
static int spawn_in_group(const char *const argv[], const posix_spawn_file_actions_t *actions,
	const sigset_t *held, const char *const *locale, pid_t *ret)
{
	posix_spawnattr_t attributes;
	struct environment e;
	int r = posix_spawnattr_init(&attributes);

	if (r != 0)
		return r;
	environment_fill(&e, locale);
	r = posix_spawnattr_setpgroup(&attributes, 0);
	if (r == 0)
		r = posix_spawnattr_setsigmask(&attributes, held);
	if (r == 0)
		r = posix_spawnattr_setflags(
			&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
	if (r == 0)
		r = spawn(argv, actions, &attributes, e.at, ret);
	(void)posix_spawnattr_destroy(&attributes);
	return r;
}

static int start_bounded(const struct spawn_job *job, struct running *c)
{
	posix_spawn_file_actions_t actions;
	sigset_t none;

	(void)sigemptyset(&none);
	int r = posix_spawn_file_actions_init(&actions);
	if (r != 0)
		return r;
	r = descriptors_add(&actions, job, c);
	if (r == 0)
		r = spawn_in_group(job->argv, &actions, &none, job->locale, &c->pid);
	(void)posix_spawn_file_actions_destroy(&actions);
	return r;
}

static int running_open(const struct spawn_job *job, struct running *c)
{
	int r = pipe_make(&c->said, &c->said_end);

	if (r == 0 && job->max > 0)
		r = pipe_make(&c->out, &c->out_end);
	if (r == 0 && job->interrupt)
		c->interrupts = interrupt_fd();
	if (r == 0 && job->interrupt && c->interrupts < 0)
		r = -errno;
	if (r < 0)
		return r;
	c->deadline = now_ms() + (int64_t)job->seconds * 1000;
	r = -start_bounded(job, c);
	fd_close(&c->out_end);
	fd_close(&c->said_end);
	if (r < 0)
		return r;
	c->fd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	return 0;
}

/* Reads what is there. 1 at the end. */
static int drain(int *fd, struct text *to, size_t max, bool tail)
{
	char buf[16384];
	ssize_t n = 0;

	/* No more at once than a pipe holds, so that the bound in time is looked at. */
	for (int i = 0; i < 4 && *fd >= 0 && (n = read(*fd, buf, sizeof(buf))) > 0; i++) {
		text_add(to, buf, (size_t)n);
		if (to->failed)
			return -ENOMEM;
		if (to->len > max && !tail)
			return -EFBIG;
		if (to->len > max) {
			memmove(to->data, to->data + to->len - max, max + 1);
			to->len = max;
		}
	}
	if (n == 0)
		fd_close(fd);
	return n < 0 && errno != EAGAIN && errno != EINTR ? -errno : 0;
}

/* The same for output that the caller takes as it comes. */
static int hand_over(struct running *c, const struct spawn_job *job)
{
	char buf[65536];
	ssize_t n = 0;
	int r = 0;

	/* No more at once than a pipe holds, so that the bound in time is looked at. */
	for (int i = 0; i < 16 && r == 0 && c->out >= 0; i++) {
		n = read(c->out, buf, sizeof(buf));
		if (n <= 0)
			break;
		c->taken += (size_t)n;
		r = c->taken > job->max ? -EFBIG : job->take(job->to, buf, (size_t)n);
	}
	if (r < 0)
		return r;
	if (n == 0)
		fd_close(&c->out);
	return n < 0 && errno != EAGAIN && errno != EINTR ? -errno : 0;
}

static int read_both(struct running *c, const struct spawn_job *job, struct spawn_result *ret)
{
	int r = job->take ? hand_over(c, job) : drain(&c->out, &ret->out, job->max, false);
	int said = drain(&c->said, &ret->said, SAID_MAX, true);

	return r < 0 ? r : said;
}

/* Passes an interrupt on; from then on the group has SPAWN_GRACE seconds. */
static void pass_on(struct running *c, struct interrupt *interrupt)
{
	int64_t end = now_ms() + (int64_t)SPAWN_GRACE * 1000;
	int before = interrupt->signal, came = interrupt_came(interrupt);

	if (!came || before)
		return;
	(void)kill(-c->pid, came);
	if (end < c->deadline)
		c->deadline = end;
}

static int run_bounded(struct running *c, const struct spawn_job *job, struct spawn_result *ret)
{
	for (;;) {
		struct pollfd p[] = {{c->fd, POLLIN, 0}, {c->out, POLLIN, 0}, {c->said, POLLIN, 0},
			{c->interrupts, POLLIN, 0}};
		int64_t left = c->deadline - now_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		int n = poll(p, 4, left > 1000000 ? 1000000 : (int)left);
		if (n < 0 && errno != EINTR)
			return -errno;
		int r = read_both(c, job, ret);
		if (r < 0)
			return r;
		if (n > 0 && p[0].revents)
			return 0;
		if (n > 0 && p[3].revents)
			pass_on(c, job->interrupt);
	}
}

int spawn_bounded(const struct spawn_job *job, struct spawn_result *ret, struct err *err)
{
	_cleanup_(running_done) struct running c = {
		.fd = -1, .out = -1, .said = -1, .interrupts = -1, .out_end = -1, .said_end = -1};

	int r = running_open(job, &c);
	if (r < 0)
		return err_set(err, -r, "%s: can't be run: %s", job->name, strerror(-r));
	r = c.fd < 0 ? -ENOSYS : run_bounded(&c, job, ret);
	/* Before the process is waited for: its number is that of the group, and still taken. */
	(void)kill(-c.pid, SIGKILL);
	int status = wait_for(c.pid, job->name, err);
	if (r == 0)
		r = read_both(&c, job, ret);
	if (r == -ETIMEDOUT)
		return err_set(err, ETIMEDOUT, "%s: did not end within %u s", job->name,
			job->interrupt && job->interrupt->signal ? SPAWN_GRACE : job->seconds);
	if (r == -EFBIG)
		return err_set(err, EFBIG, "%s: prints more than %zu bytes", job->name, job->max);
	return r < 0 ? err_set(err, -r, "%s: %s", job->name, strerror(-r)) : status;
}

/* ---- watched ---------------------------------------------------------------------------------
 */

static int watched_descriptors(posix_spawn_file_actions_t *actions, const struct spawn_watch *w)
{
	int r = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);

	return r == 0 && w->to_stderr ? posix_spawn_file_actions_adddup2(actions, 2, 1) : r;
}

/* SIGTTOU stays blocked: output from the background is then never stopped (termios(3), TOSTOP). */
static int watched_start(
	const char *const argv[], const struct spawn_watch *w, pid_t *ret, struct err *err)
{
	posix_spawn_file_actions_t actions;
	sigset_t held;

	(void)sigemptyset(&held);
	(void)sigaddset(&held, SIGTTOU);
	int r = posix_spawn_file_actions_init(&actions);
	if (r != 0)
		return err_set(err, r, "out of memory");
	(void)fflush(NULL);
	r = watched_descriptors(&actions, w);
	if (r == 0)
		r = spawn_in_group(argv, &actions, &held, NULL, ret);
	(void)posix_spawn_file_actions_destroy(&actions);
	return r == 0 ? 0 : err_set(err, r, "%s: can't be run: %s", argv[0], strerror(r));
}

int spawn_watched(const char *const argv[], const struct spawn_watch *w, struct err *err)
{
	int64_t begin = now_ms();
	bool passed = false;
	pid_t pid = -1;
	int status;

	int r = watched_start(argv, w, &pid, err);
	if (r < 0)
		return r;
	for (;;) {
		pid_t ended = waitpid(pid, &status, WNOHANG);
		if (ended == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (ended < 0 && errno != EINTR)
			return err_set(err, errno, "%s: can't be waited for: %s", argv[0],
				strerror(errno));
		interrupt_wait(w->interrupt, 1000);
		if (w->interrupt->signal && !passed && !w->finish)
			passed = kill(-pid, w->interrupt->signal) == 0;
		w->tick(w->to, (unsigned)((now_ms() - begin) / 1000));
	}
}
