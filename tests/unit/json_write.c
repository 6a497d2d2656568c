/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json_write.h"

#include "check.h"

#include <limits.h>
#include <stdlib.h>

/* A stream into memory, and what was written to it. */
static char *written;
static size_t written_len;

static struct json start(void)
{
	struct json j = {.f = open_memstream(&written, &written_len)};

	if (!j.f)
		abort();
	return j;
}

static void expect(struct json *j, const char *text)
{
	(void)fclose(j->f);
	CHECK_STR(written, text);
	free(written);
}

static void test_shape(void)
{
	struct json j = start();

	check_case("json: objects and arrays in each other, commas between");
	json_open_object(&j, NULL);
	json_int(&j, "version", 1);
	json_null(&j, "off");
	json_open_array(&j, "devices");
	for (int i = 0; i < 2; i++) {
		json_open_object(&j, NULL);
		json_string(&j, "address", "0000:01:00.0");
		json_bool(&j, "bound", i == 0);
		json_close_object(&j);
	}
	json_close_array(&j);
	json_open_array(&j, "errors");
	json_close_array(&j);
	json_string(&j, "after", NULL);
	json_close_object(&j);
	json_end(&j);
	expect(&j,
		"{\"version\":1,\"off\":null,\"devices\":[{\"address\":\"0000:01:00.0\",\"bound\":true},{\"address\":\"0000:01:00.0\",\"bound\":false}],\"errors\":[],\"after\":null}\n");

	check_case("json: the largest numbers");
	j = start();
	json_open_array(&j, NULL);
	json_int(&j, NULL, LLONG_MIN);
	json_int(&j, NULL, LLONG_MAX);
	json_close_array(&j);
	expect(&j, "[-9223372036854775808,9223372036854775807]");
}

static void test_strings(void)
{
	static const struct {
		const char *what, *value, *text;
	} rows[] = {
		{"an empty string", "", "\"\""},
		{"quote and backslash", "a\"b\\c", "\"a\\\"b\\\\c\""},
		{"line feed, tab and DEL", "\n\t\x7f", "\"\\n\\u0009\\u007f\""},
		{"a control character before a digit",
			"\x01"
			"1",
			"\"\\u00011\""},
		{"UTF-8 of two, three and four bytes", "\u00e9\u20ac\U0001f600",
			"\"\u00e9\u20ac\U0001f600\""},
		{"Latin-1", "caf\xe9!", "\"caf\ufffd!\""},
		{"a lone continuation byte", "\x80", "\"\ufffd\""},
		{"an overlong form", "\xc0\xaf", "\"\ufffd\ufffd\""},
		{"an overlong form of three bytes", "\xe0\x80\xaf", "\"\ufffd\ufffd\ufffd\""},
		{"a surrogate", "\xed\xa0\x80", "\"\ufffd\ufffd\ufffd\""},
		{"beyond U+10FFFF", "\xf4\x90\x80\x80", "\"\ufffd\ufffd\ufffd\ufffd\""},
		{"a sequence cut short by the end", "a\xe2\x82", "\"a\ufffd\ufffd\""},
		{"a sequence cut short by a letter", "\xf0\x9f\x98z", "\"\ufffd\ufffd\ufffdz\""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct json j = start();

		check_case("json: %s", rows[i].what);
		json_string(&j, NULL, rows[i].value);
		expect(&j, rows[i].text);
	}

	struct json j = start();
	check_case("json: a key is a string as well");
	json_open_object(&j, NULL);
	json_int(&j, "a\"b", 1);
	json_close_object(&j);
	expect(&j, "{\"a\\\"b\":1}");
}

int main(void)
{
	test_shape();
	test_strings();
	return check_done();
}
