/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FAKE_KERNEL_H
#define FAKE_KERNEL_H

/*
 * A tree that answers as the kernel does: what is written to drivers_probe and unbind moves the
 * driver links (drivers/base/dd.c, bus.c), a loaded module registers its driver, and a registered
 * driver takes what it matches. The linker puts us between apply and the door to sysfs (--wrap, see
 * tests.mk), so every call can also fail, hang, or be the last thing that a child does.
 */
#include "base/file.h"
#include "base/str.h"
#include "core/kmod.h"
#include "pci/sysfs.h"
#include "safe_kill.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEVICES "bus/pci/devices"
#define DRIVERS "bus/pci/drivers"
#define CALLS_MAX 200
#define CARD "0000:01:00.0"

/* What happens to the call number `at` (from 1); 0: nothing to any. */
enum dev_state { GO_ON, FAIL, DIE_BEFORE, DIE_AFTER, HANG, INTERRUPT };

/* The fake kernel's state that is no file, shared with the children. */
static struct world {
	char tree[80];
	char module[32];  /* the module that can be loaded, "" for none */
	char refused[32]; /* the address that vfio-pci does not take */
	char second[32]; /* a second host driver that wants the card, and comes to it by no probe */
	bool late; /* a function has the group of the file "late_group" while a driver has it */
	char locked[32]; /* the address whose lock is held: who probes it waits for ever */
	enum dev_state fate;
	unsigned at;
	int code;
	unsigned forks; /* how many there may be; 0: as many as are asked for */
	unsigned calls;
	char trace[CALLS_MAX][64];
} * world;

int __wrap_sysfs_swap(struct sysfs *s, struct pci_addr addr, const char *attribute,
	const char *text, char *former, size_t size);
int __wrap_sysfs_write(
	struct sysfs *s, struct pci_addr addr, const char *attribute, const char *text);
int __wrap_sysfs_probe(struct sysfs *s, struct pci_addr addr);
int __wrap_sysfs_attach(struct sysfs *s, struct pci_addr addr, const char *driver);
int __wrap_module_load(const char *name, const char *options, struct err *err);
int __wrap_module_load_iommu(struct err *err);
int __real_sysfs_swap(struct sysfs *s, struct pci_addr addr, const char *attribute,
	const char *text, char *former, size_t size);
int __real_sysfs_write(
	struct sysfs *s, struct pci_addr addr, const char *attribute, const char *text);
int __real_sysfs_probe(struct sysfs *s, struct pci_addr addr);

/* ---- the kernel -------------------------------------------------------------------------------
 */

static const char *path_of(const char *fmt, ...) _printf_(1, 2);
static const char *path_of(const char *fmt, ...)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];
	int n = snprintf(path, 256, "%s/", world->tree);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(path + n, 256 - (size_t)n, fmt, ap);
	va_end(ap);
	return path;
}

