/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pci/sysfs.h"

#include "base/array.h"
#include "base/dir.h"
#include "base/file.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CLOSE_BATCH 128
/* From here on a directory of the bus costs less than the links of its functions. */
#define BUS_MIN 4
#define TRIES 2

#define DEVICES "bus/pci/devices"
#define ATTRIBUTE_PATH_MAX (PCI_ADDR_MAX + 64)

/* Links of a device lead up from it, three bytes per bridge, and down to a driver or group. */
#define LINK_MAX_SIZE 512

/* Entries of getdents64(2), in bytes: one call lists a thousand devices. glibc's getdents64() and
 * dirent64 are not in musl from 1.2.4 on. */
#define LIST_SIZE 32768
_Static_assert(
	sizeof(((struct dirent *)NULL)->d_ino) == 8 && sizeof(((struct dirent *)NULL)->d_off) == 8,
	"struct dirent is the kernel's");

static void close_waiting(struct sysfs *s)
{
	if (s->open == 0)
		return;
	unsigned first = (unsigned)s->first, last = first + (unsigned)s->open - 1;
	/* close_range: since Linux 5.9. */
	if (s->open == 1 || syscall(SYS_close_range, first, last, 0) < 0)
		for (unsigned fd = first; fd <= last; fd++)
			(void)close((int)fd);
	s->open = 0;
}

/* Takes over a descriptor that is no longer used. One close_range takes only consecutive
 * numbers. */
static void close_later(struct sysfs *s, int fd)
{
	if (s->open > 0 && fd != s->first + s->open)
		close_waiting(s);
	if (s->open == 0)
		s->first = fd;
	s->open++;
	if (s->open == CLOSE_BATCH) /* now, before the next open gets the number after these, which
				     * starts no new range */
		close_waiting(s);
}

static void bus_close(struct sysfs *s)
{
	close_waiting(s); /* so that the numbers of the next descriptors have no gap */
	if (s->has_bus)
		fd_close(&s->bus);
	s->has_bus = false;
}

static int open_at(struct sysfs *s, int dirfd, const char *path, int flags)
{
	for (int tries = 0;; tries++) {
		int fd = openat(dirfd, path, flags | O_CLOEXEC | O_NOCTTY);
		if (fd >= 0)
			return fd;
		int code = errno; /* closing may change errno */
		if (code == EMFILE)
			close_waiting(s);
		if (code == ENOENT || code == ENOTDIR || tries + 1 == TRIES)
			return -code;
	}
}

/* path NULL: /sys. */
static char *path_below(const char *path, const char *below)
{
	if (!path)
		path = "/sys";
	size_t len = strlen(path), size = len + 1 + strlen(below) + 1;
	char *whole = malloc(size);
	if (!whole)
		return NULL;
	(void)str_copy(whole, size, path);
	whole[len] = '/';
	(void)str_copy(whole + len + 1, size - len - 1, below);
	return whole;
}

int sysfs_open(struct sysfs *ret, const char *path, struct err *err)
{
	struct sysfs s = {.devices = -1};
	_cleanup_(str_free) char *devices = path_below(path, DEVICES);

	if (!devices)
		return err_set(err, ENOMEM, "out of memory for a path");
	s.devices = open_at(&s, AT_FDCWD, devices, O_DIRECTORY | O_RDONLY);
	if (s.devices < 0)
		return err_set(err, -s.devices, "%s: can't open it: %s%s", devices,
			strerror(-s.devices),
			s.devices == -ENOENT ? "; is sysfs mounted there?" : "");
	*ret = s;
	return 0;
}

int sysfs_directory(const char *path, const char *below)
{
	_cleanup_(str_free) char *directory = path_below(path, below);
	struct sysfs none = {.devices = -1};

	return directory ? open_at(&none, AT_FDCWD, directory, O_DIRECTORY | O_RDONLY) : -ENOMEM;
}

