/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/mounts.h"

#include "base/str.h"
#include "check.h"

#include <stdlib.h>

static void test_mounts(void)
{
	static const char text[] =
		"27 1 259:2 / / rw,relatime shared:1 master:2 - ext4 /dev/nvme0n1p2 rw,errors=x\n"
		"28 27 0:30 /@ /srv\\040two rw - btrfs /dev/sda3 rw\n"
		"not a mount\n"
		"29 27 x:1 / /bad rw - ext4 /dev/sda1 rw\n"
		"30 27 8:1 / /short rw - ext4\n"
		"31 27 8:2 / /srv/deep rw - xfs /dev/sdb rw\n"
		"32 27 8:3 / /srv/deep rw - xfs /dev/sdc rw\n";
	struct mount_table m;

	check_case("mountinfo: what the kernel writes, with and without optional fields");
	CHECK_INT(mount_table_parse(&m, text), 0);
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
	CHECK_INT(mount_table_parse(&m, ""), 0);
	CHECK(mount_table_of(&m, "/") == NULL);
	mount_table_done(&m);
}

static void test_lines(void)
{
	struct mount_table m;

	check_case("mountinfo: an invalid line is told, and the others are read");
	CHECK_INT(mount_table_parse(&m, "1 0 8:1 / / rw - ext4 /dev/sda1 rw\nbad\nworse\n"
					"2 1 8:2 / /home rw - ext4 /dev/sda2 rw"),
		0);
	CHECK_INT(m.n, 2);
	CHECK_INT(m.bad_line, 2);
	mount_table_done(&m);

	check_case("mountinfo: an empty source is not the options");
	CHECK_INT(mount_table_parse(&m, "1 0 0:9 / /m rw - nfs  rw,addr=10.0.0.1\n"), 0);
	if (CHECK_INT(m.n, 1)) {
		CHECK_STR(m.at[0].source, "");
		CHECK_STR(m.at[0].options, "rw,addr=10.0.0.1");
	}
	mount_table_done(&m);

	check_case("mountinfo: a line longer than 4 KiB, with seventy optional fields");
	struct text t = {0};
	text_print(&t, "1 0 8:1 / / rw");
	for (int i = 0; i < 70; i++)
		text_print(&t, " shared:%d", i);
	text_print(&t, " - overlay overlay rw,lowerdir=");
	for (int i = 0; i < 500; i++)
		text_print(&t, "/layer/%d:", i);
	text_print(&t, "/last\n");
	CHECK_INT(mount_table_parse(&m, t.data), 0);
	text_done(&t);
	if (CHECK_INT(m.n, 1))
		CHECK_HAS(m.at[0].options, ":/last");
	mount_table_done(&m);

	check_case("mountinfo: /dev/root is left as it is: this machine's root is another");
	CHECK_INT(mount_table_parse(&m, "1 0 8:1 / / rw - ext4 /dev/root rw\n"
					"1 0 8:1 / /dev/root rw - ext4 /dev/rootfs rw\n"),
		0);
	if (CHECK_INT(m.n, 2)) {
		CHECK_STR(m.at[0].source, "/dev/root");
		CHECK_STR(m.at[1].source, "/dev/rootfs");
	}
	mount_table_done(&m);
}

static void test_swaps(void)
{
	struct mount_table m;

	check_case("swaps: with and without a heading, by type, and of a node that was removed");
	CHECK_INT(mount_table_parse_swaps(&m,
			  "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
			  "/dev/dm-1\\040(deleted)               partition\t1\t\t0\t\t-2\n"
			  "/swap\\040file file\t1\t\t0\t\t-3\n"
			  "/dev/zram0 partition 8 8 100\n"),
		0);
	if (CHECK_INT(m.n, 3)) {
		CHECK_STR(m.at[0].source, "/dev/dm-1");
		CHECK_STR(m.at[0].type, "partition");
		CHECK_STR(m.at[1].source, "/swap file");
		CHECK_STR(m.at[1].type, "file");
		CHECK_STR(m.at[2].source, "/dev/zram0");
	}
	mount_table_done(&m);
	CHECK_INT(mount_table_parse_swaps(&m, "/dev/sda2\tpartition\t0\t0\t0\n"), 0);
	CHECK_INT(m.n, 1);
	mount_table_done(&m);
}

static void test_fstab(void)
{
	static const char text[] = "# /etc/fstab\n\n"
				   "UUID=1 / ext4\n"
				   "  # a comment\n"
				   "\tLABEL=My\\040Home /home/ ext4 nofail # a disk of its own\n"
				   "/dev/sda2 none swap sw,noauto\r\n"
				   "/dev/sda3 /short\n"
				   "/dev/sda4 /number ext4 rw x\n"
				   "/dev/sda5 /last# ext4 rw,x=# 0 2";
	struct mount_table m;

	check_case("fstab: comments, missing fields, escapes, a slash too much, lines of DOS");
	CHECK_INT(mount_table_parse_fstab(&m, text), 0);
	if (CHECK_INT(m.n, 4)) {
		CHECK_STR(m.at[0].source, "UUID=1");
		CHECK_STR(m.at[0].options, "");
		CHECK_STR(m.at[1].source, "LABEL=My Home");
		CHECK_STR(m.at[1].point, "/home");
		CHECK_STR(m.at[1].options, "nofail");
		CHECK_STR(m.at[2].type, "swap");
		CHECK_STR(m.at[2].options, "sw,noauto");
		CHECK_STR(m.at[3].point, "/last#");
		CHECK_STR(m.at[3].options, "rw,x=#");
	}
	CHECK_INT(m.bad_line, 7);
	mount_table_done(&m);

	check_case("fstab: one whose first line looks like another table's");
	CHECK_INT(mount_table_parse_fstab(&m, "8 1 ext4\nFilename\t/x ext4\n"), 0);
	CHECK_INT(m.n, 2);
	mount_table_done(&m);
}

int main(void)
{
	test_mounts();
	test_lines();
	test_swaps();
	test_fstab();
	return check_done();
}
