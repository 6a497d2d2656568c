/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel is asked before an unbind, and that its answer holds until the driver has let go:
 * on a tree whose disks are made up, below a /dev that is made up too. */
#include "core/in_use.h"

#include "base/str.h"
#include "check.h"
#include "core/apply.h"
#include "core/steps.h"
#include "fake_sysfs.h"
#include "pci/devnode.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define NVME "0000:02:00.0"
#define NIC "0000:03:00.0"
#define CARD "0000:01:00.0"
#define OWN_NODE "/dev/.vfio-bind-259:0"

/* ---- a /dev, and the kernel behind it ---------------------------------------------------------
 */

static struct fake {
	const char *disk; /* the node that there is, or NULL */
	dev_t is;         /* of the node */
	int answer;       /* what opening it says: 0, or an errno */
	bool timed_out;
	unsigned interrupts;                          /* of how many openings */
	enum { SAME, GONE, NO_DISK, ANOTHER } behind; /* what the disk's node is once it is open */
	bool no_memory;
	int each_error;  /* of listing a directory of sysfs */
	int nodes_error; /* of finding the nodes of a function */
	int mknod_error;
	bool own;          /* a node of ours is there */
	dev_t own_is;      /* and which device it is */
	unsigned opened;   /* how often a disk was opened */
	unsigned unlinked; /* nodes of ours that were taken away */
	int flags;         /* of the last time */
	int fd;            /* what it gave */
	bool opened_own;
	bool claimed_at_write; /* was fd open when `unbind` was written? */
	char wrote[64];
} fake;

int __wrap_open(const char *path, int flags, ...);
int __real_open(const char *path, int flags, ...);
int __wrap_stat(const char *path, struct stat *st);
int __real_stat(const char *path, struct stat *st);
int __wrap_fstat(int fd, struct stat *st);
int __real_fstat(int fd, struct stat *st);
int __wrap_mknod(const char *path, mode_t mode, dev_t dev);
int __wrap_unlink(const char *path);
int __real_unlink(const char *path);
int __wrap_sysfs_write(
	struct sysfs *s, struct pci_addr addr, const char *attribute, const char *text);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
int __wrap_sysfs_path_each(
	struct sysfs *s, const char *path, int (*each)(const char *name, void *to), void *to);
int __real_sysfs_path_each(
	struct sysfs *s, const char *path, int (*each)(const char *name, void *to), void *to);

int __wrap_devnodes_find(struct sysfs *s, struct pci_addr addr, struct devnode_list *ret);
int __real_devnodes_find(struct sysfs *s, struct pci_addr addr, struct devnode_list *ret);

int __wrap_devnodes_find(struct sysfs *s, struct pci_addr addr, struct devnode_list *ret)
{
	return fake.nodes_error ? fake.nodes_error : __real_devnodes_find(s, addr, ret);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return fake.no_memory && size == sizeof(int) ? NULL : __real_reallocarray(p, n, size);
}

int __wrap_sysfs_path_each(
	struct sysfs *s, const char *path, int (*each)(const char *name, void *to), void *to)
{
	if (fake.each_error && str_equal(path, "block"))
		return fake.each_error;
	return __real_sysfs_path_each(s, path, each, to);
}

static bool is_disk(const char *path)
{
	return fake.disk && str_equal(path, fake.disk);
}

static bool is_own(const char *path)
{
	return str_equal(path, OWN_NODE);
}

int __wrap_stat(const char *path, struct stat *st)
{
	if (str_equal(path, "/dev/nvme-terminal")) { /* no disk, though with a disk's number */
		*st = (struct stat){.st_mode = S_IFCHR | 0600, .st_rdev = fake.is};
		return 0;
	}
	if (!is_disk(path) && !(is_own(path) && fake.own)) {
		if (str_starts(path, "/dev/nvme") || is_own(path)) {
			errno = ENOENT;
			return -1;
		}
		return __real_stat(path, st);
	}
	*st = (struct stat){
		.st_mode = S_IFBLK | 0600, .st_rdev = is_own(path) ? fake.own_is : fake.is};
	return 0;
}

