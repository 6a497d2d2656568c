/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/table.h"

#include "check.h"

#include <stdlib.h>

static const char *printed(struct table *t)
{
	static char text[1000];
	FILE *f = fmemopen(text, sizeof(text), "w");

	memset(text, 0, sizeof(text));
	table_print(t, f);
	(void)fclose(f);
	table_done(t);
	return text;
}

int main(void)
{
	static const struct table_column columns[] = {
		{.name = "NO", .right = true}, {.name = "NAME"}, {.name = "WHY"}};
	static const struct table_column bare[] = {{.name = NULL, .right = true}, {.name = NULL}};
	static const char *const names[] = {"a", "Gr\xc3\xb6\xc3\x9f\x65",
		"\xe6\xbc\xa2\xe5\xad\x97", NULL, "a name that is longer than the others"};
	struct table t;

	check_case("table: as wide as what is in it, whatever the locale");
	table_open(&t, columns, 3);
	for (size_t i = 0; i < 5; i++) {
		const char *const cells[] = {i ? "12" : "1", names[i]};
		table_row(&t, cells, "why %zu", i);
	}
	CHECK_STR(printed(&t),
		"NO  NAME                                   WHY\n"
		" 1  a                                      why 0\n"
		"12  Gr\xc3\xb6\xc3\x9f"
		"e                                  why 1\n"
		"12  \xe6\xbc\xa2\xe5\xad\x97                                   why 2\n"
		"12                                         why 3\n"
		"12  a name that is longer than the others  why 4\n");

	check_case("table: no escape sequence reaches the terminal");
	table_open(&t, columns, 3);
	table_row(&t, (const char *const[]){"1", "\033[1mx"}, "why");
	CHECK(!strchr(printed(&t), '\033'));

	check_case("table: without headings");
	table_open(&t, bare, 2);
	table_row(&t, (const char *const[]){"9"}, "nine");
	table_row(&t, (const char *const[]){"10"}, "ten");
	CHECK_STR(printed(&t), " 9  nine\n10  ten\n");

	check_case("table: nothing at all without a row");
	table_open(&t, columns, 3);
	CHECK_STR(printed(&t), "");
	return check_done();
}
