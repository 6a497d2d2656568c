/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/json_read.h"

#include "check.h"

#include <stdlib.h>

static struct json_object *j;

static bool parse(const char *text)
{
	struct err err = {""};
	bool good = json_parse(&j, text, strlen(text), &err) == 0;

	if (!good)
		CHECK(err.text[0] != '\0');
	return good;
}

/* The text of a member of the whole. */
static void check_text(const char *key, const char *expected)
{
	char *text = json_text_of(json_member(j, key));

	CHECK_STR(text, expected);
	free(text);
}

static void test_values(void)
{
	long long n;

	check_case("json_read: members, whatever stands around them");
	if (!CHECK(parse(
		    " {\"a\" : \"x\",\"more\":[1,{\"a\":2},[]],\t\"b\":-7,\"n\":null,\"t\":true}\r\n")))
		return;
	check_text("a", "x");
	check_text("more", NULL);
	check_text("none", NULL);
	CHECK(json_number_of(json_member(j, "b"), &n));
	CHECK_INT(n, -7);
	CHECK(!json_member(j, "n") && !json_number_of(json_member(j, "t"), &n));
	CHECK(!json_member(json_member(j, "b"), "a"));
	CHECK_INT(json_count(j), 5);

	check_case("json_read: elements, one behind the other");
	const struct json_object *array = json_member(j, "more");
	CHECK_INT(json_count(array), 3);
	CHECK(json_number_of(json_element(array, 0), &n));
	CHECK(json_number_of(json_member(json_element(array, 1), "a"), &n));
	CHECK_INT(n, 2);
	CHECK_INT(json_count(json_element(array, 2)), 0);
	CHECK(!json_element(array, 3) && !json_element(j, 0));
	json_done(&j);

	check_case("json_read: of a key that stands twice the last counts");
	if (CHECK(parse("{\"a\":\"1\",\"\\u0061\":\"2\"}")))
		check_text("a", "2");
	json_done(&j);
}

static void test_strings(void)
{
	check_case("json_read: every escape");
	if (CHECK(parse("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20ac\\ud83d\\ude00\"}")))
		check_text("a", "\"\\/\b\f\n\r\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	json_done(&j);

	check_case("json_read: what no text can hold becomes U+FFFD");
	if (CHECK(parse("{\"a\":\"\\u0000\\ud800x\\udc00\\ud800\\u0041\"}")))
		check_text("a", "\xef\xbf\xbd\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd"
				"A");
	json_done(&j);
}

static void test_numbers(void)
{
	static const char *const good[] = {"0", "-0", "1.5", "1e9", "1E+9", "-12.25e-3",
		"9223372036854775807", "-9223372036854775808"};
	static const char *const bad[] = {
		"01", "+1", ".5", "1e", "-", "0x1", "1e+", "--1", "NaN", "Infinity"};
	long long n;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		check_case("json_read: %s is a number", good[i]);
		if (CHECK(parse(good[i])))
			CHECK_INT(json_number_of(j, &n), !strpbrk(good[i], ".eE"));
		json_done(&j);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		check_case("json_read: %s is none", bad[i]);
		CHECK(!parse(bad[i]));
	}
	check_case("json_read: a number that is too large for us is one, but none to use");
	if (CHECK(parse("9223372036854775808")))
		CHECK(!json_number_of(j, &n));
	json_done(&j);
}

static void test_errors(void)
{
	static const char *const bad[] = {"", " ", "{", "[", "[1", "[1,", "[1,]", "[,1]", "{\"a\"}",
		"{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}", "{\"a\":1]", "[1}", "\"a", "\"a\nb\"",
		"\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\xff\"", "\"\xc3\"", "\"\xed\xa0\x80\"",
		"tru", "nul", "truefalse", "1 2", "[] []", "\xef\xbb\xbf{}", "[1]x", "// a\n1"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		check_case("json_read: no JSON, number %zu", i);
		CHECK(!parse(bad[i]));
	}

	struct err err = {""};
	check_case("json_read: an error names its place");
	CHECK_INT(json_parse(&j, "{\n \"a\": x}", 10, &err), -22);
	CHECK_STR(err.text, "no JSON: line 2, byte 8: unexpected character");

	check_case("json_read: a NUL within the text is an error");
	CHECK_INT(json_parse(&j, "[1\0,2]", 6, &err), -22);

	check_case("json_read: the number of values has a bound");
	static char many[1 << 20];
	memset(many, '[', sizeof(many));
	CHECK_INT(json_parse(&j, many, sizeof(many) - 1, &err), -27);

	check_case("json_read: depth has a bound");
	char deep[2 * JSON_DEPTH_MAX + 3];
	for (size_t depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
		memset(deep, '[', depth);
		memset(deep + depth, ']', depth);
		deep[2 * depth] = '\0';
		CHECK_INT(parse(deep), depth == JSON_DEPTH_MAX);
	}
	json_done(&j);
}

int main(void)
{
	test_values();
	test_strings();
	test_numbers();
	test_errors();
	return check_done();
}
