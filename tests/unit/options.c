/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/options.h"

#include "base/str.h"
#include "check.h"

#include <errno.h>

/* What the options of a case are read into; `words` is what --add collects, in order. */
static struct {
	const char *config;
	bool json, verbose;
	char words[100];
} got;

static int add_word(void *to, const char *value, struct err *err)
{
	char *words = to;
	size_t len = strlen(words);

	if (str_equal(value, "bad"))
		return err_set(err, EINVAL, "bad word");
	(void)snprintf(words + len, sizeof(got.words) - len, "[%s]", value);
	return 0;
}

static const struct option_row rows[] = {
	{"config", 'c', "FILE", "the config", &got.config, NULL, NULL, NULL},
	{"connect", 0, NULL, "connect", NULL, &got.verbose, NULL, NULL},
	{"json", 0, NULL, "as JSON", NULL, &got.json, NULL, NULL},
	{"verbose", 'v', NULL, "more", NULL, &got.verbose, NULL, NULL},
	{"add", 0, "WORD", "add", NULL, NULL, add_word, got.words},
	{0},
};

#define ARGS_MAX 8

/* Cuts the line at blanks ('_' stands for an empty word) and reads it; "" where that worked. */
static const char *run(const char *line, char *argv[ARGS_MAX], int *operands)
{
	static char copy[200];
	static struct err err;
	int argc = 1;

	memset(&got, 0, sizeof(got));
	err.text[0] = '\0';
	(void)snprintf(copy, sizeof(copy), "%s", line);
	argv[0] = copy + strlen(copy); /* any text */
	char *save = NULL;
	for (char *w = strtok_r(copy, " ", &save); w && argc < ARGS_MAX - 1;
		w = strtok_r(NULL, " ", &save))
		argv[argc++] = str_equal(w, "_") ? w + 1 : w;
	argv[argc] = NULL;
	*operands = -1;
	int r = options_read(rows, argc, argv, operands, &err);
	if (r < 0) {
		CHECK_INT(r, -EINVAL);
		CHECK(err.text[0] != '\0');
	}
	return err.text;
}

static void test_accepted(void)
{
	char *argv[ARGS_MAX];
	int n;

	check_case("options: nothing");
	CHECK_STR(run("", argv, &n), "");
	CHECK_INT(n, 0);

	check_case("options: --name VALUE, --name=VALUE, -x VALUE; the last one wins");
	CHECK_STR(run("--config a", argv, &n), "");
	CHECK_STR(got.config, "a");
	CHECK_STR(run("--config=b=c", argv, &n), "");
	CHECK_STR(got.config, "b=c");
	CHECK_STR(run("-c d", argv, &n), "");
	CHECK_STR(got.config, "d");
	CHECK_STR(run("--config a -c e", argv, &n), "");
	CHECK_STR(got.config, "e");

	check_case("options: letters in one word, the last with its value in it or behind it");
	CHECK_STR(run("-vc/etc/x one", argv, &n), "");
	CHECK(got.verbose);
	CHECK_STR(got.config, "/etc/x");
	CHECK_INT(n, 1);
	CHECK_STR(run("-c=x -v", argv, &n), "");
	CHECK_STR(got.config, "=x");
	CHECK(got.verbose);
	CHECK_STR(run("-vc x", argv, &n), "");
	CHECK_STR(got.config, "x");
	CHECK_INT(n, 0);

	check_case("options: a beginning that only one name has, with a value");
	CHECK_STR(run("--conf a --js --ad=x", argv, &n), "");
	CHECK_STR(got.config, "a");
	CHECK(got.json);
	CHECK_STR(got.words, "[x]");

	check_case("options: a value may look like an option, and be empty");
	CHECK_STR(run("--config --json", argv, &n), "");
	CHECK_STR(got.config, "--json");
	CHECK(!got.json);
	CHECK_STR(run("--config=", argv, &n), "");
	CHECK_STR(got.config, "");
	CHECK_STR(run("--config _", argv, &n), "");
	CHECK_STR(got.config, "");

	check_case("options: before and after operands, whose order stays");
	CHECK_STR(run("one --json two -v three", argv, &n), "");
	CHECK_INT(n, 3);
	CHECK_STR(argv[1], "one");
	CHECK_STR(argv[2], "two");
	CHECK_STR(argv[3], "three");
	CHECK(got.json && got.verbose);

	check_case("options: -- ends them, - is an operand");
	CHECK_STR(run("- -- --json -v --", argv, &n), "");
	CHECK_INT(n, 4);
	CHECK_STR(argv[1], "-");
	CHECK_STR(argv[2], "--json");
	CHECK_STR(argv[4], "--");
	CHECK(!got.json && !got.verbose);

	check_case("options: repeatable ones keep their order");
	CHECK_STR(run("--add a --add=b --add a", argv, &n), "");
	CHECK_STR(got.words, "[a][b][a]");
}

static void test_refused(void)
{
	static const struct {
		const char *line, *part;
	} rows_refused[] = {
		{"--no-such", "--no-such"},
		{"-x", "-x"},
		{"-\xc3\xa9", "unknown option -?"},
		{"-:", "unknown option -:"},
		{"--con", "option --con is ambiguous: --config or --connect"},
		{"--c a", "--config or --connect"},
		{"--confg a", "did you mean --config?"},
		{"--jsn", "did you mean --json?"},
		{"--verbsoe=1", "did you mean --verbose?"},
		{"--xyz", "--help lists them"},
		{"-vx", "unknown option -x"},
		{"-vc", "--config FILE"},
		{"--config", "--config FILE"},
		{"one -c", "--config FILE"},
		{"--json=yes", "--json"},
		{"--add bad", "bad word"},
		{"--=x", "--=x"},
	};
	char *argv[ARGS_MAX];
	int n;

	for (size_t i = 0; i < sizeof(rows_refused) / sizeof(*rows_refused); i++) {
		check_case("options: refuses '%s'", rows_refused[i].line);
		CHECK_HAS(run(rows_refused[i].line, argv, &n), rows_refused[i].part);
		CHECK_INT(n, -1);
	}
}

int main(void)
{
	test_accepted();
	test_refused();
	return check_done();
}
