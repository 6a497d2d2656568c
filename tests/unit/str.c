/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/str.h"

#include "base/err.h"
#include "check.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

static void test_hex(void)
{
	static const struct {
		const char *text;
		unsigned digits;
		bool ok;
		uint32_t value;
		const char *rest;
	} rows[] = {
		{"0", 4, true, 0, ""}, {"10de:2204", 4, true, 0x10de, ":2204"},
		{"AbCd", 4, true, 0xabcd, ""}, {"ffffffff", 8, true, 0xffffffff, ""},
		{"1f.7", 2, true, 0x1f, ".7"},
		{"12345", 4, false, 0, ""}, /* one digit too many is no shorter number */
		{"", 4, false, 0, ""}, {"-1", 4, false, 0, ""}, {"+1", 4, false, 0, ""},
		{" 1", 4, false, 0, ""}, {"g", 4, false, 0, ""},
		{"0x10", 4, true, 0, "x10"}, /* no prefix is read: what follows is the caller's */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *s = rows[i].text;
		uint32_t value = 0x5a5a5a5a;

		check_case("str_hex(\"%s\", %u)", rows[i].text, rows[i].digits);
		CHECK_INT(str_hex(&s, rows[i].digits, &value), rows[i].ok);
		if (rows[i].ok) {
			CHECK_INT(value, rows[i].value);
			CHECK_STR(s, rows[i].rest);
		} else {
			CHECK_INT(value, 0x5a5a5a5a);
			CHECK(s == rows[i].text);
		}
	}
}

static void test_decimal(void)
{
	static const struct {
		const char *text;
		unsigned long max;
		bool ok;
		unsigned long value;
	} rows[] = {
		{"0", 0, true, 0},
		{"1", 0, false, 0},
		{"9", 8, false, 0},
		{"10", 10, true, 10},
		{"11", 10, false, 0},
		{"007", 7, true, 7},
		{"18446744073709551615", ULONG_MAX, true, ULONG_MAX},
		{"18446744073709551616", ULONG_MAX, false, 0},
		{"99999999999999999999999", ULONG_MAX, false, 0},
		{"", 10, false, 0},
		{"+1", 10, false, 0},
		{"-1", 10, false, 0},
		{" 1", 10, false, 0},
		{"1 ", 10, false, 0},
		{"0x1", 10, false, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		unsigned long value = 4711;

		check_case("str_decimal(\"%s\", %lu)", rows[i].text, rows[i].max);
		CHECK_INT(str_decimal(rows[i].text, rows[i].max, &value), rows[i].ok);
		CHECK(value == (rows[i].ok ? rows[i].value : 4711));
	}
}

static void test_compare(void)
{
	check_case("str_equal, str_starts, str_ends");
	CHECK(str_equal("a", "a"));
	CHECK(!str_equal("a", "ab"));
	CHECK(!str_equal("ab", "a"));
	CHECK(str_starts("vfio_bind=off", "vfio_bind="));
	CHECK(str_starts("a", ""));
	CHECK(str_ends("a.conf", ".conf"));
	CHECK(str_ends(".conf", ".conf"));
	CHECK(!str_ends("conf", ".conf"));
	CHECK(!str_ends("a.conf.bak", ".conf"));
	CHECK(str_ends("a", ""));
	CHECK(!str_starts("vfio", "vfio_bind"));
}

static void test_text(void)
{
	struct text t = {0};

	check_case("text: empty, and emptied twice");
	CHECK(t.data == NULL);
	text_done(&t);
	text_done(&t);
	CHECK(t.data == NULL && t.len == 0);

	check_case("text: bytes and words, the zero byte among them");
	text_add(&t, "a\0b", 3);
	text_print(&t, "-%s-%d", "x", 7);
	CHECK(!t.failed);
	CHECK_INT(t.len, 7);
	CHECK(memcmp(t.data, "a\0b-x-7", 8) == 0);
	text_done(&t);

	check_case("text: grows over every border of its buffer");
	size_t wanted = 0;
	for (unsigned i = 0; i < 700; i++) {
		char piece[701];
		memset(piece, 'a' + (int)(i % 26), i);
		piece[i] = '\0';
		if (i % 2)
			text_print(&t, "%s", piece);
		else
			text_add(&t, piece, i);
		wanted += i;
		if (t.len != wanted || t.data[t.len] != '\0')
			break;
	}
	CHECK_INT(t.len, wanted);
	CHECK(!t.failed && t.size > t.len);
	text_done(&t);

	check_case("text: a size nobody has fails, and stays failed");
	text_add(&t, "kept", 4);
	text_add(&t, "x", SIZE_MAX / 2);
	CHECK(t.failed);
	text_print(&t, "more");
	CHECK_STR(t.data, "kept");
	text_done(&t);
}

static void test_err(void)
{
	struct err err;
	char big[1000];

	check_case("err_set: the text, and the code negated");
	CHECK_INT(err_set(&err, EINVAL, "%s:%d: no", "f", 3), -EINVAL);
	CHECK_STR(err.text, "f:3: no");

	check_case("err_set: nobody listens");
	CHECK_INT(err_set(NULL, ENOMEM, "%d", 1), -ENOMEM);

	check_case("err_set: an overlong text is cut and ended");
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	CHECK_INT(err_set(&err, EIO, "%s", big), -EIO);
	CHECK_INT(strlen(err.text), sizeof(err.text) - 1);
}

int main(void)
{
	test_hex();
	test_decimal();
	test_compare();
	test_text();
	test_err();
	return check_done();
}
