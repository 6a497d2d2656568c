/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written is read by the reader of images; tests/unit/image has cpio(1) read it. */
#include "host/cpio_write.h"

#include "check.h"
#include "host/initrd.h"

#include <string.h>

#define HEADER 110

/* The field of an entry that begins at `at`: 8 digits, the first one after the magic is 0. */
static unsigned long field(const struct text *t, size_t at, unsigned number)
{
	char digits[9] = "";

	memcpy(digits, t->data + at + 6 + (size_t)8 * number, 8);
	return strtoul(digits, NULL, 16);
}

/* The names of all entries in order, each with its mode. */
static void list(const struct text *t, struct text *ret)
{
	size_t at = 0;

	while (at + HEADER < t->len && memcmp(t->data + at, "070701", 6) == 0) {
		unsigned long name_size = field(t, at, 11), size = field(t, at, 6);
		text_print(ret, "%s%lo %s", ret->len > 0 ? "," : "", field(t, at, 1),
			t->data + at + HEADER);
		CHECK_INT(field(t, at, 2), 0);
		CHECK_INT(field(t, at, 3), 0);
		CHECK_INT(field(t, at, 5), 0);
		at = (at + HEADER + name_size + 3) / 4 * 4;
		at = (at + size + 3) / 4 * 4;
	}
	for (; at < t->len && t->data[at] == '\0'; at++)
		;
	CHECK_INT(at, t->len);
}

static void fill(struct cpio_write *w)
{
	cpio_add_file(w, "a/b/one", 0644, "12345", 5);
	cpio_add_link(w, "a/c/link", "../b/one");
	cpio_add_file(w, "a/b/none", 0755, "", 0);
	cpio_end(w);
}

static void test_layout(void)
{
	_cleanup_(cpio_write_done) struct cpio_write w = {0};
	_cleanup_(text_done) struct text names = {0};

	check_case("directories come once, before what is in them");
	fill(&w);
	CHECK(!w.out.failed);
	list(&w.out, &names);
	CHECK_STR(names.data,
		"40755 a,40755 a/b,100644 a/b/one,40755 a/c,120777 a/c/link,100755 a/b/none,0 TRAILER!!!");
	check_case("another archive may follow");
	CHECK_INT(w.out.len % 512, 0);
}

static void test_same(void)
{
	_cleanup_(cpio_write_done) struct cpio_write one = {0}, other = {0};

	check_case("the same content makes the same bytes");
	fill(&one);
	fill(&other);
	CHECK(one.out.len == other.out.len &&
		memcmp(one.out.data, other.out.data, one.out.len) == 0);
}

static void test_read(void)
{
	_cleanup_(cpio_write_done) struct cpio_write w = {0};
	struct cpio_search s = {.wanted = "a/b/one", .max = 100};

	check_case("what is written is read");
	fill(&w);
	CHECK_INT(cpio_search_feed(&s, w.out.data, w.out.len), (ssize_t)w.out.len);
	CHECK(s.found && s.ended && cpio_search_is_whole(&s));
	CHECK_STR(s.content.data, "12345");
	text_done(&s.content);
}

int main(void)
{
	test_layout();
	test_same();
	test_read();
	return check_done();
}