void sysfs_done(struct sysfs *s)
{
	bus_close(s);
	fd_close(&s->devices);
	free(s->listed);
	s->listed = NULL;
}

static const char *attribute_path(
	struct pci_addr addr, const char *name, char buf[static ATTRIBUTE_PATH_MAX])
{
	size_t len = strlen(pci_addr_format(addr, buf));

	buf[len++] = '/';
	for (; *name && len < ATTRIBUTE_PATH_MAX - 1; name++)
		buf[len++] = *name;
	buf[len] = '\0';
	return buf;
}

static bool is_listed_at(const struct sysfs *s, size_t i, struct pci_addr addr)
{
	return i < s->n_listed && pci_addr_compare(s->listed[i], addr) == 0;
}

/* Only listed functions are read from the directory of the bus: what is in there and not in
 * bus/pci/devices is no function that a driver can have. */
static bool is_on_bus(const struct sysfs *s, struct pci_addr addr)
{
	size_t i = s->bus_first;

	if (!s->has_bus || i >= s->n_listed || !pci_addr_same_bus(addr, s->listed[i]))
		return false;
	if (is_listed_at(s, s->walked, addr))
		return true;
	while (i < s->n_listed && pci_addr_same_bus(addr, s->listed[i]) &&
		!is_listed_at(s, i, addr))
		i++;
	return is_listed_at(s, i, addr);
}

/* Where a path that begins with the device's address starts. */
static int directory_of(const struct sysfs *s, struct pci_addr addr)
{
	return is_on_bus(s, addr) ? s->bus : s->devices;
}

