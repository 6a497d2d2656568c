/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written on a terminal of 40 columns, and into a file. */
#include "shared/term.h"

#include "base/log.h"
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define OUTPUT_MAX 2048

static char shown[OUTPUT_MAX];

static void rows(FILE *f)
{
	term_row(f, "a    b", "%s", "fits");
	term_row(f, "one two", "%s", "three four five six seven eight nine");
	term_row(f, "0000:01:00.0 bind  -   ", "one %d\033 four five six seven eight nine", 3);
}

static void whole(FILE *f)
{
	struct term p;

	term_open(&p, f, COLOUR_NEVER);
	term_line(&p, 6);
	term_whole(&p, GOOD, "$ %s", "a-command-that-is-longer-than-the-whole-terminal is wide");
	term_end(&p);
}

static void story(FILE *f)
{
	(void)fflush(f);
	int errors = dup(STDERR_FILENO);
	(void)dup2(fileno(f), STDERR_FILENO);
	log_open("test", LOG_TO_STDERR, false);
	log_wrap(term_terminal(STDERR_FILENO)); /* as the mains do */
	log_print(LOG_WARNING, "%s", "123456789012345678901234567 123456789 1234567 1");
	log_print(LOG_NOTICE, "a line of forty columns, not of one mor");
	log_close();
	(void)dup2(errors, STDERR_FILENO);
	(void)close(errors);
}

/* All that a piece writes, with a terminal at the other end; carriage returns are the terminal's.
 */
static const char *on_terminal(void (*piece)(FILE *))
{
	const struct winsize size = {.ws_row = 24, .ws_col = 40};
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	size_t n = 0;

	shown[0] = '\0';
	if (!CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0))
		return shown;
	FILE *f = fopen(ptsname(master), "r+e");
	if (!CHECK(f) || !CHECK(ioctl(fileno(f), TIOCSWINSZ, &size) == 0))
		return shown;
	piece(f);
	(void)fflush(f);
	/* One that is open at both ends has no end of file. */
	struct pollfd p = {.fd = master, .events = POLLIN};
	while (n < OUTPUT_MAX - 1 && poll(&p, 1, 200) == 1) {
		char c;
		if (read(master, &c, 1) != 1)
			break;
		if (c != '\r')
			shown[n++] = c;
	}
	shown[n] = '\0';
	(void)fclose(f);
	(void)close(master);
	return shown;
}

static const char *in_file(void (*piece)(FILE *))
{
	FILE *f = tmpfile();

	shown[0] = '\0';
	if (!CHECK(f))
		return shown;
	piece(f);
	(void)fflush(f);
	rewind(f);
	shown[fread(shown, 1, OUTPUT_MAX - 1, f)] = '\0';
	(void)fclose(f);
	return shown;
}

int main(void)
{
	check_case("a row with its sentence, where it fits and where not");
	CHECK_STR(on_terminal(rows),
		"a    b fits\none two three four five six seven eight\n        nine\n0000:01:00.0 bind  -\n    one 3? four five six seven eight\n    nine\n");
	check_case("... and in a file");
	CHECK_STR(in_file(rows),
		"a    b fits\none two three four five six seven eight nine\n0000:01:00.0 bind  -    one 3\033 four five six seven eight nine\n");

	check_case("what is to be copied is not cut");
	CHECK_STR(on_terminal(whole),
		"      $ a-command-that-is-longer-than-the-whole-terminal is wide\n");

	check_case("the log breaks a line at a blank");
	CHECK_STR(on_terminal(story),
		"test: warning:\n123456789012345678901234567 123456789\n1234567 1\n"
		"test: a line of forty columns, not of\none mor\n");
	check_case("... and not in a file");
	CHECK_STR(in_file(story), "test: warning: 123456789012345678901234567 123456789 1234567 1\n"
				  "test: a line of forty columns, not of one mor\n");
	return check_done();
}