int __wrap_open(const char *path, int flags, ...)
{
	va_list ap;

	va_start(ap, flags);
	mode_t mode = (flags & O_CREAT) ? (mode_t)va_arg(ap, int) : 0;
	va_end(ap);
	if (!is_disk(path) && !is_own(path))
		return __real_open(path, flags, mode);
	fake.opened++;
	fake.flags = flags;
	fake.opened_own = is_own(path);
	if (fake.interrupts > 0) {
		fake.interrupts--;
		errno = EINTR;
		return -1;
	}
	while (fake.timed_out)
		(void)pause();
	if (fake.answer) {
		errno = fake.answer;
		return -1;
	}
	fake.fd = __real_open("/dev/null", O_RDONLY | O_CLOEXEC);
	return fake.fd;
}

int __wrap_fstat(int fd, struct stat *st)
{
	if (fake.opened == 0 || fd != fake.fd)
		return __real_fstat(fd, st);
	*st = (struct stat){.st_mode = S_IFBLK | 0600, .st_rdev = fake.own ? fake.own_is : fake.is};
	if (fake.opened_own || fake.behind == SAME)
		return 0;
	if (fake.behind == NO_DISK)
		st->st_mode = S_IFCHR | 0600;
	if (fake.behind == ANOTHER)
		st->st_rdev = makedev(8, 0);
	errno = EIO;
	return fake.behind == GONE ? -1 : 0;
}

int __wrap_mknod(const char *path, mode_t mode, dev_t dev)
{
	errno = is_own(path) ? fake.mknod_error : EPERM;
	if (errno || mode != (S_IFBLK | 0600))
		return -1;
	fake.own = true;
	fake.own_is = dev;
	return 0;
}

int __wrap_unlink(const char *path)
{
	if (!str_starts(path, "/dev/.vfio-bind-") && !str_starts(path, "/run/.vfio-bind-"))
		return __real_unlink(path);
	if (!fake.own || !is_own(path)) {
		errno = ENOENT;
		return -1;
	}
	fake.own = false;
	fake.unlinked++;
	return 0;
}

int __wrap_sysfs_write(
	struct sysfs *s, struct pci_addr addr, const char *attribute, const char *text)
{
	(void)s;
	(void)addr;
	(void)snprintf(fake.wrote, sizeof(fake.wrote), "%s %s", attribute, text);
	fake.claimed_at_write = fake.opened > 0 && fcntl(fake.fd, F_GETFD) >= 0;
	return 0;
}

/* ---- the tests --------------------------------------------------------------------------------
 */

/* A node of a function: its directory, its number, its name below /dev, its kind. */
static void add_node(const char *below, const char *number, const char *name, const char *kind)
{
	must_shell(
		"d=%s/sys/bus/pci/devices/%s && mkdir -p $d && echo %s >$d/dev && printf 'DEVNAME=%s\nDEVTYPE=%s\n' >$d/uevent",
		top, below, number, name, kind);
}

/* The desktop with an NVMe drive of one partition, and its node in /dev. */
static void new_machine(void)
{
	fake_sysfs_make("desktop");
	add_node(NVME "/nvme/nvme0/nvme0n1", "259:0", "nvme0n1", "disk");
	add_node(NVME "/nvme/nvme0/nvme0n1/nvme0n1p1", "259:1", "nvme0n1p1", "partition");
	fake = (struct fake){.disk = "/dev/nvme0n1", .is = makedev(259, 0), .fd = -1};
}

static struct sysfs sysfs;
static struct pci_addr slot_at(const char *address)
{
	char path[80];
	struct pci_addr addr;

	(void)snprintf(path, sizeof(path), "%s/sys", top);
	sysfs_done(&sysfs);
	if (!pci_addr_parse(address, &addr) || sysfs_open(&sysfs, path, NULL) < 0)
		abort();
	return addr;
}

static enum in_use_kind ask(const char *address, bool live, char *reason)
{
	struct in_use u;

	in_use_ask(&u, &sysfs, slot_at(address), live);
	enum in_use_kind kind = u.kind;
	(void)str_copy(reason, IN_USE_REASON_MAX, u.reason);
	in_use_done(&u);
	return kind;
}

