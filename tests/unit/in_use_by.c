/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who uses a device: on a tree whose nodes have the numbers of this machine's, so that a process of
 * ours can have one open, with tables of mounts and swap that are ours too (--wrap, see tests.mk).
 */
#include "host/in_use_by.h"

#include "base/file.h"
#include "check.h"
#include "fake_sysfs.h"
#include "pci/devnode.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *mounts = "", *swaps = "";

int __wrap_file_read(
	int dirfd, const char *path, size_t max, char **ret, size_t *ret_len, struct err *err);
int __real_file_read(
	int dirfd, const char *path, size_t max, char **ret, size_t *ret_len, struct err *err);

int __wrap_file_read(
	int dirfd, const char *path, size_t max, char **ret, size_t *ret_len, struct err *err)
{
	const char *text = str_equal(path, "/proc/self/mountinfo") ? mounts
			   : str_equal(path, "/proc/swaps")        ? swaps
								   : NULL;

	if (!text)
		return __real_file_read(dirfd, path, max, ret, ret_len, err);
	*ret = strdup(text);
	*ret_len = strlen(text);
	return *ret ? 0 : -ENOMEM;
}

/* A node of a function: its directory, its number, its name below /dev or "". */
static void add_node(const char *below, const char *number, const char *name)
{
	must_shell(
		"d=%s/sys/bus/pci/devices/%s && mkdir -p $d && echo %s >$d/dev && { [ -z '%s' ] || echo DEVNAME=%s >$d/uevent; }",
		top, below, number, name, name);
}

/* A disk or partition: the node with its link in class/block, and as the kernel marks a partition.
 */
static void add_disk(const char *below, const char *number, bool partition)
{
	const char *name = strrchr(below, '/') + 1;

	add_node(below, number, "");
	must_shell(
		"cd %s/sys && mkdir -p class/block && ln -s ../../bus/pci/devices/%s class/block/%s",
		top, below, name);
	must_shell(
		"cd %s/sys/class/block/%s && ln -s /class/block subsystem && { [ %d = 0 ] || echo 1 >partition; }",
		top, name, partition);
}

/* A device made of another: "dm-0", "md0". */
static void add_made(const char *name, const char *of, const char *number, const char *mapped)
{
	must_shell(
		"cd %s/sys && mkdir -p devices/virtual/block/%s/dm class/block/%s/holders && ln -s ../../devices/virtual/block/%s class/block/%s && ln -s ../../%s class/block/%s/holders/ && echo %s >class/block/%s/dev && echo %s >class/block/%s/dm/name",
		top, name, of, name, name, name, of, number, name, mapped, name);
}

static int find(const char *address, bool live, char *buf, size_t size)
{
	_cleanup_(sysfs_done) struct sysfs s = {.devices = -1};
	_cleanup_(text_done) struct text text = {0};
	struct device d = {.group = -1};
	char path[80];

	(void)snprintf(path, sizeof(path), "%s/sys", top);
	if (!pci_addr_parse(address, &d.addr) || sysfs_open(&s, path, NULL) < 0)
		abort();
	int n = in_use_by_find(&text, &s, &d, live);
	(void)str_copy(buf, size, text.data ? text.data : "");
	return n;
}