/* A root bus 00 is found by its name, others by the link of a function. */
static void bus_open(struct sysfs *s, size_t first)
{
	struct pci_addr addr = s->listed[first];
	char path[ATTRIBUTE_PATH_MAX];

	bus_close(s);
	s->bus_first = first;
	s->bus = -1;
	if (addr.bus == 0) {
		(void)snprintf(path, sizeof(path), "../../../devices/pci%04x:00", addr.domain);
		s->bus = openat(s->devices, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	if (s->bus < 0)
		s->bus = openat(s->devices, attribute_path(addr, "..", path),
			O_PATH | O_DIRECTORY | O_CLOEXEC);
	s->has_bus = s->bus >= 0;
}

static ssize_t read_fd(int fd, off_t offset, void *buf, size_t size)
{
	for (int tries = 0;; tries++) {
		ssize_t n = offset > 0 ? pread(fd, buf, size, offset) : read(fd, buf, size);
		if (n >= 0)
			return n;
		if (tries + 1 == TRIES)
			return -errno;
	}
}

ssize_t sysfs_read_at(struct sysfs *s, struct pci_addr addr, const char *attribute, off_t offset,
	void *buf, size_t size)
{
	char path[ATTRIBUTE_PATH_MAX];
	int fd = open_at(s, directory_of(s, addr), attribute_path(addr, attribute, path), O_RDONLY);

	if (fd < 0)
		return fd;
	ssize_t n = read_fd(fd, offset, buf, size);
	close_later(s, fd);
	return n;
}

static ssize_t read_text(int fd, char *buf, size_t size)
{
	ssize_t n = read_fd(fd, 0, buf, size - 1);

	if (n < 0)
		return n;
	while (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return n;
}

ssize_t sysfs_read(
	struct sysfs *s, struct pci_addr addr, const char *attribute, char *buf, size_t size)
{
	char path[ATTRIBUTE_PATH_MAX];
	int fd = open_at(s, directory_of(s, addr), attribute_path(addr, attribute, path), O_RDONLY);

	/* A directory that is gone says nothing about the function. */
	if (fd == -ENOENT && is_on_bus(s, addr)) {
		bus_close(s);
		fd = open_at(s, s->devices, path, O_RDONLY);
	}
	if (fd < 0)
		return fd;
	ssize_t n = read_text(fd, buf, size);
	close_later(s, fd);
	return n;
}

ssize_t sysfs_link(struct sysfs *s, struct pci_addr addr, const char *link, char *buf, size_t size)
{
	char path[ATTRIBUTE_PATH_MAX], target[LINK_MAX_SIZE];
	ssize_t n = -1;

	attribute_path(addr, link, path);
	for (int tries = 0; n < 0 && tries < TRIES; tries++) {
		n = readlinkat(directory_of(s, addr), path, target, sizeof(target) - 1);
		if (n < 0 && errno == ENOENT) {
			buf[0] = '\0';
			return 0;
		}
	}
	if (n < 0)
		return -errno;
	if (n == sizeof(target) - 1)
		return -ENAMETOOLONG;
	target[n] = '\0';
	const char *slash = strrchr(target, '/'), *last = slash ? slash + 1 : target;
	size_t len = strlen(last);
	if (len >= size)
		return -ENAMETOOLONG;
	memcpy(buf, last, len + 1);
	return (ssize_t)len;
}

/* The list is not an array on the stack: there the compiler touches each of its pages, ours as it
 * grows and the kernel's when it provides one (-fstack-clash-protection). */
static int each_entry(int fd, int (*each)(struct pci_addr addr, void *to), void *to)
{
	_cleanup_(str_free) char *list = malloc(LIST_SIZE);

	if (!list)
		return -ENOMEM;
	for (int tries = 0;;) {
		ssize_t n = syscall(SYS_getdents64, fd, list, LIST_SIZE);
		if (n < 0 && ++tries < TRIES)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		for (ssize_t at = 0; at < n;) {
			const void *place = list + at;
			const struct dirent *entry = place;
			struct pci_addr addr;
			at += entry->d_reclen;
			if (!pci_addr_parse(entry->d_name, &addr))
				continue;
			int r = each(addr, to);
			if (r != 0)
				return r;
		}
	}
}

static int list_note(struct pci_addr addr, void *to)
{
	struct sysfs *s = to;

	struct pci_addr *listed = array_grow(
		s->listed, s->n_listed, &s->size_listed, sizeof(*listed));
	if (!listed)
		return -ENOMEM;
	s->listed = listed;
	s->listed[s->n_listed++] = addr;
	return 0;
}

/* Puts the functions of a bus one after the other: by the number of the bus, with a count of each,
 * which costs a third of what qsort(3) does. The domains of one number stay mixed. */
static int group_by_bus(struct sysfs *s)
{
	size_t start[UINT8_MAX + 2] = {0};
	struct pci_addr *grouped = malloc(s->size_listed * sizeof(*grouped));

	if (!grouped)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_listed; i++)
		start[s->listed[i].bus + 1]++;
	for (size_t bus = 0; bus <= UINT8_MAX; bus++)
		start[bus + 1] += start[bus];
	for (size_t i = 0; i < s->n_listed; i++)
		grouped[start[s->listed[i].bus]++] = s->listed[i];
	free(s->listed);
	s->listed = grouped;
	return 0;
}

/* True if the function begins a bus of some size. */
static bool begins_bus(const struct sysfs *s, size_t i)
{
	const struct pci_addr *one = &s->listed[i];

	return (i == 0 || !pci_addr_same_bus(one[-1], *one)) && i + BUS_MIN <= s->n_listed &&
	       pci_addr_same_bus(one[BUS_MIN - 1], *one);
}

int sysfs_each_device(
	struct sysfs *s, int (*each)(struct pci_addr addr, void *to), void *to, struct err *err)
{
	s->n_listed = 0;
	int r = lseek(s->devices, 0, SEEK_SET) < 0 ? -errno : each_entry(s->devices, list_note, s);
	if (r == 0 && s->n_listed >= BUS_MIN)
		r = group_by_bus(s);
	for (size_t i = 0; r == 0 && i < s->n_listed; i++) {
		if (begins_bus(s, i))
			bus_open(s, i);
		s->walked = i;
		r = each(s->listed[i], to);
	}
	if (r != 0) /* an incomplete list must not be used */
		s->n_listed = 0;
	if (r < 0)
		return err_set(err, -r, DEVICES ": can't list it: %s", strerror(-r));
	return r;
}

struct function_mask {
	struct pci_addr addr;
	unsigned mask;
};

static int function_note(struct pci_addr addr, void *to)
{
	struct function_mask *m = to;

	if (pci_addr_same_device(addr, m->addr))
		m->mask |= 1U << addr.function;
	return 0;
}

int sysfs_functions(struct sysfs *s, struct pci_addr addr, unsigned *ret_mask)
{
	struct function_mask m = {.addr = addr};
	char path[ATTRIBUTE_PATH_MAX];

	if (s->n_listed > 0) {
		for (size_t i = 0; i < s->n_listed; i++)
			(void)function_note(s->listed[i], &m);
		*ret_mask = m.mask;
		return 0;
	}
	_cleanup_(fd_close) int fd = open_at(
		s, s->devices, attribute_path(addr, "..", path), O_DIRECTORY | O_RDONLY);
	int r = fd < 0 ? fd : each_entry(fd, function_note, &m);
	if (r < 0)
		return r;
	*ret_mask = m.mask;
	return 0;
}

int sysfs_secondary_bus(struct sysfs *s, struct pci_addr bridge, uint8_t *ret)
{
	char text[16];
	unsigned long bus;
	ssize_t n = sysfs_read(s, bridge, "secondary_bus_number", text, sizeof(text));

	if (n < 0)
		return (int)n;
	if (!str_decimal(text, 0xff, &bus) || bus == 0)
		return -EINVAL;
	*ret = (uint8_t)bus;
	return 0;
}

bool sysfs_has_driver(struct sysfs *s, const char *driver)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "../drivers/%s", driver);
	return faccessat(s->devices, path, F_OK, 0) == 0;
}

