/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/child.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How often the parent sees how far its child has come. */
#define WATCH_MS 500

/* How often we look where there is no pidfd_open (before Linux 5.3). */
#define LOOK_MS 20

void *child_shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

int64_t child_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static pid_t fork_child(void)
{
	pid_t pid = fork();

	if (pid < 0) /* once more: short of memory at one moment is not short of it for good */
		pid = fork();
	return pid;
}

static size_t first_unfinished(const struct child_list *list, size_t from)
{
	while (from < list->n && list->state[from] == STEP_DONE)
		from++;
	return from;
}

static void walk(const struct child_list *list, size_t from)
{
	for (size_t i = from; i < list->n; i++) {
		list->state[i] = STEP_RUNNING;
		list->run(list->to, i);
		list->state[i] = STEP_DONE;
	}
}

/* Has the child ended? Waits at most `ms` for that. */
static bool has_ended(pid_t pid, int pidfd, unsigned ms)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int status;

	if (pidfd >= 0) {
		if (poll(&p, 1, (int)ms) <= 0)
			return false;
		(void)waitpid(pid, &status, 0);
		return true;
	}
	for (int64_t end = child_now() + ms;;) {
		if (waitpid(pid, &status, WNOHANG) != 0)
			return true;
		if (child_now() >= end)
			return false;
		(void)poll(NULL, 0, LOOK_MS);
	}
}

/*
 * Waits for a child until it ends, hangs in one step for longer than that step may take, or the
 * deadline comes. Returns how the step that it stands in ended.
 */
static enum step_state watch(
	const struct child_list *list, pid_t pid, size_t from, int64_t deadline)
{
	_cleanup_(fd_close) int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	size_t at = from;
	int64_t began = child_now();

	for (;;) {
		size_t now_at = first_unfinished(list, at);
		int64_t now = child_now();
		if (now_at != at) {
			at = now_at;
			began = now;
		}
		int64_t end = at < list->n ? began + list->patience(list->to, at) : deadline;
		if (end > deadline)
			end = deadline;
		int64_t ms = end > now ? end - now : 0;
		if (has_ended(pid, pidfd, (unsigned)(ms < WATCH_MS ? ms : WATCH_MS)))
			return STEP_DIED;
		if (child_now() >= end && first_unfinished(list, at) == at)
			return STEP_HUNG;
		if (child_now() >= deadline)
			return STEP_HUNG;
	}
}

int child_run(const struct child_list *list, int64_t deadline, struct err *err)
{
	size_t next = 0;
	int r = 0;

	for (int children = 0; next < list->n && children < CHILDREN_MAX; children++) {
		if (child_now() >= deadline)
			break;
		pid_t pid = fork_child();
		if (pid < 0) {
			r = err_set(err, errno, "can't start a child: %s", strerror(errno));
			break;
		}
		if (pid == 0) {
			walk(list, next);
			_exit(0);
		}
		enum step_state how = watch(list, pid, next, deadline);
		if (how == STEP_HUNG)
			(void)kill(
				pid, SIGKILL); /* reaches it when the kernel lets it go, if ever */
		next = first_unfinished(list, next);
		if (next < list->n && list->state[next] == STEP_RUNNING)
			list->state[next++] = how;
	}
	for (size_t i = 0; i < list->n; i++)
		if (list->state[i] == STEP_WAITING)
			list->state[i] = STEP_LEFT;
	return r;
}

int child_detach(int *ret_let_go, struct err *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(err, errno, "can't make a pipe: %s", strerror(errno));
	pid_t pid = fork_child();
	if (pid < 0) {
		int code = errno;
		(void)close(ends[0]);
		(void)close(ends[1]);
		return err_set(err, code, "can't go to the background: %s", strerror(code));
	}
	/* The child keeps the end to read from too: whoever waited may have gone on, and a write to
	 * a pipe that nobody can read kills the writer. */
	if (pid == 0) {
		*ret_let_go = ends[1];
		return 0;
	}
	(void)close(ends[1]);
	return ends[0];
}

void child_let_go(int *let_go)
{
	if (*let_go >= 0)
		while (write(*let_go, "", 1) < 0 && errno == EINTR)
			;
	fd_close(let_go);
}

int child_wait(int fd, unsigned milliseconds)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	return poll(&p, 1, (int)milliseconds) > 0 ? 0 : -ETIMEDOUT;
}