static void test_claim(void)
{
	char reason[IN_USE_REASON_MAX];
	struct in_use u;

	check_case("a free disk is opened exclusively, once, and kept");
	new_machine();
	in_use_ask(&u, &sysfs, slot_at(NVME), true);
	CHECK_INT(u.kind, IN_USE_FREE);
	CHECK_STR(u.reason, "");
	CHECK_INT(fake.opened, 1);
	CHECK_INT(fake.flags, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
	CHECK_INT(u.n_disks, 1);
	CHECK(fcntl(fake.fd, F_GETFD) >= 0);

	check_case("... until it is let go");
	in_use_done(&u);
	CHECK(fcntl(fake.fd, F_GETFD) < 0);

	check_case("one that the kernel keeps is in use");
	new_machine();
	fake.answer = EBUSY;
	CHECK_INT(ask(NVME, true, reason), IN_USE_CLAIMED);
	CHECK_HAS(reason, "the kernel keeps nvme0n1");

	check_case("an empty drive is in no use");
	fake.answer = ENOMEDIUM;
	CHECK_INT(ask(NVME, true, reason), IN_USE_FREE);
	fake.answer = ENXIO;
	CHECK_INT(ask(NVME, true, reason), IN_USE_FREE);

	check_case("what the kernel does not say is in use, and why is told");
	static const int codes[] = {EIO, EACCES, EPERM, ENOMEM, EMFILE, EINTR, ENODEV};
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		fake.answer = codes[i];
		CHECK_INT(ask(NVME, true, reason), IN_USE_CLAIMED);
		CHECK_HAS(reason, strerror(codes[i]));
		CHECK_HAS(reason, "whether nvme0n1 is used can't be found out: ");
	}

	check_case("an opening that is interrupted is tried again, but not for ever");
	new_machine();
	fake.interrupts = 2;
	CHECK_INT(ask(NVME, true, reason), IN_USE_FREE);
	CHECK_INT(fake.opened, 3);
	new_machine();
	fake.interrupts = 100;
	CHECK_INT(ask(NVME, true, reason), IN_USE_CLAIMED);
	CHECK_INT(fake.opened, 3);

	check_case("a disk of which a device is made, and nodes that can't be found");
	new_machine();
	must_shell("mkdir -p %s/sys/bus/pci/devices/" NVME "/nvme/nvme0/nvme0n1/holders/md0", top);
	CHECK_INT(ask(NVME, true, reason), IN_USE_CLAIMED);
	CHECK_STR(reason, "md0 is made of nvme0n1");
	CHECK_INT(fake.opened, 0);
	new_machine();
	fake.nodes_error = -ENOMEM;
	CHECK_INT(ask(NVME, true, reason), IN_USE_CLAIMED);
	CHECK_STR(reason, "what it is used for can't be found out: Cannot allocate memory");

	check_case("two disks are kept, and no memory for that is a reason");
	new_machine();
	add_node(NVME "/nvme/nvme0/nvme0n2", "259:0", "nvme0n2", "disk");
	fake.disk = "/dev/nvme0n1";
	in_use_ask(&u, &sysfs, slot_at(NVME), true);
	CHECK_INT(u.kind, IN_USE_FREE);
	CHECK_INT(u.n_disks, 2);
	CHECK(u.n_disks == 2 && u.disks[0] != u.disks[1]);
	in_use_done(&u);
	CHECK_INT(u.n_disks, 0);
	new_machine();
	fake.no_memory = true;
	CHECK_INT(ask(NVME, true, reason), IN_USE_CLAIMED);
	CHECK_STR(reason, "whether nvme0n1 is used can't be found out: out of memory");
	new_machine();
	fake.each_error = -ENOMEM;
	CHECK_INT(ask(NVME, true, reason), IN_USE_CLAIMED);
	CHECK_STR(reason, "whether it is used can't be found out: out of memory");

	check_case("on a recorded tree nothing is opened");
	new_machine();
	fake.answer = EBUSY;
	CHECK_INT(ask(NVME, false, reason), IN_USE_FREE);
	CHECK_INT(fake.opened, 0);

	check_case("... but what sysfs says counts");
	must_shell("mkdir -p %s/sys/bus/pci/devices/" NVME
		   "/nvme/nvme0/nvme0n1/nvme0n1p1/holders/dm-3",
		top);
	CHECK_INT(ask(NVME, false, reason), IN_USE_CLAIMED);
	CHECK_STR(reason, "dm-3 is made of nvme0n1p1");

	check_case("a disk of an NVMe subsystem, of which the function only has a path");
	new_machine();
	must_shell(
		"cd %s/sys && rm -r bus/pci/devices/" NVME
		"/nvme/nvme0/nvme0n1 && mkdir -p bus/pci/devices/" NVME
		"/nvme/nvme0/nvme0c0n1 class/block devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1 && ln -s ../../devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1 class/block && cd class/block/nvme0n1 && echo 259:0 >dev && ln -s /class/block subsystem",
		top);
	fake.answer = EBUSY;
	CHECK_INT(ask(NVME, true, reason), IN_USE_CLAIMED);
	CHECK_HAS(reason, "nvme0n1");
}