static int write_fd(int fd, const char *text)
{
	for (int tries = 0;; tries++) {
		if (pwrite(fd, text, strlen(text), 0) >= 0) /* the offset is not 0 after the read in
							     * sysfs_swap */
			return 0;
		/* An error of the device is final; a shortage of the kernel may pass. */
		bool may_pass = errno == EINTR || errno == ENOMEM || errno == EIO;
		if (!may_pass || tries + 1 == TRIES)
			return -errno;
	}
}

static int write_path(struct sysfs *s, const char *path, const char *text)
{
	/* No O_CREAT: an attribute exists or it does not. O_TRUNC is for trees of plain files. */
	int fd = open_at(s, s->devices, path, O_WRONLY | O_TRUNC);

	if (fd < 0)
		return fd;
	int r = write_fd(fd, text);
	close_later(s, fd);
	return r;
}

int sysfs_write(struct sysfs *s, struct pci_addr addr, const char *attribute, const char *text)
{
	char path[ATTRIBUTE_PATH_MAX];

	return write_path(s, attribute_path(addr, attribute, path), text);
}

int sysfs_probe(struct sysfs *s, struct pci_addr addr)
{
	char address[PCI_ADDR_MAX];

	return write_path(s, "../drivers_probe", pci_addr_format(addr, address));
}

int sysfs_release_framebuffer(struct sysfs *s, const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "../../platform/devices/%.64s/driver/unbind", name);
	return write_path(s, path, name);
}

int sysfs_attach(struct sysfs *s, struct pci_addr addr, const char *driver)
{
	char path[128], address[PCI_ADDR_MAX];

	(void)snprintf(path, sizeof(path), "../drivers/%.64s/bind", driver);
	return write_path(s, path, pci_addr_format(addr, address));
}

