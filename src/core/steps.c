/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/steps.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How often the parent checks the progress of its child. */
#define WATCH_MS 500

/* Interval of retries when fork fails. */
#define FORK_AGAIN_MS 50

/* Of a child that could not become the program (as in a shell). */
#define EXEC_FAILED 127

void *steps_shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

int64_t steps_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A shortage of memory or processes may be temporary. */
static pid_t fork_child(int64_t deadline)
{
	int64_t end = steps_now() + FORK_MS;
	pid_t pid = fork();

	if (pid < 0)
		pid = fork();
	while (pid < 0 && steps_now() < end && steps_now() < deadline) {
		(void)poll(NULL, 0, FORK_AGAIN_MS);
		pid = fork();
	}
	return pid;
}

static size_t first_unfinished(const struct steps *list, size_t from)
{
	while (from < list->n && list->state[from] == STEP_DONE)
		from++;
	return from;
}

static size_t first_waiting(const struct steps *list, size_t from)
{
	while (from < list->n && list->state[from] != STEP_WAITING)
		from++;
	return from;
}

/* The only change that parent and child may race for: the step begins, or is left out. */
static bool claim(const struct steps *list, size_t i, enum step_state state)
{
	uint8_t waiting = STEP_WAITING;

	return __atomic_compare_exchange_n(&list->state[i], &waiting, (uint8_t)state, false,
		__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static void walk(const struct steps *list, size_t from)
{
	for (size_t i = from; i < list->n && claim(list, i, STEP_RUNNING); i++) {
		list->run(list->to, i);
		list->state[i] = STEP_DONE;
	}
}

/* Leaves out all steps that have not begun, unless the walk has passed the commit step. */
static void leave_the_rest(const struct steps *list)
{
	if (list->commit < list->n && !claim(list, list->commit, STEP_NOT_RUN))
		return;
	for (size_t i = list->n; i-- > 0;)
		(void)claim(list, i, STEP_NOT_RUN);
}

/* True if the child has ended. Waits at most `ms` for that; an interrupt ends the wait early. */
static bool has_ended(const struct steps *list, pid_t pid, int64_t ms)
{
	int status;

	interrupt_wait(list->interrupt, (unsigned)ms);
	return waitpid(pid, &status, WNOHANG) != 0;
}

static bool is_interrupted(const struct steps *list)
{
	return list->interrupt && list->interrupt->signal;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/*
 * Waits for a child until it ends, hangs in one step beyond the timeout of that step, or the
 * deadline has passed. Returns how its current step ended.
 */
static enum step_state watch(const struct steps *list, pid_t pid, size_t from, int64_t deadline)
{
	size_t at = from;
	int64_t began = steps_now(), came = 0;

	for (;;) {
		size_t now_at = first_unfinished(list, at);
		int64_t now = steps_now(), end = deadline;
		if (now_at != at) {
			at = now_at;
			began = now;
		}
		if (came == 0 && is_interrupted(list)) {
			came = now;
			leave_the_rest(list);
		}
		if (at < list->n)
			end = earlier(end, began + list->timeout_ms(list->to, at));
		if (at < list->n && came > 0)
			end = earlier(end, (began > came ? began : came) + INTERRUPTED_MS);
		if (has_ended(list, pid, end > now ? earlier(end - now, WATCH_MS) : 0))
			return STEP_DIED;
		if (steps_now() >= end && first_unfinished(list, at) == at)
			return STEP_TIMED_OUT;
		if (steps_now() >= deadline)
			return STEP_TIMED_OUT;
	}
}

int steps_run(const struct steps *list, int64_t deadline, struct err *err)
{
	size_t next = 0;
	int r = 0;

	if (!list->interrupt)
		interrupt_hold_children();
	for (int children = 0; next < list->n && children < CHILDREN_MAX; children++) {
		if (steps_now() >= deadline)
			break;
		pid_t pid = fork_child(deadline);
		if (pid < 0) {
			r = err_set(err, errno, "can't start a child: %s", strerror(errno));
			break;
		}
		if (pid == 0) {
			walk(list, next);
			_exit(0);
		}
		enum step_state how = watch(list, pid, next, deadline);
		if (how == STEP_TIMED_OUT)
			(void)kill(
				pid, SIGKILL); /* takes effect when the kernel returns, if ever */
		next = first_unfinished(list, next);
		if (next < list->n && list->state[next] == STEP_RUNNING)
			list->state[next] = how;
		next = first_waiting(list, next);
	}
	for (size_t i = 0; i < list->n; i++)
		if (!claim(list, i, STEP_NOT_RUN) && list->state[i] == STEP_RUNNING)
			list->state[i] = STEP_DIED; /* begun while its child was being killed */
	return r;
}

int steps_detach(int *ret_notify_ready, struct err *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(err, errno, "can't make a pipe: %s", strerror(errno));
	pid_t pid = fork_child(steps_now());
	if (pid < 0) {
		int code = errno;
		(void)close(ends[0]);
		(void)close(ends[1]);
		return err_set(err, code, "can't go to the background: %s", strerror(code));
	}
	/* The child keeps the read end open, too: the parent may have gone on, and a write to a
	 * pipe without readers kills the writer. */
	if (pid == 0) {
		*ret_notify_ready = ends[1];
		return 0;
	}
	(void)close(ends[1]);
	return ends[0];
}

void steps_notify_ready(int *notify_ready)
{
	if (*notify_ready >= 0)
		while (write(*notify_ready, "", 1) < 0 && errno == EINTR)
			;
	fd_close(notify_ready);
}

int steps_wait(int fd, unsigned milliseconds)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	return poll(&p, 1, (int)milliseconds) > 0 ? 0 : -ETIMEDOUT;
}

static int wait_for(pid_t pid, const char *name, int64_t deadline, struct err *err)
{
	int status = 0;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		int64_t now = steps_now();
		if (now >= deadline) {
			(void)kill(pid, SIGKILL);
			return err_set(err, ETIMEDOUT, "%s: did not end in its time", name);
		}
		interrupt_wait(NULL, (unsigned)earlier(deadline - now, WATCH_MS));
	}
	if (WIFSIGNALED(status))
		return err_set(err, ECHILD, "%s: ended by signal %d", name, WTERMSIG(status));
	return WEXITSTATUS(status) == EXEC_FAILED
		       ? err_set(err, ECHILD, "%s: can't be started", name)
		       : 0;
}

int steps_program(const char *const argv[], unsigned milliseconds, struct err *err)
{
	int64_t deadline = steps_now() + milliseconds;
	int r;

	interrupt_hold_children();
	pid_t pid = fork_child(deadline);
	if (pid < 0)
		r = err_set(err, errno, "can't start a child: %s", strerror(errno));
	else if (pid == 0) {
		interrupt_release_children();
		steps_become(argv);
		_exit(EXEC_FAILED);
	} else
		r = wait_for(pid, argv[0], deadline, err);
	interrupt_release_children();
	return r;
}

void steps_become(const char *const argv[])
{
	(void)execv(argv[0], (char *const *)(uintptr_t)argv);
}