static void test_node(void)
{
	char reason[IN_USE_REASON_MAX];

	check_case("no node in /dev: one of our own, which is gone at once");
	new_machine();
	fake.disk = NULL;
	fake.answer = EBUSY;
	CHECK_INT(ask(NVME, true, reason), IN_USE_CLAIMED);
	CHECK_INT(fake.opened, 1);
	CHECK_INT(fake.unlinked, 1);
	CHECK(!fake.own);

	check_case("another device's node by that name: the same, and it is not opened");
	new_machine();
	fake.is = makedev(8, 0);
	CHECK_INT(ask(NVME, true, reason), IN_USE_FREE);
	CHECK_INT(fake.opened, 1);
	CHECK_INT(fake.unlinked, 1);

	check_case("a node that is another when it is open: one of our own");
	for (fake.behind = GONE; fake.behind <= ANOTHER; fake.behind++) {
		int behind = (int)fake.behind;
		new_machine();
		fake.behind = behind;
		CHECK_INT(ask(NVME, true, reason), IN_USE_FREE);
		CHECK_INT(fake.opened, 2);
		CHECK(fake.opened_own && !fake.own);
		CHECK_INT(fake.unlinked, 1);
	}

	check_case("a node of our own that was left there is of use, too");
	new_machine();
	fake.disk = NULL;
	fake.own = true;
	fake.own_is = makedev(8, 0);
	CHECK_INT(ask(NVME, true, reason), IN_USE_FREE);
	CHECK_INT(fake.unlinked, 2);

	check_case("none can be made: it can't be found out, so it is in use");
	new_machine();
	fake.disk = NULL;
	fake.mknod_error = EPERM;
	CHECK_INT(ask(NVME, true, reason), IN_USE_CLAIMED);
	CHECK_HAS(reason, "can't be found out: Operation not permitted");
}

/* Files of configfs and sysfs below /sys: their directory, and NAME TEXT of up to two. */
static void serve(const char *below, const char *file, const char *text)
{
	must_shell("d=%s/sys/%s && mkdir -p $d && echo '%s' >$d/%s", top, below, text, file);
}