int sysfs_swap(struct sysfs *s, struct pci_addr addr, const char *attribute, const char *text,
	char *prev_override, size_t size)
{
	char path[ATTRIBUTE_PATH_MAX];
	int fd = open_at(s, directory_of(s, addr), attribute_path(addr, attribute, path), O_RDWR);

	if (fd < 0)
		return fd;
	ssize_t n = read_text(fd, prev_override, size);
	int r = n < 0 ? (int)n : 0;
	/* An attribute has no offset and no length; a plain file in its place has both. */
	if (n > (ssize_t)strlen(text) && ftruncate(fd, 0) < 0)
		r = -errno;
	if (r == 0)
		r = write_fd(fd, text);
	close_later(s, fd);
	return r;
}

/* ---- sysfs_path ----------------------------------------------------------------------------- */

#define TEXT_MAX (1024UL * 1024)

/* The one open descriptor is bus/pci/devices, a real directory three steps below /sys. */
#define UP "../../../"

/* Puts UP and the path into buf; false if it does not fit. */
#define UP_LEN (sizeof(UP) - 1)
_printf_(2, 0) static bool path_format(char buf[static SYSFS_PATH_MAX], const char *fmt, va_list ap)
{
	memcpy(buf, UP, UP_LEN);
	int len = vsnprintf(buf + UP_LEN, SYSFS_PATH_MAX - UP_LEN, fmt, ap);
	return len >= 0 && (size_t)len < SYSFS_PATH_MAX - UP_LEN;
}

ssize_t sysfs_path_read(struct sysfs *s, char *buf, size_t size, const char *fmt, ...)
{
	char path[SYSFS_PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	bool fits = path_format(path, fmt, ap);
	va_end(ap);
	buf[0] = '\0';
	if (!fits)
		return -ENAMETOOLONG;
	ssize_t n = file_read_small(s->devices, path, buf, size);
	while (n > 0 && (buf[n - 1] == '\n' || buf[n - 1] == ' '))
		buf[--n] = '\0';
	return n;
}

ssize_t sysfs_path_link(struct sysfs *s, char *buf, size_t size, const char *fmt, ...)
{
	char path[SYSFS_PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	bool fits = path_format(path, fmt, ap);
	va_end(ap);
	buf[0] = '\0';
	if (!fits)
		return -ENAMETOOLONG;
	ssize_t n = readlinkat(s->devices, path, buf, size - 1);
	if (n < 0) {
		buf[0] = '\0';
		return -errno;
	}
	buf[n] = '\0';
	return (size_t)n == size - 1 ? -ENAMETOOLONG : n;
}

bool sysfs_path_exists(struct sysfs *s, const char *fmt, ...)
{
	char path[SYSFS_PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	bool fits = path_format(path, fmt, ap);
	va_end(ap);
	return fits && faccessat(s->devices, path, F_OK, 0) == 0;
}

int sysfs_path_each(
	struct sysfs *s, const char *path, int (*each)(const char *name, void *to), void *to)
{
	char full[SYSFS_PATH_MAX];
	_cleanup_(strings_done) struct strings names = {0};

	(void)snprintf(full, sizeof(full), UP "%s", path);
	int r = dir_list(&names, s->devices, full, NULL, strverscmp);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = each(names.v[i], to);
	return r;
}

char *sysfs_path_text(struct sysfs *s, const char *path)
{
	char full[SYSFS_PATH_MAX], *text = NULL;
	size_t len;

	(void)snprintf(full, sizeof(full), UP "%s", path);
	return file_read(s->devices, full, TEXT_MAX, &text, &len, NULL) < 0 ? NULL : text;
}

bool sysfs_path_owner(const char *target, struct pci_addr *ret)
{
	bool found = false;

	for (const char *at = target; at; at = strchr(at, '/')) {
		char part[PCI_ADDR_MAX];
		at += *at == '/';
		size_t len = strcspn(at, "/");
		if (len >= sizeof(part))
			continue;
		memcpy(part, at, len);
		part[len] = '\0';
		/* pci_addr_parse also reads an address without a domain, which no directory has. */
		const char *colon = strchr(part, ':');
		if (colon && strchr(colon + 1, ':') && pci_addr_parse(part, ret))
			found = true;
	}
	return found;
}
