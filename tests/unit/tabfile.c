/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/tabfile.h"

#include "check.h"

static void test_lines_and_words(void)
{
	char text[] = "\n# a comment\n  one\ttwo\\040words  \\134 \\9 x\\04\n\n#tail\nlast";
	char *rest = text, *line, *words[8];

	check_case("tables: comments and empty lines are passed over, escapes are undone");
	line = tabfile_line(&rest, true);
	CHECK_INT(tabfile_words(line, words, 8), 5);
	CHECK_STR(words[0], "one");
	CHECK_STR(words[1], "two words");
	CHECK_STR(words[2], "\\");
	CHECK_STR(words[3], "\\9");
	CHECK_STR(words[4], "x\\04");
	CHECK_STR(tabfile_line(&rest, true), "last");
	CHECK_STR(tabfile_line(&rest, true), NULL);

	check_case("tables: of more words than were asked for the rest is left");
	char many[] = "a b c d";
	CHECK_INT(tabfile_words(many, words, 2), 2);
	CHECK_STR(words[1], "b");
}

static void test_crypttab(void)
{
	char text[] =
		"# name device\nroot UUID=1 none luks,tpm2-device=auto\nalone\nswap /dev/sda2\n";
	char *rest = text;
	struct crypttab_row row;

	check_case("crypttab: lines that name a device, with and without a key and options");
	if (CHECK(crypttab_next(&rest, &row))) {
		CHECK_STR(row.name, "root");
		CHECK_STR(row.device, "UUID=1");
		CHECK_STR(row.key, "none");
		CHECK(tabfile_option(row.options, "tpm2-device"));
	}
	if (CHECK(crypttab_next(&rest, &row))) {
		CHECK_STR(row.name, "swap");
		CHECK_STR(row.key, "");
		CHECK_STR(row.options, "");
	}
	CHECK(!crypttab_next(&rest, &row));
}

static void test_options(void)
{
	char value[8];

	check_case("tables: options by their whole name");
	CHECK(tabfile_option("noauto", "noauto"));
	CHECK(tabfile_option("ro,noauto", "noauto"));
	CHECK(tabfile_option("ro,nofail,x", "nofail"));
	CHECK(!tabfile_option("ro,noautox", "noauto"));
	CHECK(!tabfile_option("xnoauto", "noauto"));
	CHECK(!tabfile_option("", "noauto"));
	CHECK(tabfile_option("addr=1,x", "addr"));

	check_case("tables: the value of an option");
	CHECK(tabfile_option_value("rw,addr=10.0.0,x", "addr", value, sizeof(value)));
	CHECK_STR(value, "10.0.0");
	CHECK(!tabfile_option_value("rw,addr=10.0.0.1", "addr", value, sizeof(value)));
	CHECK(!tabfile_option_value("rw,addr,x", "addr", value, sizeof(value)));
	CHECK(!tabfile_option_value("clientaddr=1", "addr", value, sizeof(value)));
	CHECK(tabfile_option_value("addr=", "addr", value, sizeof(value)));
	CHECK_STR(value, "");
}

int main(void)
{
	test_lines_and_words();
	test_crypttab();
	test_options();
	return check_done();
}
