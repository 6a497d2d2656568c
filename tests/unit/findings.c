/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --fix runs, how often, and for which answers. */
#include "cmd/findings.h"

#include "check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64], command[128];

/* The person's answers stand on standard input. */
static bool fix(const struct findings *f, bool yes, const char *answers)
{
	int ends[2];

	if (!CHECK_INT(pipe(ends), 0))
		return false;
	CHECK_INT(write(ends[1], answers, strlen(answers)), (long long)strlen(answers));
	(void)close(ends[1]);
	(void)dup2(ends[0], STDIN_FILENO);
	(void)close(ends[0]);
	clearerr(stdin);
	/* What it asks is no line of the protocol. */
	(void)fflush(stdout);
	int out = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	(void)dup2(null, STDOUT_FILENO);
	bool good = findings_fix(f, yes);
	(void)fflush(stdout);
	(void)dup2(out, STDOUT_FILENO);
	(void)close(out);
	(void)close(null);
	return good;
}

static bool made(void)
{
	bool there = access(path, F_OK) == 0;

	(void)rmdir(path);
	return there;
}

static void test_fix(void)
{
	struct findings f = {0};

	findings_add(&f, false, "a", "why", NULL, "no command");
	findings_add(&f, true, "b", "why", command, "a command of %d", 1);
	findings_add(&f, false, "c", "why", command, "the same command, which would fail twice");

	check_case("--yes runs a command once, and asks nothing");
	CHECK(fix(&f, true, ""));
	CHECK(made());

	check_case("y runs it");
	CHECK(fix(&f, false, "y\n"));
	CHECK(made());

	check_case("an empty answer, n and the end of input do not");
	CHECK(fix(&f, false, "\n"));
	CHECK(!made());
	CHECK(fix(&f, false, "n\n"));
	CHECK(!made());
	CHECK(fix(&f, false, ""));
	CHECK(!made());

	check_case("a command that fails is told");
	CHECK_INT(mkdir(path, 0755), 0);
	CHECK(!fix(&f, true, ""));
	CHECK(made());

	check_case("one that is not there is told, and the next one runs");
	findings_add(&f, false, "d", "why", "/nowhere/at/all", "none");
	CHECK(!fix(&f, true, ""));
	CHECK(made());

	check_case("what is wrong counts, a note does not");
	CHECK(findings_hold_wrong(&f));
	findings_done(&f);
	findings_add(&f, false, "a", "why", NULL, "a note");
	CHECK(!findings_hold_wrong(&f));
	findings_done(&f);
}

int main(void)
{
	const char *temp = getenv("TMPDIR");

	(void)snprintf(
		path, sizeof(path), "%.32s/vfio-bind-fix-%d", temp ? temp : "/tmp", (int)getpid());
	(void)snprintf(command, sizeof(command), "/bin/mkdir %s", path);
	test_fix();
	return check_done();
}