static void test_served(void)
{
	static const char space[] = "kernel/config/nvmet/subsystems/nqn.2026:x/namespaces/1";
	static const char store[] = "kernel/config/target/core/fileio_0/disk";
	char reason[IN_USE_REASON_MAX];

	check_case("a disk that the NVMe target serves");
	new_machine();
	serve(space, "device_path", "/dev/nvme0n1");
	serve(space, "enable", "0");
	CHECK_INT(ask(NVME, true, reason), IN_USE_FREE);
	serve(space, "enable", "1");
	CHECK_INT(ask(NVME, true, reason), IN_USE_CLAIMED);
	CHECK_STR(reason, "nvme0n1 is served to others by the NVMe target; end that first");
	serve(space, "device_path", "/dev/nvme1n1");
	CHECK_INT(ask(NVME, true, reason), IN_USE_FREE);

	check_case("... but the controller of none of its disks");
	serve(space, "device_path", "/dev/nvme0n1");
	CHECK_INT(ask(NIC, true, reason), IN_USE_FREE);

	check_case(
		"a disk that the SCSI target serves as a file, by what it was told and by what it has");
	new_machine();
	serve(store, "udev_path", "/dev/nvme0n1");
	CHECK_INT(ask(NVME, true, reason), IN_USE_CLAIMED);
	CHECK_HAS(reason, "nvme0n1 is served to others by the SCSI target");
	serve(store, "udev_path", "");
	serve(store, "info",
		"Status: ACTIVATED\n        TCM FILEIO ID: 0        File: /dev/nvme0n1  Size: 5");
	CHECK_INT(ask(NVME, true, reason), IN_USE_CLAIMED);
	serve(store, "info", "File: /srv/nvme0n1  Size: 5");
	CHECK_INT(ask(NVME, true, reason), IN_USE_FREE);

	check_case("... among others that are no disk of it, or serve nothing");
	new_machine();
	serve(space, "device_path", "/dev/nvme0n1");
	serve(space, "enable", "0");
	serve("kernel/config/nvmet/subsystems/nqn.2026:x/namespaces/2", "device_path",
		"/dev/other");
	serve("kernel/config/nvmet/subsystems/nqn.2026:x/namespaces/2", "enable", "1");
	serve("kernel/config/nvmet/subsystems/nqn.2026:y/namespaces/1", "enable", "1");
	CHECK_INT(ask(NVME, false, reason), IN_USE_FREE);
	serve("kernel/config/nvmet/subsystems/nqn.2026:y/namespaces/2", "device_path",
		"/dev/nvme0n1p1");
	serve("kernel/config/nvmet/subsystems/nqn.2026:y/namespaces/2", "enable", "1");
	CHECK_INT(ask(NVME, false, reason), IN_USE_CLAIMED);
	CHECK_STR(reason, "nvme0n1p1 is served to others by the NVMe target; end that first");
	new_machine();
	serve("kernel/config/target/core/fileio_0/a", "control", "");
	serve("kernel/config/target/core/fileio_0/b", "info", "TCM FILEIO ID: 0");
	serve("kernel/config/target/core/fileio_0/c", "udev_path", "/dev/other");
	serve("kernel/config/target/core/fileio_1/a", "udev_path", "/dev/nvme0n");
	CHECK_INT(ask(NVME, false, reason), IN_USE_FREE);
	serve("kernel/config/target/core/fileio_1/b", "info", "File: /dev/nvme0n1");
	CHECK_INT(ask(NVME, false, reason), IN_USE_CLAIMED);
	CHECK_STR(reason, "nvme0n1 is served to others by the SCSI target; end that first");

	check_case("... a disk that is the only node of its controller");
	new_machine();
	must_shell("rm -r %s/sys/bus/pci/devices/" NVME "/nvme/nvme0/nvme0n1/nvme0n1p1", top);
	serve(store, "udev_path", "/dev/nvme0n1");
	CHECK_INT(ask(NVME, true, reason), IN_USE_CLAIMED);

	check_case("... and a file of a terminal's is none");
	new_machine();
	serve(store, "udev_path", "/dev/nvme-terminal");
	CHECK_INT(ask(NVME, true, reason), IN_USE_FREE);
	serve(store, "udev_path", "/dev/nvme-missing");
	CHECK_INT(ask(NVME, true, reason), IN_USE_FREE);

	check_case("a target is loaded, and what it serves can't be seen");
	new_machine();
	must_shell("mkdir -p %s/sys/module/nvmet", top);
	CHECK_INT(ask(NVME, true, reason), IN_USE_CLAIMED);
	CHECK_HAS(reason, "configfs is not mounted");
	CHECK_INT(ask(CARD, true, reason), IN_USE_FREE);
	must_shell("mkdir -p %s/sys/kernel/config/nvmet/subsystems", top);
	CHECK_INT(ask(NVME, true, reason), IN_USE_FREE);
	must_shell("mkdir -p %s/sys/module/target_core_mod", top);
	CHECK_INT(ask(NVME, true, reason), IN_USE_CLAIMED);
	CHECK_HAS(reason, "configfs is not mounted");
	must_shell("mkdir -p %s/sys/kernel/config/target/core", top);
	CHECK_INT(ask(NVME, true, reason), IN_USE_FREE);

	check_case("a loop device on it, by its number");
	new_machine();
	serve("block/fd0/loop", "backing_file", "/dev/nvme0n1");
	serve("block/loop1/loop", "offset", "0");
	serve("block/loop2/loop", "backing_file", "/srv/image");
	CHECK_INT(ask(NVME, true, reason), IN_USE_FREE);
	serve("block/loop3/loop", "backing_file", "/dev/nvme0n1");
	CHECK_INT(ask(NVME, true, reason), IN_USE_CLAIMED);
	CHECK_HAS(reason, "nvme0n1 is the backing file of a loop device");
	fake.is = makedev(8, 0);
	CHECK_INT(ask(NVME, true, reason), IN_USE_FREE);
}

static void interface(const char *name, const char *flags, const char *upper)
{
	must_shell(
		"d=%s/sys/bus/pci/devices/" NIC
		"/net && rm -rf $d && mkdir -p $d/%s && cd $d && { [ -z '%s' ] || { echo %s >%s/flags && ln -s /x %s/%s; }; }",
		top, name, flags, flags, name, name, upper);
}