/* /dev/full is a device that nobody else has open for long. */
static void test_processes(void)
{
	char said[1024], want[80];

	check_case("a process that has a node open is named");
	add_node("0000:01:00.0/drm/card7", "1:7", "dri/card7");
	int fd = open("/dev/full", O_RDONLY | O_CLOEXEC);
	CHECK_INT(find("0000:01:00.0", true, said, sizeof(said)), 1);
	(void)snprintf(
		want, sizeof(want), "in_use_by (process %d) has /dev/dri/card7 open", getpid());
	CHECK_STR(said, want);

	check_case("on a recorded tree no process of this machine is meant");
	CHECK_INT(find("0000:01:00.0", false, said, sizeof(said)), 0);
	CHECK_STR(said, "");

	check_case("a crowd is counted");
	pid_t child[8];
	for (int i = 0; i < 8; i++) {
		child[i] = fork();
		if (child[i] == 0)
			for (;;)
				(void)pause();
	}
	CHECK_INT(find("0000:01:00.0", true, said, sizeof(said)), 9);
	CHECK_HAS(said, ", and 3 more");
	for (int i = 0; i < 8; i++) {
		(void)kill(child[i], SIGKILL);
		(void)waitpid(child[i], NULL, 0);
	}

	check_case("closed again: nobody");
	(void)close(fd);
	CHECK_INT(find("0000:01:00.0", true, said, sizeof(said)), 0);

	check_case("a link below the function leads elsewhere, and is not followed");
	must_shell("ln -s ../0000:01:00.0/drm %s/sys/bus/pci/devices/0000:01:00.1/other", top);
	fd = open("/dev/full", O_RDONLY | O_CLOEXEC);
	CHECK_INT(find("0000:01:00.1", true, said, sizeof(said)), 0);
	(void)close(fd);
}

static void test_disks(void)
{
	char said[1024];

	check_case("a partition that is mounted, by its number");
	add_disk("0000:02:00.0/nvme/nvme0/block/nvme0n1", "259:1900", false);
	add_disk("0000:02:00.0/nvme/nvme0/block/nvme0n1/nvme0n1p2", "259:1902", true);
	mounts = "22 1 254:0 / / rw - ext4 /dev/vda rw\n"
		 "36 22 259:1902 / /home rw,noatime shared:1 - ext4 /dev/none rw\n"
		 "40 22 0:45 / /proc rw - proc proc rw\n";
	CHECK_INT(find("0000:02:00.0", true, said, sizeof(said)), 1);
	CHECK_STR(said, "nvme0n1p2 is mounted on /home");

	check_case(
		"a mount point with a blank, twice, and the subvolumes of a btrfs, by its device");
	mounts = "36 22 259:1902 / /srv/my\\040data rw - ext4 /dev/none rw\n"
		 "37 22 259:1902 /sub /srv/my\\040data rw - ext4 /dev/none rw\n"
		 "38 22 0:40 /@ /vm rw - btrfs /dev/nvme0n1p2 rw,subvol=/@\n"
		 "39 22 0:40 /@home /home rw - btrfs /dev/nvme0n1p2 rw,subvol=/@home\n";
	CHECK_INT(find("0000:02:00.0", true, said, sizeof(said)), 3);
	CHECK_STR(said, "nvme0n1p2 is mounted on /srv/my data, nvme0n1p2 is mounted on /vm, "
			"nvme0n1p2 is mounted on /home");

	check_case("swap space whose node was removed");
	mounts = "";
	swaps = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
		"/dev/nvme0n1p2\\040(deleted)               partition\t9\t\t0\t\t-2\n";
	CHECK_INT(find("0000:02:00.0", true, said, sizeof(said)), 1);
	CHECK_STR(said, "nvme0n1p2 is swapped to");
	swaps = "";

	check_case("what lies on LVM on LUKS, and another disk of the same btrfs");
	add_made("dm-0", "nvme0n1p2", "253:0", "luks");
	add_made("dm-1", "dm-0", "253:1", "vg-root");
	mounts = "27 1 253:1 / / rw - ext4 /dev/mapper/vg-root rw\n"
		 "28 1 0:41 / /pool rw - btrfs /dev/sdx rw\n";
	must_shell("mkdir -p %s/sys/fs/btrfs/1234/devices/nvme0n1 %s/sys/fs/btrfs/1234/devices/sdx",
		top, top);
	CHECK_INT(find("0000:02:00.0", true, said, sizeof(said)), 2);
	CHECK_HAS(said, "vg-root is mounted on /");
	CHECK_HAS(said, "sdx is mounted on /pool");
	must_shell("rm -r %s/sys/fs/btrfs %s/sys/class/block/nvme0n1p2/holders", top, top);

	check_case("the same number of a node that is no disk is another device's");
	add_node("0000:03:00.0/misc/odd", "259:1902", "");
	CHECK_INT(find("0000:03:00.0", true, said, sizeof(said)), 0);

	check_case("tables that are cut anywhere are no trouble");
	static const char line[] = "36 22 259:1902 / /home rw - ext4 /dev/none rw";
	char cut[sizeof(line)];
	for (size_t i = 0; i < sizeof(line); i++) {
		(void)str_copy(cut, i + 1, line);
		mounts = swaps = cut;
		CHECK(find("0000:02:00.0", true, said, sizeof(said)) >= 0);
	}
	mounts = swaps = "";

	check_case("a disk that is free");
	CHECK_INT(find("0000:02:00.0", true, said, sizeof(said)), 0);
	CHECK_INT(find("0000:00:17.0", true, said, sizeof(said)), 0);
}

