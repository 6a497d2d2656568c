/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pci/iomem.h"

#include "base/file.h"
#include "base/str.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE 512
#define BUFFER_SIZE 8192 /* a read(2) of a file of the kernel's gives a page at most */
#define READS_MAX 256

/* The innermost PCI function that the lines read last lie in. */
struct place {
	bool owned;
	size_t depth;
	struct slot owner;
};

/* True, and the name, for a region that lies in one of a PCI function. */
static bool take_line(struct place *p, const char *line, char name[static IOMEM_NAME_MAX])
{
	size_t depth = strspn(line, " ");
	const char *at = strstr(line, " : ");

	if (!at)
		return false;
	(void)str_copy(name, IOMEM_NAME_MAX, at + strlen(" : "));
	if (p->owned && depth <= p->depth)
		p->owned = false;
	struct slot slot;
	if (!strchr(name, ' ') && slot_parse(name, &slot)) {
		*p = (struct place){true, depth, slot};
		return false;
	}
	return p->owned;
}

/* Takes the whole lines of the buffer; what is behind them comes to its front. */
static bool take_lines(struct place *p, char *buffer, size_t *len,
	bool (*each)(struct slot owner, const char *name, void *to), void *to)
{
	char *line = buffer, *end, name[IOMEM_NAME_MAX];

	while ((end = memchr(line, '\n', *len - (size_t)(line - buffer)))) {
		*end = '\0';
		if (take_line(p, line, name) && each(p->owner, name, to))
			return true;
		line = end + 1;
	}
	*len -= (size_t)(line - buffer);
	memmove(buffer, line, *len);
	return false;
}

bool iomem_find(
	const char *root, bool (*each)(struct slot owner, const char *name, void *to), void *to)
{
	char path[PATH_SIZE], buffer[BUFFER_SIZE];
	struct place p = {0};
	size_t len = 0;
	bool found = false;

	(void)snprintf(
		path, sizeof(path), "%s/proc/iomem", root && !str_equal(root, "/") ? root : "");
	_cleanup_(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	for (int i = 0; fd >= 0 && !found && i < READS_MAX && len < sizeof(buffer); i++) {
		ssize_t n = read(fd, buffer + len, sizeof(buffer) - len);
		if (n <= 0)
			break;
		len += (size_t)n;
		found = take_lines(&p, buffer, &len, each, to);
	}
	return found;
}