static void test_interfaces(void)
{
	char reason[IN_USE_REASON_MAX];

	new_machine();
	check_case("an interface that is up");
	interface("eth0", "0x1003", "other");
	CHECK_INT(ask(NIC, false, reason), IN_USE_NETWORK);
	CHECK_STR(reason, "eth0 is up");

	check_case("one that is down");
	interface("eth0", "0x1002", "other");
	CHECK_INT(ask(NIC, false, reason), IN_USE_FREE);

	check_case("one that is down, and part of a bridge");
	interface("eth0", "0x1002", "upper_br0");
	CHECK_INT(ask(NIC, false, reason), IN_USE_NETWORK);
	CHECK_STR(reason, "eth0 is part of br0");

	check_case("one that another network namespace has");
	interface("", "", "");
	CHECK_INT(ask(NIC, false, reason), IN_USE_NETWORK);
	CHECK_HAS(reason, "another network namespace");
}

static void driver_of_card(const char *driver)
{
	must_shell("ln -sfn ../../../../bus/pci/drivers/%s %s/sys/bus/pci/devices/" CARD "/driver",
		driver, top);
}

static void test_modules(void)
{
	char reason[IN_USE_REASON_MAX];

	check_case("modules that hold the card: how they go is told");
	new_machine();
	driver_of_card("nvidia");
	CHECK_INT(ask(CARD, false, reason), IN_USE_FREE);
	must_shell("mkdir -p %s/sys/module/nvidia_uvm", top);
	CHECK_INT(ask(CARD, false, reason), IN_USE_FREE);
	must_shell("mkdir -p %s/sys/module/nvidia_modeset", top);
	CHECK_INT(ask(CARD, false, reason), IN_USE_CLAIMED);
	CHECK_HAS(reason, "'modprobe -r nvidia_modeset nvidia_uvm'");
	must_shell("mkdir -p %s/sys/module/nvidia_drm", top);
	CHECK_INT(ask(CARD, false, reason), IN_USE_CLAIMED);
	CHECK_HAS(reason, "'modprobe -r nvidia_drm nvidia_modeset nvidia_uvm'");

	check_case("... but no card of another driver");
	driver_of_card("nouveau");
	CHECK_INT(ask(CARD, false, reason), IN_USE_FREE);
}

static void test_unbind(void)
{
	char reason[IN_USE_REASON_MAX];

	check_case("`unbind` is written while the disk is claimed, and then it is let go");
	new_machine();
	CHECK_INT(device_unbind(&sysfs, slot_at(NVME), true, false, reason), 0);
	CHECK_STR(fake.wrote, "driver/unbind " NVME);
	CHECK(fake.claimed_at_write);
	CHECK(fcntl(fake.fd, F_GETFD) < 0);

	check_case("a disk in use: nothing is written, whatever is forced");
	for (int force = 0; force <= 1; force++) {
		new_machine();
		fake.answer = EBUSY;
		CHECK_INT(device_unbind(&sysfs, slot_at(NVME), true, force, reason), -EBUSY);
		CHECK_HAS(reason, "nvme0n1");
		CHECK_STR(fake.wrote, "");
	}

	check_case("an interface that is up: only where it is forced");
	new_machine();
	interface("eth0", "0x1003", "other");
	CHECK_INT(device_unbind(&sysfs, slot_at(NIC), true, false, reason), -EBUSY);
	CHECK_STR(fake.wrote, "");
	CHECK_INT(device_unbind(&sysfs, slot_at(NIC), true, true, reason), 0);
	CHECK_STR(fake.wrote, "driver/unbind " NIC);
}

static void test_look(void)
{
	char reason[IN_USE_REASON_MAX];

	check_case("asked in a child: the same answer, and nothing stays claimed");
	new_machine();
	CHECK_INT(in_use_look(&sysfs, slot_at(NVME), true, reason), IN_USE_FREE);
	CHECK_STR(reason, "");
	fake.answer = EBUSY;
	CHECK_INT(in_use_look(&sysfs, slot_at(NVME), true, reason), IN_USE_CLAIMED);
	CHECK_HAS(reason, "the kernel keeps nvme0n1");

	check_case("a disk that does not answer is in use, and holds nobody up");
	fake.timed_out = true;
	int64_t began = steps_now();
	CHECK_INT(in_use_look(&sysfs, slot_at(NVME), true, reason), IN_USE_CLAIMED);
	CHECK(steps_now() - began < 6000);
	CHECK_HAS(reason, "it does not answer");
}

int main(void)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	fake_sysfs_begin("in-use");
	sysfs.devices = -1;
	test_claim();
	test_node();
	test_served();
	test_interfaces();
	test_modules();
	test_unbind();
	test_look();
	sysfs_done(&sysfs);
	return check_done();
}
