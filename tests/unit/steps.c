/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real children that hang, die and are late: the parent always comes back, with a word on each
 * step. */
#include "core/steps.h"

#include "check.h"
#include "safe_kill.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEPS 12

enum what { WORK, HANG, HANG_LONG, DIE, ABORT, EXIT, SLOW, INTERRUPT };

/* In shared memory: how often each step ran, and by whom. */
struct trace {
	enum what what[STEPS];
	unsigned runs[STEPS];
	pid_t who[STEPS];
	unsigned order[STEPS * 2], n;
	uint8_t *state; /* of as many as there are to be run */
};

static struct interrupt interrupt;
static struct interrupt *watched; /* &interrupt, or NULL */
static size_t commit, steps_n;    /* of the list that is being run */
static int signal_sent = SIGINT;

/* How many forks go well before there is no process to be had; and how many are refused then. */
static unsigned forks_left, forks_refused;
pid_t __wrap_fork(void);
pid_t __real_fork(void);

pid_t __wrap_fork(void)
{
	if (forks_left > 0) {
		forks_left--;
		return __real_fork();
	}
	if (forks_refused == 0)
		return __real_fork();
	forks_refused--;
	errno = EAGAIN;
	return -1;
}

static unsigned writes, writes_interrupted;
static int write_error;
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __real_write(int fd, const void *data, size_t size);

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
	writes++;
	errno = writes <= writes_interrupted ? EINTR : write_error;
	return errno ? -1 : __real_write(fd, data, size);
}

static void run(void *to, size_t i)
{
	struct trace *t = to;

	t->runs[i]++;
	t->who[i] = getpid();
	t->order[t->n++] = (unsigned)i;
	switch (t->what[i]) {
	case WORK:
		break;
	case HANG:
	case HANG_LONG:
		for (;;)
			(void)pause();
	case DIE:
		(void)raise(SIGKILL);
		break;
	case ABORT: /* as a failed assertion: no cleanup of the parent may run */
		(void)signal(SIGABRT, SIG_DFL);
		abort();
	case EXIT:
		_exit(0);
	case SLOW:
		(void)usleep(150 * 1000);
		break;
	case INTERRUPT: /* as a key at the terminal does: all of the job get it */
		(void)kill(getppid(), signal_sent);
		(void)kill(getpid(), signal_sent);
		(void)usleep(100 * 1000);
		break;
	}
}

static unsigned timeout_ms(void *to, size_t i)
{
	const struct trace *t = to;

	CHECK(i < steps_n);
	return t->what[i] == HANG_LONG ? 60000 : 300;
}

static struct trace *new_trace(void)
{
	struct trace *t = steps_shared(sizeof(*t));

	if (!t)
		abort();
	return t;
}

