/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/tabfile.h"
#include "shared/mounts.h"

#include "check.h"

#include <stdlib.h>

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

static void test_device(void)
{
	static const char *const bad[] = {"", ":", "8", "8:", ":1", "8:1:2", "8:x", "-8:1", "8: 1",
		"4294967296:0", "00000000000000000000000000000008:1"};
	unsigned major, minor;

	check_case("tables: device numbers");
	CHECK(tabfile_device("259:2", &major, &minor));
	CHECK_INT(major, 259);
	CHECK_INT(minor, 2);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(!tabfile_device(bad[i], &major, &minor));
}

static void test_mounts(void)
{
	static const char text[] =
		"27 1 259:2 / / rw,relatime shared:1 master:2 - ext4 /dev/nvme0n1p2 rw,errors=x\n"
		"28 27 0:30 /@ /srv\\040two rw - btrfs /dev/sda3 rw\n"
		"not a mount\n"
		"29 27 x:1 / /bad rw - ext4 /dev/sda1 rw\n"
		"30 27 8:1 / /short rw - ext4\n"
		"31 27 8:2 / /srv/deep rw - xfs /dev/sdb\n"
		"32 27 8:3 / /srv/deep rw - xfs /dev/sdc rw\n";
	struct mount_table m;

	check_case("mountinfo: what the kernel writes, with and without optional fields");
	CHECK_INT(mount_table_parse(&m, strdup(text)), 0);
	CHECK_INT(m.n, 4);
	const struct mount_row *root = mount_table_at(&m, "/");
	if (CHECK(root)) {
		CHECK_INT(root->major, 259);
		CHECK_STR(root->type, "ext4");
		CHECK_STR(root->source, "/dev/nvme0n1p2");
		CHECK_STR(root->options, "rw,errors=x");
	}
	CHECK(mount_table_at(&m, "/srv two") != NULL);
	CHECK(mount_table_at(&m, "/srv") == NULL);

	check_case("mountinfo: of two on one point the later hides the first");
	CHECK_INT(mount_table_at(&m, "/srv/deep")->minor, 3);

	check_case("mountinfo: the mount that a path lies on");
	CHECK_STR(mount_table_of(&m, "/swapfile")->point, "/");
	CHECK_STR(mount_table_of(&m, "/")->point, "/");
	CHECK_STR(mount_table_of(&m, "/srv two/file")->point, "/srv two");
	CHECK_STR(mount_table_of(&m, "/srv twofold")->point, "/");
	CHECK_INT(mount_table_of(&m, "/srv/deep/er")->minor, 3);
	mount_table_done(&m);

	check_case("mountinfo: empty");
	CHECK_INT(mount_table_parse(&m, strdup("")), 0);
	CHECK(mount_table_of(&m, "/") == NULL);
	mount_table_done(&m);
}

int main(void)
{
	test_lines_and_words();
	test_options();
	test_device();
	test_mounts();
	return check_done();
}
