/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a construct of the shell ends, by sh(1) and bash(1): what is behind it is read as
 * something else. */
#include "shared/shell_lex.h"

#include "base/str.h"
#include "check.h"

#include <errno.h>
#include <stdlib.h>

/* Bytes of their own, without a NUL: nothing may be read behind them. */
static char *bytes(const char *text, size_t len)
{
	char *copy = malloc(len + (len == 0));

	if (!copy)
		abort();
	memcpy(copy, text, len);
	return copy;
}

/* What starts the text ends before `|`; without one it has no end. */
static void test_skip(void)
{
	static const char *const rows[] = {"a|b", "'a'|b", "'a\\'|'", "'a", "\"a\\\"b\"|c", "\"a",
		"\"a\\", "\"$(echo \")\")\"|c", "\"$(a", "\"a$\"|b", "\"$'\"|b", "\\a|b", "\\",
		"`a`|b", "`a\\`b`|c", "`a", "$|", "$|a", "$'a\\'b'|c", "$'a", "${a}|b",
		"${a:-${b}}|c", "${a:-'}'}|b", "${a", "$(a)|b", "$(a (b) c)|d", "$((1+2))|3",
		"$(a 'b)')|c", "$(a", "$(a \"b", "$(#)\n)|a", "$( #)\n)|a", "$(\t#)\n)|a",
		"$(a;#)\n)|b", "$(a\n#)\n)|b", "$((#)\n))|a", "$(a#)|b", "$(a", "$(# a)", "${#a}|b",
		"${a #}|b", "$(a <<E)", "$(a < b)|c", "$(a<)|b", "$(a<"};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *bar = strchr(rows[i], '|');
		size_t end = bar ? (size_t)(bar - rows[i]) : SIZE_MAX, len = strlen(rows[i]);
		_cleanup_(str_free) char *text = strdup(rows[i]);
		check_case("construct %zu", i); /* some have newlines */
		if (!text)
			abort();
		if (bar) {
			memmove(text + end, text + end + 1, len - end);
			len--;
		}
		_cleanup_(str_free) char *exact = bytes(text, len);
		CHECK_INT((long long)scan_skip(exact, 0, len, 0), (long long)end);
	}
}

/* 64 constructs inside of one are read, and not one more. */
static void test_depth(void)
{
	char text[512] = "";

	check_case("constructs inside of each other");
	for (size_t n = 65; n <= 66; n++) {
		size_t at = 0;
		for (size_t i = 0; i < n; i++) {
			text[at++] = '$';
			text[at++] = '{';
		}
		memset(text + at, '}', n);
		at += n;
		CHECK_INT((long long)scan_skip(text, 0, at, 0), n == 65 ? (long long)at : -1);
	}
}

static struct scan scan_of(const char *text, struct err *err)
{
	err->text[0] = '\0';
	return (struct scan){
		.name = "file", .text = text, .len = strlen(text), .line = 1, .err = err};
}

/* What is behind it, and on which line. */
static void check_at(const struct scan *s, const char *rest, size_t line)
{
	CHECK_STR(s->text + s->at, rest);
	CHECK_INT(s->line, line);
}

static void test_brackets(void)
{
	struct err err = {0};

	check_case("[[ ends at ]], over lines, quotes and brackets");
	struct scan s = scan_of(" a == ']]' && ( b ||\n c =~ x]] ) ]] && d", &err);
	CHECK_INT(scan_test(&s), 0);
	check_at(&s, " && d", 2);
	s = scan_of("a == b ]\n]", &err);
	CHECK_INT(scan_test(&s), -EINVAL);
	CHECK_HAS(err.text, "file:2: `[[' has no `]]'");

	check_case("(( ends at ))");
	s = scan_of("1 + (2 *\n3)) 4", &err);
	CHECK_INT(scan_arithmetic(&s), -EINVAL);
	CHECK_HAS(err.text, "file:1: `((' has no `))'");
	s = scan_of("1 + (2 *\n3) )) 4", &err);
	CHECK_INT(scan_arithmetic(&s), 0);
	check_at(&s, " 4", 2);
	s = scan_of("1 + 2", &err);
	CHECK_INT(scan_arithmetic(&s), -EINVAL);
	s = scan_of("1 + 2)", &err);
	CHECK_INT(scan_arithmetic(&s), -EINVAL);

	check_case("NAME () is a function");
	s = scan_of(" ( \\\n)\n\n{ a", &err);
	CHECK_INT(scan_function(&s, (struct span){0}), 1);
	check_at(&s, "{ a", 4);
	s = scan_of(" \\\na", &err);
	CHECK_INT(scan_function(&s, (struct span){0}), 0);
	check_at(&s, " \\\na", 1);
	s = scan_of("( a", &err);
	CHECK_INT(scan_function(&s, (struct span){0}), -EINVAL);
}

static void test_words(void)
{
	struct err err = {0};
	struct span w = {0};

	check_case("the words of a line; redirections are not among them");
	struct scan s = scan_of(" a='b c' >x 2>&1 \\\n d(", &err);
	CHECK_INT(scan_word(&s, &w), 1);
	CHECK(w.begin == 1 && w.end == 8 && w.line == 1);
	CHECK_INT(scan_word(&s, &w), 1);
	check_at(&s, ">&1 \\\n d(", 1);
	CHECK_INT(scan_word(&s, &w), 1);
	CHECK(w.line == 2);
	check_at(&s, "(", 2);
	CHECK_INT(scan_word(&s, &w), 0);
	s = scan_of("> ", &err);
	CHECK_INT(scan_word(&s, &w), -EINVAL);
	CHECK_HAS(err.text, "without a word behind it");

	check_case("an array is one word");
	s = scan_of("a+=(b\n'c)' d) e", &err);
	CHECK_INT(scan_word(&s, &w), 1);
	check_at(&s, " e", 2);
	s = scan_of("a=(b", &err);
	CHECK_INT(scan_word(&s, &w), -EINVAL);
}

static void test_heredocs(void)
{
	struct err err = {0};
	struct span w = {0};

	check_case("here-documents: none is pending");
	struct scan s = scan_of("a\nb", &err);
	CHECK_INT(scan_word(&s, &w), 1);
	CHECK_INT(scan_pending(&s), 0);

	check_case("here-documents: two of one line, in their order");
	s = scan_of("<<'E' <<-F\n\tE\nF\nE\nF x\n\t\tF\nrest", &err);
	CHECK_INT(scan_word(&s, &w), 0);
	CHECK_INT(scan_pending(&s), -EINVAL);
	CHECK_HAS(err.text, "file:1: a here-document has no end");
	CHECK_INT(scan_take(&s, "\n"), 1);
	CHECK_INT(scan_heredocs(&s), 0);
	check_at(&s, "rest", 7);
	CHECK_INT(scan_pending(&s), 0);

	check_case("here-documents: one without an end");
	s = scan_of("<<E\nE x\n", &err);
	CHECK_INT(scan_word(&s, &w), 0);
	CHECK_INT(scan_pending(&s), -EINVAL);
	CHECK_INT(scan_take(&s, "\n"), 1);
	CHECK_INT(scan_heredocs(&s), -EINVAL);
}

int main(void)
{
	test_skip();
	test_depth();
	test_brackets();
	test_words();
	test_heredocs();
	return check_done();
}