/* n bytes in shared memory behind which there is none: reading one too many ends in a signal. */
static uint8_t *new_state(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *two = mmap(
		NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (two == MAP_FAILED || mprotect(two + page, page, PROT_NONE) < 0)
		abort();
	return two + page - n;
}

/* Runs n steps within ms and gives back how long that took. */
static int64_t walk(struct trace *t, size_t n, int64_t ms, int expect)
{
	t->state = new_state(n);
	steps_n = n;
	const struct steps list = {.n = n,
		.run = run,
		.timeout_ms = timeout_ms,
		.to = t,
		.state = t->state,
		.interrupt = watched,
		.commit = commit};
	struct err err = {""};
	int64_t began = steps_now();

	CHECK_INT(steps_run(&list, began + ms, &err), expect);
	CHECK_STR(err.text, expect ? "can't start a child: Resource temporarily unavailable" : "");
	return steps_now() - began;
}

static void test_all_well(void)
{
	struct trace *t = new_trace();

	check_case("every step is done once, in order, by one child");
	int64_t took = walk(t, STEPS, 5000, 0);
	CHECK_INT(t->n, STEPS);
	for (unsigned i = 0; i < STEPS; i++) {
		CHECK_INT(t->state[i], STEP_DONE);
		CHECK_INT(t->order[i], i);
		CHECK_INT(t->who[i], t->who[0]);
	}
	CHECK(t->who[0] != getpid());
	CHECK(took < 1000);

	sigset_t held;
	check_case("the end of a child is a signal that is waited for: it is blocked");
	(void)sigemptyset(&held);
	(void)sigprocmask(SIG_SETMASK, &held, NULL);
	(void)walk(new_trace(), 1, 5000, 0);
	(void)sigprocmask(SIG_BLOCK, NULL, &held);
	CHECK(sigismember(&held, SIGCHLD));
	CHECK(!sigismember(&held, SIGTERM) && !sigismember(&held, SIGPIPE));

	check_case("nothing to do is done at once");
	CHECK(walk(new_trace(), 0, 5000, 0) < 1000);
}

static void test_bad_step(enum what what, const char *name, enum step_state state)
{
	for (unsigned bad = 0; bad < 4; bad++) {
		struct trace *t = new_trace();

		check_case("step %u of 4 %s: the others are done", bad, name);
		t->what[bad] = what;
		int64_t took = walk(t, 4, 5000, 0);
		for (unsigned i = 0; i < 4; i++) {
			CHECK_INT(t->state[i], i == bad ? state : STEP_DONE);
			CHECK_INT(t->runs[i], 1);
		}
		CHECK(took < 2000);
	}
}

static void test_late(void)
{
	struct trace *t = new_trace();

	/* Each step has its patience from when it began, not from when the parent looked. */
	check_case("slow steps in a row are no hanging step");
	for (unsigned i = 0; i < 6; i++)
		t->what[i] = SLOW;
	(void)walk(t, 6, 5000, 0);
	for (unsigned i = 0; i < 6; i++) {
		CHECK_INT(t->state[i], STEP_DONE);
		CHECK_INT(t->who[i], t->who[0]);
	}

	t = new_trace();
	check_case("the deadline ends the walk, whatever the patience");
	t->what[2] = HANG_LONG;
	int64_t took = walk(t, 4, 1500, 0);
	CHECK_INT(t->state[0], STEP_DONE);
	CHECK_INT(t->state[1], STEP_DONE);
	CHECK_INT(t->state[2], STEP_TIMED_OUT);
	CHECK_INT(t->state[3], STEP_NOT_RUN);
	CHECK_INT(t->runs[3], 0);
	CHECK(took >= 1500 && took < 5000);

	t = new_trace();
	check_case("a deadline that has passed: nothing is begun");
	CHECK(walk(t, 4, -1, 0) < 500);
	for (unsigned i = 0; i < 4; i++)
		CHECK_INT(t->state[i], STEP_NOT_RUN);
	CHECK_INT(t->n, 0);

	t = new_trace();
	check_case("the deadline amid work that does not hang");
	for (unsigned i = 0; i < STEPS; i++)
		t->what[i] = SLOW;
	CHECK(walk(t, STEPS, 400, 0) < 1500);
	CHECK_INT(t->state[0], STEP_DONE);
	CHECK_INT(t->state[STEPS - 1], STEP_NOT_RUN);
}

static void test_fork_bomb(void)
{
	struct trace *t = new_trace();
	unsigned died = 0, left = 0;

	check_case("a child that dies in every step is not replaced for ever");
	for (unsigned i = 0; i < STEPS; i++)
		t->what[i] = DIE;
	(void)walk(t, STEPS, 5000, 0);
	for (unsigned i = 0; i < STEPS; i++) {
		died += t->state[i] == STEP_DIED;
		left += t->state[i] == STEP_NOT_RUN;
	}
	CHECK_INT(died, CHILDREN_MAX);
	CHECK_INT(left, STEPS - CHILDREN_MAX);
}

/* Those that earlier cases killed may take their time to end, beside other work. */
static void reap_all(void)
{
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static void test_no_zombies(void)
{
	check_case("children that ended are waited for");
	reap_all();
	(void)walk(new_trace(), 3, 5000, 0);
	CHECK_INT(waitpid(-1, NULL, WNOHANG), -1);
	CHECK_INT(errno, ECHILD);
}

/* What boot does with `load = background`; the worker tells how far it came through shared memory.
 */
static void test_detach(void)
{
	static const struct {
		const char *name;
		bool says; /* lets go by a word */
		bool dies;
	} rows[] = {
		{"the waiter goes on at the worker's word", true, false},
		{"the waiter goes on when the worker dies", false, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct trace *t = new_trace();
		struct err err = {""};
		int notify_ready = -1;
		int64_t began = steps_now();

		check_case("%s", rows[i].name);
		int wait = steps_detach(&notify_ready, &err);
		if (wait == 0) {
			if (rows[i].says)
				steps_notify_ready(&notify_ready);
			if (rows[i].dies)
				_exit(0);
			(void)usleep(300 * 1000);
			/* The waiter has gone by now: neither word nor silence may kill us. */
			steps_notify_ready(&notify_ready);
			t->n = 1;
			_exit(0);
		}
		CHECK(wait > 0);
		CHECK_INT(steps_wait(wait, 5000), 0);
		CHECK(steps_now() - began < 250);
		(void)close(wait);
		CHECK_INT(waitpid(-1, NULL, 0) > 0, 1);
		CHECK_INT(t->n, rows[i].dies ? 0 : 1);
	}

	check_case("a waiter that has gone does not kill the worker");
	struct trace *t = new_trace();
	struct err err = {""};
	int notify_ready = -1, wait = steps_detach(&notify_ready, &err);
	if (wait == 0) {
		(void)usleep(100 * 1000);
		steps_notify_ready(&notify_ready);
		t->n = 1;
		_exit(0);
	}
	(void)close(wait);
	CHECK_INT(waitpid(-1, NULL, 0) > 0, 1);
	CHECK_INT(t->n, 1);

	check_case("a worker that says nothing is waited for no longer than told");
	wait = steps_detach(&notify_ready, &err);
	if (wait == 0) {
		(void)usleep(400 * 1000);
		_exit(0);
	}
	CHECK_INT(steps_wait(wait, 50), -ETIMEDOUT);
	(void)close(wait);
	CHECK_INT(waitpid(-1, NULL, 0) > 0, 1);

	check_case(
		"the word is one byte, written again where a signal came, and then the pipe is closed");
	for (writes_interrupted = 0; writes_interrupted < 3; writes_interrupted++) {
		char word[4] = "xyz";
		int ends[2];
		if (pipe(ends) < 0)
			abort();
		notify_ready = ends[1];
		writes = 0;
		errno = EINTR;
		steps_notify_ready(&notify_ready);
		CHECK_INT(writes, writes_interrupted + 1);
		CHECK_INT(notify_ready, -1);
		CHECK_INT(read(ends[0], word, sizeof(word)), 1);
		CHECK_INT(word[0], '\0');
		CHECK_INT(read(ends[0], word, sizeof(word)), 0);
		(void)close(ends[0]);
	}
	check_case("... also where standard input was closed, and the pipe has its number");
	int input = dup(STDIN_FILENO), word_ends[2];
	char word = 'x';
	if (pipe(word_ends) < 0 || dup2(word_ends[1], STDIN_FILENO) < 0)
		abort();
	(void)close(word_ends[1]);
	notify_ready = STDIN_FILENO;
	writes = writes_interrupted = 0;
	steps_notify_ready(&notify_ready);
	(void)dup2(input, STDIN_FILENO);
	(void)close(input);
	CHECK_INT(read(word_ends[0], &word, 1), 1);
	CHECK_INT(word, '\0');
	(void)close(word_ends[0]);

	check_case("... and given up where there is no reader");
	writes = 0;
	write_error = EPIPE;
	notify_ready = dup(STDERR_FILENO);
	steps_notify_ready(&notify_ready);
	CHECK_INT(writes, 1);
	CHECK_INT(notify_ready, -1);
	write_error = 0;

	check_case("letting go of nothing is nothing");
	notify_ready = -1;
	steps_notify_ready(&notify_ready);
	CHECK_INT(notify_ready, -1);
}

static void test_interrupted(void)
{
	sigset_t before, pending;

	(void)sigprocmask(SIG_BLOCK, NULL, &before);
	interrupt_hold();
	watched = &interrupt;
	for (unsigned at = 0; at < 4; at++) {
		struct trace *t = new_trace();

		check_case("interrupted in step %u of 4: it ends, and no other begins", at);
		interrupt = (struct interrupt){0};
		commit = 4;
		t->what[at] = INTERRUPT;
		(void)walk(t, 4, 5000, 0);
		CHECK_INT(interrupt.signal, SIGINT);
		for (unsigned i = 0; i < 4; i++) {
			CHECK_INT(t->state[i], i <= at ? STEP_DONE : STEP_NOT_RUN);
			CHECK_INT(t->runs[i], i <= at);
		}
	}

	struct trace *t = new_trace();
	check_case("interrupted in a step that hangs: it is not waited for as long");
	interrupt = (struct interrupt){0};
	t->what[0] = INTERRUPT;
	t->what[1] = HANG_LONG;
	commit = 1;
	int64_t took = walk(t, 3, 20000, 0);
	CHECK_INT(t->state[0], STEP_DONE);
	CHECK_INT(t->state[1], STEP_NOT_RUN);
	CHECK(took < 1000);

	t = new_trace();
	check_case("... nor where the walk is finished all the same");
	interrupt = (struct interrupt){0};
	t->what[1] = INTERRUPT;
	t->what[2] = HANG_LONG;
	took = walk(t, 4, 20000, 0);
	CHECK_INT(t->state[2], STEP_TIMED_OUT);
	CHECK_INT(t->state[3], STEP_DONE);
	CHECK(took >= INTERRUPTED_MS && took < 5000);

	t = new_trace();
	check_case("a step that hangs already is left behind soon");
	interrupt = (struct interrupt){0};
	commit = 2;
	t->what[0] = HANG_LONG;
	pid_t killer = fork();
	if (killer == 0) {
		(void)usleep(300 * 1000);
		(void)kill(getppid(), SIGTERM);
		_exit(0);
	}
	took = walk(t, 2, 20000, 0);
	CHECK_INT(interrupt.signal, SIGTERM);
	CHECK_INT(t->state[0], STEP_TIMED_OUT);
	CHECK_INT(t->state[1], STEP_NOT_RUN);
	CHECK(took < 5000);
	CHECK_INT(waitpid(killer, NULL, 0), killer);

	t = new_trace();
	check_case("one that is ignored (nohup) ends nothing");
	interrupt = (struct interrupt){0};
	(void)signal(SIGHUP, SIG_IGN);
	signal_sent = SIGHUP;
	t->what[0] = INTERRUPT;
	(void)walk(t, 2, 5000, 0);
	CHECK_INT(interrupt.signal, 0);
	CHECK_INT(t->state[1], STEP_DONE);
	(void)signal(SIGHUP, SIG_DFL);

	t = new_trace();
	check_case("none is looked for: it stays where it is, and kills nobody");
	watched = NULL;
	signal_sent = SIGTERM;
	t->what[0] = INTERRUPT;
	(void)walk(t, 2, 5000, 0);
	CHECK_INT(t->state[1], STEP_DONE);
	(void)sigpending(&pending);
	CHECK(sigismember(&pending, SIGTERM));
	CHECK_INT(interrupt_came(&interrupt), SIGTERM);
	CHECK_STR(interrupt_name(interrupt.signal), "SIGTERM");
	(void)sigpending(&pending);
	CHECK(!sigismember(&pending, SIGTERM));
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	signal_sent = SIGINT;
	commit = 0;
}

static void test_no_process(void)
{
	struct trace *t = new_trace();

	check_case("no process to be had for a moment");
	forks_refused = 4;
	(void)walk(t, 3, 5000, 0);
	CHECK_INT(t->state[2], STEP_DONE);

	t = new_trace();
	check_case("none to be had at all: in time, and nothing is begun");
	forks_refused = 1000000;
	int64_t took = walk(t, 3, 5000, -EAGAIN);
	CHECK(took >= FORK_MS && took < FORK_MS + 1000);
	CHECK_INT(t->state[0], STEP_NOT_RUN);
	CHECK_INT(t->n, 0);

	t = new_trace();
	check_case("... and not beyond the deadline");
	took = walk(t, 3, 200, -EAGAIN);
	CHECK(took < FORK_MS);

	t = new_trace();
	check_case("... after the first died: what remains is left");
	forks_left = 1;
	t->what[1] = DIE;
	(void)walk(t, 3, 5000, -EAGAIN);
	CHECK_INT(t->state[0], STEP_DONE);
	CHECK_INT(t->state[1], STEP_DIED);
	CHECK_INT(t->state[2], STEP_NOT_RUN);

	check_case("... for what is to go to the background, and no pipe");
	struct rlimit files, none;
	struct err err = {""};
	int notify_ready = -1;
	int64_t began = steps_now();
	CHECK_INT(steps_detach(&notify_ready, &err), -EAGAIN);
	CHECK(steps_now() - began < 1000);
	CHECK_STR(err.text, "can't go to the background: Resource temporarily unavailable");
	CHECK_INT(notify_ready, -1);
	forks_refused = 0;
	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		abort();
	none = files;
	none.rlim_cur = 0;
	if (setrlimit(RLIMIT_NOFILE, &none) < 0)
		abort();
	int r = steps_detach(&notify_ready, &err);
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		abort();
	CHECK_INT(r, -EMFILE);
	CHECK_STR(err.text, "can't make a pipe: Too many open files");
}

static void test_program(void)
{
	static const char *const ends[] = {"/bin/sh", "-c", "exit 3", NULL};
	static const char *const dies[] = {"/bin/sh", "-c", "kill -9 $$", NULL};
	static const char *const hangs[] = {"/bin/sleep", "60", NULL};
	static const char *const none[] = {"/nonexistent/program", NULL};
	struct err err = {""};
	sigset_t after;

	check_case("a program that ends, with whatever status");
	CHECK_INT(steps_program(ends, 10000, &err), 0);
	check_case("... that is killed");
	CHECK_INT(steps_program(dies, 10000, &err), -ECHILD);
	CHECK_STR(err.text, "/bin/sh: ended by signal 9");
	check_case("... that hangs");
	int64_t began = steps_now();
	CHECK_INT(steps_program(hangs, 200, &err), -ETIMEDOUT);
	CHECK(steps_now() - began < 30000);
	CHECK_STR(err.text, "/bin/sleep: did not end in its time");
	check_case("... that is not there");
	CHECK_INT(steps_program(none, 10000, &err), -ECHILD);
	CHECK_STR(err.text, "/nonexistent/program: can't be started");
	check_case("children are not held afterwards");
	CHECK_INT(sigprocmask(SIG_SETMASK, NULL, &after), 0);
	CHECK_INT(sigismember(&after, SIGCHLD), 0);
}

int main(void)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0); /* no child may print what its parent buffered */
	test_all_well();
	test_bad_step(HANG, "hangs", STEP_TIMED_OUT);
	test_bad_step(DIE, "is killed", STEP_DIED);
	test_bad_step(ABORT, "aborts", STEP_DIED);
	test_bad_step(EXIT, "ends its child", STEP_DIED);
	test_late();
	test_fork_bomb();
	test_no_zombies();
	test_detach();
	test_interrupted();
	test_no_process();
	test_program();
	return check_done();
}
