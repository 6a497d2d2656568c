/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real children that hang, die and are late: the parent always comes back, with a word on each
 * step. */
#include "bind/child.h"

#include "check.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEPS 12

enum what { WORK, HANG, HANG_LONG, DIE, ABORT, EXIT, SLOW };

/* In shared memory: how often each step ran, and by whom. */
struct trace {
	enum what what[STEPS];
	unsigned runs[STEPS];
	pid_t who[STEPS];
	unsigned order[STEPS * 2], n;
	uint8_t state[STEPS];
};

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
	}
}

static unsigned patience(void *to, size_t i)
{
	const struct trace *t = to;

	return t->what[i] == HANG_LONG ? 60000 : 300;
}

static struct trace *new_trace(void)
{
	struct trace *t = child_shared(sizeof(*t));

	if (!t)
		abort();
	return t;
}

/* Runs n steps within ms and gives back how long that took. */
static int64_t walk(struct trace *t, size_t n, int64_t ms, int expect)
{
	const struct child_list list = {
		.n = n, .run = run, .patience = patience, .to = t, .state = t->state};
	struct err err = {""};
	int64_t began = child_now();

	CHECK_INT(child_run(&list, began + ms, &err), expect);
	return child_now() - began;
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
	CHECK_INT(t->state[2], STEP_HUNG);
	CHECK_INT(t->state[3], STEP_LEFT);
	CHECK_INT(t->runs[3], 0);
	CHECK(took >= 1500 && took < 5000);

	t = new_trace();
	check_case("a deadline that has passed: nothing is begun");
	CHECK(walk(t, 4, -1, 0) < 500);
	for (unsigned i = 0; i < 4; i++)
		CHECK_INT(t->state[i], STEP_LEFT);
	CHECK_INT(t->n, 0);

	t = new_trace();
	check_case("the deadline amid work that does not hang");
	for (unsigned i = 0; i < STEPS; i++)
		t->what[i] = SLOW;
	CHECK(walk(t, STEPS, 400, 0) < 1500);
	CHECK_INT(t->state[0], STEP_DONE);
	CHECK_INT(t->state[STEPS - 1], STEP_LEFT);
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
		left += t->state[i] == STEP_LEFT;
	}
	CHECK_INT(died, CHILDREN_MAX);
	CHECK_INT(left, STEPS - CHILDREN_MAX);
}

static void test_no_zombies(void)
{
	check_case("children that ended are waited for");
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
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
		int let_go = -1;
		int64_t began = child_now();

		check_case("%s", rows[i].name);
		int wait = child_detach(&let_go, &err);
		if (wait == 0) {
			if (rows[i].says)
				child_let_go(&let_go);
			if (rows[i].dies)
				_exit(0);
			(void)usleep(300 * 1000);
			/* The waiter has gone by now: neither word nor silence may kill us. */
			child_let_go(&let_go);
			t->n = 1;
			_exit(0);
		}
		CHECK(wait > 0);
		CHECK_INT(child_wait(wait, 5000), 0);
		CHECK(child_now() - began < 250);
		(void)close(wait);
		CHECK_INT(waitpid(-1, NULL, 0) > 0, 1);
		CHECK_INT(t->n, rows[i].dies ? 0 : 1);
	}

	check_case("a waiter that has gone does not kill the worker");
	struct trace *t = new_trace();
	struct err err = {""};
	int let_go = -1, wait = child_detach(&let_go, &err);
	if (wait == 0) {
		(void)usleep(100 * 1000);
		child_let_go(&let_go);
		t->n = 1;
		_exit(0);
	}
	(void)close(wait);
	CHECK_INT(waitpid(-1, NULL, 0) > 0, 1);
	CHECK_INT(t->n, 1);

	check_case("a worker that says nothing is waited for no longer than told");
	wait = child_detach(&let_go, &err);
	if (wait == 0) {
		(void)usleep(400 * 1000);
		_exit(0);
	}
	CHECK_INT(child_wait(wait, 50), -ETIMEDOUT);
	(void)close(wait);
	CHECK_INT(waitpid(-1, NULL, 0) > 0, 1);

	check_case("letting go of nothing is nothing");
	let_go = -1;
	child_let_go(&let_go);
	CHECK_INT(let_go, -1);
}

int main(void)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0); /* no child may print what its parent buffered */
	test_all_well();
	test_bad_step(HANG, "hangs", STEP_HUNG);
	test_bad_step(DIE, "is killed", STEP_DIED);
	test_bad_step(ABORT, "aborts", STEP_DIED);
	test_bad_step(EXIT, "ends its child", STEP_DIED);
	test_late();
	test_fork_bomb();
	test_no_zombies();
	test_detach();
	return check_done();
}
