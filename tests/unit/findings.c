/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --fix runs, how often, and for which answers. */
#include "cli/findings.h"

#include "check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64], command[128];

/* The person's answers stand on standard input. */
static enum fix_result fix(struct findings *f, bool yes, const char *answers)
{
	int ends[2];

	if (!CHECK_INT(pipe(ends), 0))
		return FIX_FAILED;
	CHECK_INT(write(ends[1], answers, strlen(answers)), (long long)strlen(answers));
	(void)close(ends[1]);
	(void)dup2(ends[0], STDIN_FILENO);
	(void)close(ends[0]);
	clearerr(stdin);
	/* What it asks is no line of the protocol. */
	(void)fflush(stdout);
	int out = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	(void)dup2(null, STDOUT_FILENO);
	enum fix_result result = findings_fix(f, yes);
	(void)fflush(stdout);
	(void)dup2(out, STDOUT_FILENO);
	(void)close(out);
	(void)close(null);
	return result;
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
	CHECK_INT(fix(&f, true, ""), FIX_ALL);
	CHECK(made());
	CHECK(f.at[1].fixed && f.at[2].fixed && !f.at[0].fixed);

	check_case("y runs it");
	CHECK_INT(fix(&f, false, "y\n"), FIX_ALL);
	CHECK(made());

	check_case("an empty answer, n and the end of input do not");
	f.at[1].fixed = f.at[2].fixed = false;
	CHECK_INT(fix(&f, false, "\n"), FIX_NOT_ALL);
	CHECK(!made());
	CHECK_INT(fix(&f, false, "n\n"), FIX_NOT_ALL);
	CHECK(!made());
	CHECK_INT(fix(&f, false, ""), FIX_NOT_ALL);
	CHECK(!made());

	check_case("a command that fails is told");
	CHECK_INT(mkdir(path, 0755), 0);
	CHECK_INT(fix(&f, true, ""), FIX_FAILED);
	CHECK(made());
	CHECK(!f.at[1].fixed && !f.at[2].fixed);

	check_case("one that is not there is told, and the next one runs");
	findings_add(&f, false, "d", "why", "/nowhere/at/all", "none");
	CHECK_INT(fix(&f, true, ""), FIX_FAILED);
	CHECK(made());

	check_case("what is wrong and has no command is not mended by the others");
	findings_done(&f);
	findings_add(&f, true, "a", "why", NULL, "no command");
	findings_add(&f, true, "b", "why", command, "a command");
	CHECK_INT(fix(&f, true, ""), FIX_NOT_ALL);
	CHECK(made());
	findings_done(&f);

	check_case("what is wrong counts, a note does not");
	findings_add(&f, true, "a", "why", NULL, "wrong");
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
