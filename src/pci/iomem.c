/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pci/iomem.h"

#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE 512
#define BUFFER_SIZE 8192 /* a read(2) of a kernel file returns at most a page */
#define READS_MAX 256

uint64_t iomem_number(const char *text)
{
	uint64_t value = 0;
	uint32_t digit;

	if (str_starts(text, "0x"))
		text += 2;
	for (int i = 0; i < 16 && str_hex_fixed(&text, 1, &digit); i++)
		value = value << 4 | digit;
	return value;
}

/* The innermost PCI function whose region contains the last line. */
struct place {
	bool owned;
	size_t depth;
	struct pci_addr owner;
	uint64_t bar;
};

/* True, with the region's name, for a region inside one of a PCI function. */
static bool parse_line(struct place *p, const char *line, char name[static IOMEM_NAME_MAX])
{
	size_t depth = strspn(line, " ");
	const char *at = strstr(line, " : ");
	struct pci_addr addr;

	if (!at)
		return false;
	(void)str_copy(name, IOMEM_NAME_MAX, at + strlen(" : "));
	if (p->owned && depth <= p->depth)
		p->owned = false;
	if (!strchr(name, ' ') && pci_addr_parse(name, &addr)) {
		*p = (struct place){true, depth, addr, iomem_number(line + depth)};
		return false;
	}
	return p->owned;
}

/* Parses the whole lines of the buffer; moves the rest to its front. */
static bool parse_lines(struct place *p, char *buffer, size_t *len, iomem_each *each, void *to)
{
	char *line = buffer, *end, name[IOMEM_NAME_MAX];

	while ((end = memchr(line, '\n', *len - (size_t)(line - buffer)))) {
		*end = '\0';
		if (parse_line(p, line, name) &&
			each(&(struct iomem_region){p->owner, p->bar, name}, to))
			return true;
		line = end + 1;
	}
	*len -= (size_t)(line - buffer);
	memmove(buffer, line, *len);
	return false;
}

bool iomem_find_in(char *text, size_t len, iomem_each *each, void *to)
{
	struct place p = {0};

	return parse_lines(&p, text, &len, each, to);
}

int iomem_find(const char *root, iomem_each *each, void *to)
{
	char path[PATH_SIZE], buffer[BUFFER_SIZE];
	struct place p = {0};
	size_t len = 0;

	(void)snprintf(
		path, sizeof(path), "%s/proc/iomem", root && !str_equal(root, "/") ? root : "");
	_cleanup_(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	for (int i = 0; i < READS_MAX && len < sizeof(buffer); i++) {
		ssize_t n = read(fd, buffer + len, sizeof(buffer) - len);
		if (n <= 0)
			return n < 0 ? -errno : 0;
		len += (size_t)n;
		if (parse_lines(&p, buffer, &len, each, to))
			return 1;
	}
	return -EFBIG;
}
