/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/pciids.h"

#include "base/file.h"
#include "base/str.h"
#include "host/host_snapshot.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE_LIMIT (64L * 1024 * 1024)
#define N_SEEN (sizeof(((struct pciids *)0)->seen) / sizeof(((struct pciids *)0)->seen[0]))

static const char *const places[] = {"/usr/share/hwdata/pci.ids", "/usr/share/misc/pci.ids",
	"/usr/share/pci.ids", "/var/lib/pciutils/pci.ids"};

static bool map(struct pciids *n, const char *path)
{
	_cleanup_(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0 ||
		st.st_size > SIZE_LIMIT)
		return false;
	void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return false;
	n->data = data;
	n->len = (size_t)st.st_size;
	return true;
}

/* The first line at or after `from` that begins with `start`; the end of the file if there is
 * none. */
static size_t find_line(const struct pciids *n, size_t from, const char *start)
{
	size_t len = strlen(start);

	while (from < n->len) {
		if (n->len - from >= len && memcmp(n->data + from, start, len) == 0)
			return from;
		const char *newline = memchr(n->data + from, '\n', n->len - from);
		if (!newline)
			break;
		from = (size_t)(newline - n->data) + 1;
	}
	return n->len;
}

void pciids_open(struct pciids *ret, const char *path)
{
	*ret = (struct pciids){0};
	if (path)
		(void)map(ret, path);
	for (size_t i = 0; !ret->data && i < sizeof(places) / sizeof(*places); i++)
		(void)map(ret, places[i]);
	ret->classes = find_line(ret, 0, "C 00 ");
	if (ret->classes == ret->len) /* a hand-made tree may have a part of the list */
		ret->classes = 0;
}

void pciids_open_of(struct pciids *ret, const char *sysfs)
{
	_cleanup_(str_free) char *path = NULL;

	if (sysfs && asprintf(&path, "%s/" NOTES_DIRECTORY "/pci.ids", sysfs) < 0)
		path = NULL;
	pciids_open(ret, path);
}

void pciids_close(struct pciids *n)
{
	if (n->data) /* munmap takes no pointer to const */
		(void)munmap((void *)(uintptr_t)n->data, n->len);
	*n = (struct pciids){0};
}

/* The name after a key of this length, in the line at `at`. */
static bool take(const struct pciids *n, size_t at, size_t key, char *buf, size_t size)
{
	const char *s = n->data + at + key, *end = n->data + n->len;
	const char *newline = memchr(s, '\n', (size_t)(end - s));
	size_t room = size - 1;

	if (newline)
		end = newline;
	while (s < end && *s == ' ')
		s++;
	size_t len = (size_t)(end - s) < room ? (size_t)(end - s) : room;
	memcpy(buf, s, len);
	buf[len] = '\0';
	return true;
}

/* The lines of an entry follow it, indented by one more tab. */
static size_t block_end(const struct pciids *n, size_t at, const char *indent)
{
	size_t len = strlen(indent);
	const char *newline;

	while ((newline = memchr(n->data + at, '\n', n->len - at))) {
		at = (size_t)(newline - n->data) + 1;
		if (at >= n->len)
			break;
		bool inside = n->len - at >= len && memcmp(n->data + at, indent, len) == 0;
		if (!inside && n->data[at] != '#' && n->data[at] != '\n')
			return at;
	}
	return n->len;
}

static bool find_in(const struct pciids *n, size_t at, size_t end, const char *start, size_t *ret)
{
	const struct pciids part = {.data = n->data, .len = end};
	size_t found = find_line(&part, at, start);

	*ret = found;
	return found < end;
}

static bool find_vendor(struct pciids *n, uint32_t vendor, size_t *ret_at, size_t *ret_end)
{
	char start[16];
	unsigned i;

	for (i = 0; i < n->n_seen; i++)
		if (n->seen[i].vendor == vendor)
			break;
	if (i == n->n_seen) {
		if (i == N_SEEN)
			i--; /* the last place is reused */
		else
			n->n_seen++;
		(void)snprintf(start, sizeof(start), "%04x ", vendor & 0xffffU);
		size_t at = find_line(n, 0, start);
		n->seen[i].vendor = vendor;
		n->seen[i].at = at;
		n->seen[i].end = at < n->len ? block_end(n, at, "\t") : at;
	}
	*ret_at = n->seen[i].at;
	*ret_end = n->seen[i].end;
	return *ret_at < *ret_end;
}

bool pciids_vendor(struct pciids *n, uint32_t vendor, char *buf, size_t size)
{
	size_t at, end;

	buf[0] = '\0';
	return find_vendor(n, vendor, &at, &end) && take(n, at, 4, buf, size);
}

static bool find_device(struct pciids *n, const struct pci_id *id, size_t *ret_at)
{
	char start[16];
	size_t at, end;

	(void)snprintf(start, sizeof(start), "\t%04x ", id->device & 0xffffU);
	return find_vendor(n, id->vendor, &at, &end) && find_in(n, at, end, start, ret_at);
}

bool pciids_device(struct pciids *n, const struct pci_id *id, char *buf, size_t size)
{
	size_t at;

	buf[0] = '\0';
	return find_device(n, id, &at) && take(n, at, 5, buf, size);
}

bool pciids_subsystem(struct pciids *n, const struct pci_id *id, char *buf, size_t size)
{
	char start[24];
	size_t at, found;

	buf[0] = '\0';
	if (id->subvendor == 0)
		return false;
	(void)snprintf(start, sizeof(start), "\t\t%04x %04x ", id->subvendor & 0xffffU,
		id->subdevice & 0xffffU);
	if (find_device(n, id, &at) && find_in(n, at, block_end(n, at, "\t\t"), start, &found))
		return take(n, found, 11, buf, size);
	return pciids_vendor(n, id->subvendor, buf, size);
}

bool pciids_class(struct pciids *n, uint32_t class, char *buf, size_t size)
{
	char start[16];
	size_t at, found;

	buf[0] = '\0';
	(void)snprintf(start, sizeof(start), "C %02x ", class >> 16 & 0xffU);
	at = find_line(n, n->classes, start);
	if (at >= n->len)
		return false;
	(void)snprintf(start, sizeof(start), "\t%02x ", class >> 8 & 0xffU);
	if (find_in(n, at, block_end(n, at, "\t"), start, &found))
		return take(n, found, 3, buf, size);
	return take(n, at, 4, buf, size);
}
