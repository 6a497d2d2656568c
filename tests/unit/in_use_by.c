/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who uses a device: on a tree whose nodes have the numbers of this machine's, so that a process of
 * ours can have one open, with tables of mounts and swap that are ours too (--wrap, see tests.mk).
 */
#include "host/in_use_by.h"

#include "base/file.h"
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char top[64];
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

static void shell(const char *fmt, ...) _printf_(1, 2);
static void shell(const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	if (system(command) != 0) // NOLINT(cert-env33-c): the test's own words
		abort();
}

/* A node of a function: its directory, its number, its name below /dev or "". */
static void add_node(const char *below, const char *number, const char *name)
{
	shell("d=%s/sys/bus/pci/devices/%s && mkdir -p $d && echo %s >$d/dev && { [ -z '%s' ] || echo DEVNAME=%s >$d/uevent; }",
		top, below, number, name, name);
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
	shell("ln -s ../0000:01:00.0/drm %s/sys/bus/pci/devices/0000:01:00.1/other", top);
	fd = open("/dev/full", O_RDONLY | O_CLOEXEC);
	CHECK_INT(find("0000:01:00.1", true, said, sizeof(said)), 0);
	(void)close(fd);
}

static void test_disks(void)
{
	char said[1024];

	check_case("a partition that is mounted, by its number");
	add_node("0000:02:00.0/nvme/nvme0/block/nvme0n1", "259:1900", "nvme0n1");
	add_node("0000:02:00.0/nvme/nvme0/block/nvme0n1/nvme0n1p2", "259:1902", "");
	mounts = "22 1 254:0 / / rw - ext4 /dev/vda rw\n"
		 "36 22 259:1902 / /home rw,noatime shared:1 - ext4 /dev/none rw\n"
		 "40 22 0:45 / /proc rw - proc proc rw\n";
	CHECK_INT(find("0000:02:00.0", true, said, sizeof(said)), 1);
	CHECK_STR(said, "nvme0n1p2 is mounted on /home");

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
	add_node("0000:02:00.0/nvme/nvme4/nvme4n1", "259:1910", "nvme4n1");
	shell("ln -s ../../../../../../../class/block %s/sys/bus/pci/devices/0000:02:00.0/nvme/nvme4/nvme4n1/subsystem",
		top);
	mounts = "36 22 259:1910 / /srv rw - ext4 /dev/none rw\n";
	CHECK_INT(find("0000:02:00.0", true, said, sizeof(said)), 1);
	CHECK_HAS(said, "nvme4n1 is mounted on /srv");

	check_case("an NVMe drive with a path of its own to a disk of several");
	shell("cd %s/sys && mkdir -p bus/pci/devices/0000:02:00.0/nvme/nvme5/nvme6c5n2 class/block devices/virtual/nvme-subsystem/nvme-subsys6/nvme6n2/nvme6n2p1",
		top);
	shell("cd %s/sys/class/block && ln -s ../../devices/virtual/nvme-subsystem/nvme-subsys6/nvme6n2 . && echo 259:1920 >nvme6n2/dev && echo 259:1921 >nvme6n2/nvme6n2p1/dev && ln -s /class/block nvme6n2/subsystem && ln -s /class/block nvme6n2/nvme6n2p1/subsystem",
		top);
	mounts = "36 22 259:1921 / /vm rw - ext4 /dev/none rw\n";
	CHECK_INT(find("0000:02:00.0", true, said, sizeof(said)), 1);
	CHECK_HAS(said, "nvme6n2p1 is mounted on /vm");

	check_case("what only begins as a path to a disk is none");
	shell("cd %s/sys/bus/pci/devices/0000:02:00.0/nvme/nvme5 && mv nvme6c5n2 nvme6c5n2x", top);
	CHECK_INT(find("0000:02:00.0", true, said, sizeof(said)), 0);
	mounts = "";
}

int main(void)
{
	const char *temp = getenv("TMPDIR");

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	(void)snprintf(top, sizeof(top), "%.32s/vfio-bind-users-XXXXXX", temp ? temp : "/tmp");
	if (!mkdtemp(top))
		abort();
	shell("tests/unit/tree tests/unit/trees/desktop %s/sys", top);
	test_processes();
	test_disks();
	test_nvme();
	check_case("a device that is not there is used by nobody");
	char said[64];
	CHECK_INT(find("0000:77:00.0", true, said, sizeof(said)), 0);
	shell("rm -rf %s", top);
	return check_done();
}