static void test_nvme(void)
{
	char said[1024];

	check_case("an NVMe drive's disk stands below no directory \"block\"");
	add_disk("0000:02:00.0/nvme/nvme4/nvme4n1", "259:1910", false);
	mounts = "36 22 259:1910 / /srv rw - ext4 /dev/none rw\n";
	CHECK_INT(find("0000:02:00.0", true, said, sizeof(said)), 1);
	CHECK_HAS(said, "nvme4n1 is mounted on /srv");

	check_case("an NVMe drive with a path of its own to a disk of several");
	must_shell(
		"cd %s/sys && mkdir -p bus/pci/devices/0000:02:00.0/nvme/nvme5/nvme6c5n2 class/block devices/virtual/nvme-subsystem/nvme-subsys6/nvme6n2/nvme6n2p1",
		top);
	must_shell(
		"cd %s/sys/class/block && ln -s ../../devices/virtual/nvme-subsystem/nvme-subsys6/nvme6n2 . && echo 259:1920 >nvme6n2/dev && echo 259:1921 >nvme6n2/nvme6n2p1/dev && ln -s nvme6n2/nvme6n2p1 . && echo 1 >nvme6n2p1/partition && ln -s /class/block nvme6n2/subsystem && ln -s /class/block nvme6n2/nvme6n2p1/subsystem",
		top);
	mounts = "36 22 259:1921 / /vm rw - ext4 /dev/none rw\n";
	CHECK_INT(find("0000:02:00.0", true, said, sizeof(said)), 1);
	CHECK_HAS(said, "nvme6n2p1 is mounted on /vm");

	check_case("what only begins as a path to a disk is none");
	must_shell("cd %s/sys/bus/pci/devices/0000:02:00.0/nvme/nvme5 && mv nvme6c5n2 nvme6c5n2x",
		top);
	CHECK_INT(find("0000:02:00.0", true, said, sizeof(said)), 0);
	mounts = "";
}

static void test_numbers(void)
{
	static const char *const bad[] = {
		"", ":", "8", "8:", ":1", "8:1:2", "8:x", "-8:1", "8: 1", "4294967296:0"};
	char text[32] = "259:2";
	dev_t dev;

	check_case("device numbers as the kernel writes them");
	CHECK(devnode_read_device(text, &dev));
	CHECK_INT(dev, makedev(259, 2));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		(void)str_copy(text, sizeof(text), bad[i]);
		CHECK(!devnode_read_device(text, &dev));
	}
}

int main(void)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	fake_sysfs_begin("users");
	fake_sysfs_make("desktop");
	test_numbers();
	test_processes();
	test_disks();
	test_nvme();
	check_case("a device that is not there is used by nobody");
	char said[64];
	CHECK_INT(find("0000:77:00.0", true, said, sizeof(said)), 0);
	return check_done();
}