static void read_word(const char *path, char *buf, size_t size)
{
	ssize_t n = file_read_small(AT_FDCWD, path, buf, size);

	buf[n < 0 ? 0 : n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
}

static void driver_of(const char *address, char *buf, size_t size)
{
	char target[256];
	ssize_t n = readlink(path_of(DEVICES "/%s/driver", address), target, sizeof(target) - 1);

	target[n < 0 ? 0 : n] = '\0';
	const char *slash = strrchr(target, '/');
	(void)snprintf(buf, size, "%s", slash ? slash + 1 : "");
}

static void override_of(const char *address, char *buf, size_t size)
{
	read_word(path_of(DEVICES "/%s/driver_override", address), buf, size);
	if (str_equal(buf, "(null)"))
		buf[0] = '\0';
}

static inline void set_override(const char *address, const char *text)
{
	int fd = open(
		path_of(DEVICES "/%s/driver_override", address), O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0 || dprintf(fd, "%s\n", text) < 0)
		abort();
	(void)close(fd);
}

static void link_or_keep(const char *to, const char *path)
{
	if (symlink(to, path) < 0 && errno != EEXIST)
		abort();
}

/* iommu_probe_device, by the bus's dma_configure (really_probe in drivers/base/dd.c). The group
 * stays when the driver goes.
 */
static void kernel_group(const char *address)
{
	char group[16];

	read_word(path_of(DEVICES "/%s/late_group", address), group, sizeof(group));
	if (!world->late || !group[0])
		return;
	link_or_keep(path_of("kernel/iommu_groups/%s", group),
		path_of(DEVICES "/%s/iommu_group", address));
	(void)mkdir(path_of("kernel/iommu_groups/%s", group), 0755);
	(void)mkdir(path_of("kernel/iommu_groups/%s/devices", group), 0755);
	link_or_keep(path_of(DEVICES "/%s", address),
		path_of("kernel/iommu_groups/%s/devices/%s", group, address));
}

static int kernel_take(const char *address, const char *driver)
{
	kernel_group(address);
	if (str_equal(driver, "vfio-pci") && str_equal(world->refused, address))
		return -EINVAL;
	return symlink(path_of(DRIVERS "/%s", driver), path_of(DEVICES "/%s/driver", address)) < 0
		       ? -errno
		       : 0;
}

/* pci_match_device: an override is the only driver that matches; else the host's own ("native",
 * which is no file of the kernel's). A driver may refuse. -EINVAL as vfio-pci answers, 0 if none
 * matches. */
static int kernel_probe(const char *address)
{
	char driver[64], wanted[64];

	while (str_equal(world->locked, address))
		(void)pause();
	driver_of(address, driver, sizeof(driver));
	if (driver[0])
		return 0;
	override_of(address, wanted, sizeof(wanted));
	if (!wanted[0])
		read_word(path_of(DEVICES "/%s/native", address), wanted, sizeof(wanted));
	if (!wanted[0] || access(path_of(DRIVERS "/%s", wanted), F_OK) < 0)
		return 0;
	return kernel_take(address, wanted);
}

/* One driver, as its `bind` and its registration ask it; an override lets no other come. */
static int kernel_attach(const char *address, const char *driver)
{
	char has[64], wanted[64];

	while (str_equal(world->locked, address))
		(void)pause();
	if (!driver[0] || access(path_of(DRIVERS "/%s", driver), F_OK) < 0)
		return -ENOENT;
	driver_of(address, has, sizeof(has));
	if (has[0])
		return -EBUSY;
	override_of(address, wanted, sizeof(wanted));
	if (!wanted[0] && !(str_equal(driver, world->second) && str_equal(address, CARD)))
		read_word(path_of(DEVICES "/%s/native", address), wanted, sizeof(wanted));
	if (wanted[0] && !str_equal(driver, wanted))
		return -ENODEV;
	return kernel_take(address, driver);
}

static void kernel_register(const char *driver, const char *const *addresses)
{
	(void)mkdir(path_of(DRIVERS "/%s", driver), 0755);
	int unbind = open(
		path_of(DRIVERS "/%s/unbind", driver), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	fd_close(&unbind);
	for (; *addresses; addresses++)
		(void)kernel_attach(*addresses, driver);
}

/* Files that a child left open would be there twice; what the calls do is all that counts. */
static int meet(const char *what, const char *address, bool before)
{
	if (before) {
		unsigned n = world->calls++;
		if (n < CALLS_MAX)
			(void)snprintf(
				world->trace[n], sizeof(world->trace[n]), "%s %s", what, address);
	}
	if (world->calls != world->at)
		return 0;
	if (world->fate == FAIL && before)
		return -world->code;
	if (world->fate == (before ? DIE_BEFORE : DIE_AFTER))
		(void)raise(SIGKILL);
	while (world->fate == HANG && before)
		(void)pause();
	if (world->fate == INTERRUPT && before) {
		(void)kill(getppid(), SIGINT);
		(void)usleep(30 * 1000); /* until it has taken note of that */
	}
	return 0;
}

/* In the parent: there may be no process to be had, and then there is none. */
pid_t __wrap_fork(void);
pid_t __real_fork(void);
pid_t __wrap_fork(void)
{
	if (world->forks == 1) {
		errno = EAGAIN;
		return -1;
	}
	if (world->forks > 1)
		world->forks--;
	return __real_fork();
}

int __wrap_sysfs_swap(struct sysfs *s, struct pci_addr addr, const char *attribute,
	const char *text, char *former, size_t size)
{
	char address[PCI_ADDR_MAX];
	int r = meet("override", pci_addr_format(addr, address), true);

	if (r < 0)
		(void)sysfs_read(s, addr, attribute, former, size); /* it is the write that fails */
	if (r == 0)
		r = __real_sysfs_swap(s, addr, attribute, text, former, size);
	if (r == 0)
		r = meet("override", address, false);
	return r;
}

int __wrap_sysfs_write(
	struct sysfs *s, struct pci_addr addr, const char *attribute, const char *text)
{
	char address[PCI_ADDR_MAX];
	bool unbind = str_equal(attribute, "driver/unbind");
	const char *what = unbind                                    ? "unbind"
			   : str_equal(attribute, "driver_override") ? "give back"
								     : "resize";
	int r = meet(what, pci_addr_format(addr, address), true);

	if (r == 0 && what[0] != 'r') /* the tree has no file for a BAR that is resized */
		r = __real_sysfs_write(s, addr, attribute, text);
	if (r == 0 && unbind)
		(void)unlink(path_of(DEVICES "/%s/driver", address));
	if (r == 0)
		r = meet(what, address, false);
	return r;
}

int __wrap_sysfs_probe(struct sysfs *s, struct pci_addr addr)
{
	char address[PCI_ADDR_MAX];
	int r = meet("probe", pci_addr_format(addr, address), true);

	if (r == 0)
		r = __real_sysfs_probe(s, addr);
	if (r == 0)
		r = kernel_probe(address);
	if (r == 0)
		r = meet("probe", address, false);
	return r;
}

int __wrap_sysfs_attach(struct sysfs *s, struct pci_addr addr, const char *driver)
{
	char address[PCI_ADDR_MAX];
	int r = meet("attach", pci_addr_format(addr, address), true);

	(void)s;
	if (r == 0)
		r = kernel_attach(address, driver);
	if (r == 0)
		r = meet("attach", address, false);
	return r;
}

static const char *const functions[] = {
	"0000:01:00.0", "0000:01:00.1", "0000:01:00.2", "0000:01:00.3", "0000:03:00.0", NULL};
#define N_FUNCTIONS 5

int __wrap_module_load(const char *name, const char *options, struct err *err)
{
	(void)options;
	if (access(path_of(DRIVERS "/%s", name), F_OK) == 0)
		return 0; /* built in, or loaded */
	int r = meet("load", name, true);
	if (r == 0 && !str_equal(name, world->module))
		r = err_set(err, ENOENT, "module %s: none for this kernel", name);
	if (r < 0)
		return r;
	kernel_register(name, functions);
	return meet("load", name, false);
}

/* Never the machine's own. */
int __wrap_module_load_iommu(struct err *err)
{
	(void)err;
	return 0;
}

#endif
