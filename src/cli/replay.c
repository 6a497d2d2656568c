/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/replay.h"

#include "base/str.h"
#include "host/host_snapshot.h"
#include "pci/address.h"
#include "pci/sysfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE 512
#define OFFSET_MAX 4096
#define LINES_MAX 2000000 /* twice as many as 20,000 functions need */

struct replay {
	struct tmpdir *to;
	const char *directory;      /* of the lines that follow, or NULL */
	char address[PCI_ADDR_MAX]; /* of its PCI function, or "" */
	bool links;                 /* the half that is created: files and directories, or links */
	char file[PATH_SIZE];       /* whose lines are collected, or "" */
	struct text content;
};

static int join(char buf[static PATH_SIZE], const char *one, const char *other)
{
	int n = snprintf(buf, PATH_SIZE, "%s/%s", one, other);

	return n >= 0 && n < PATH_SIZE ? 0 : -ENAMETOOLONG;
}

/* Formats "../" for each directory of a path, and `rest` after them. */
static int up_to(char buf[static PATH_SIZE], const char *directory, const char *rest)
{
	size_t len = 0;

	for (const char *at = directory; at; at = strchr(at, '/')) {
		at += *at == '/';
		if (len + 4 > PATH_SIZE)
			return -ENAMETOOLONG;
		len += str_copy(buf + len, PATH_SIZE - len, "../");
	}
	return str_copy(buf + len, PATH_SIZE - len, rest) == strlen(rest) ? 0 : -ENAMETOOLONG;
}

/* Creates a link to /sys/WHERE/NAME, for which the name is enough, and its target. */
static int link_to(const struct replay *r, const char *name, const char *where, const char *target)
{
	char path[PATH_SIZE], end[PATH_SIZE], way[PATH_SIZE];
	int code = join(end, where, target);

	if (code == 0 && !r->links)
		return tmpdir_directory(r->to, end);
	if (code == 0)
		code = join(path, r->directory, name);
	if (code == 0)
		code = up_to(way, r->directory, end);
	return code == 0 ? tmpdir_link(r->to, path, way) : code;
}

/* Creates the link to the group, and that of the group to the function, which lists its members
 * (Documentation/ABI/testing/sysfs-kernel-iommu_groups). */
static int replay_group(const struct replay *r, const char *name, const char *target)
{
	char path[PATH_SIZE], members[PATH_SIZE], way[PATH_SIZE];
	int code = link_to(r, name, "kernel/iommu_groups", target);

	if (code == 0)
		code = join(path, "kernel/iommu_groups", target);
	if (code == 0)
		code = join(members, path, "devices");
	if (code == 0 && !r->links)
		return tmpdir_directory(r->to, members);
	if (code == 0)
		code = join(path, members, r->address);
	if (code == 0)
		code = up_to(way, members, r->directory);
	return code == 0 ? tmpdir_link(r->to, path, way) : code;
}

static int replay_link(const struct replay *r, const char *name, const char *target)
{
	char path[PATH_SIZE];

	if (r->address[0] && str_equal(name, "driver"))
		return link_to(r, name, "bus/pci/drivers", target);
	if (r->address[0] && str_equal(name, "iommu_group"))
		return replay_group(r, name, target);
	if (!r->links)
		return 0;
	int code = join(path, r->directory, name);
	return code == 0 ? tmpdir_link(r->to, path, target) : code;
}

/* Writes the lines that were collected of one file. */
static int finish_file(struct replay *r)
{
	int code = r->content.failed ? -ENOMEM : 0;

	if (code == 0 && r->file[0])
		code = tmpdir_write(r->to, r->file, -1, r->content.data, r->content.len);
	r->file[0] = '\0';
	r->content.len = 0;
	return code;
}

static int replay_line(struct replay *r, const char *name, const char *line)
{
	char path[PATH_SIZE];

	if (r->links)
		return 0;
	int code = join(path, r->directory, name);
	if (code == 0 && !str_equal(path, r->file)) {
		code = finish_file(r);
		(void)str_copy(r->file, sizeof(r->file), path);
	}
	text_print(&r->content, "%s\n", line);
	return code;
}

/* "03 00 ff*8" */
static int replay_bytes(struct replay *r, const char *name, uint32_t at, const char *s)
{
	unsigned char bytes[OFFSET_MAX];
	char path[PATH_SIZE];
	size_t n = 0;

	while (*s) {
		uint32_t byte;
		unsigned long times = 1;
		if (!str_hex_fixed(&s, 2, &byte))
			return -EINVAL;
		if (*s == '*') {
			char *end;
			times = strtoul(s + 1, &end, 10);
			s = end;
		}
		if (times > sizeof(bytes) - n)
			return -EFBIG;
		memset(bytes + n, (int)byte, times);
		n += times;
		while (*s == ' ')
			s++;
	}
	int code = r->links ? -ECANCELED : finish_file(r);
	if (code == 0)
		code = join(path, r->directory, name);
	if (code == 0)
		code = tmpdir_write(r->to, path, (off_t)at, bytes, n);
	return code == -ECANCELED ? 0 : code;
}

/* Every function also has a link in bus/pci/devices. */
static int open_directory(struct replay *r, char *directory)
{
	char path[PATH_SIZE], way[PATH_SIZE];
	const char *slash = strrchr(directory, '/');
	struct pci_addr addr;

	r->directory = directory;
	r->address[0] = '\0';
	if (!r->links)
		return tmpdir_directory(r->to, directory);
	if (!str_starts(directory, "devices/") || !pci_addr_parse(slash + 1, &addr))
		return 0;
	int code = up_to(way, "bus/pci/devices", directory);
	if (code < 0)
		return code;
	(void)snprintf(path, sizeof(path), "bus/pci/devices/%s", pci_addr_format(addr, r->address));
	return tmpdir_link(r->to, path, way);
}

static void note_function(struct replay *r)
{
	const char *slash = strrchr(r->directory, '/');
	struct pci_addr addr;

	r->address[0] = '\0';
	if (str_starts(r->directory, "devices/") && slash && pci_addr_parse(slash + 1, &addr))
		pci_addr_format(addr, r->address);
}

static int take(struct replay *r, char *line)
{
	size_t len = strlen(line);
	uint32_t at = 0;

	if (line[0] == '\0' || line[0] == '#')
		return 0;
	if (line[0] == '[' && line[len - 1] == ']') {
		line[len - 1] = '\0';
		int code = finish_file(r);
		if (code == 0)
			code = open_directory(r, line + 1);
		if (code == 0)
			note_function(r);
		return code;
	}
	char *name = strsep(&line, " "), *sign = strsep(&line, " ");
	if (!r->directory || !sign)
		return -EINVAL;
	if (str_equal(name, "-"))
		return 0;
	/* In "boot_vga =" nothing follows the sign: the value is the end of the line. */
	char *rest = line ? line : sign + strlen(sign);
	if (str_equal(sign, "=") || str_equal(sign, "|"))
		return replay_line(r, name, rest);
	if (str_equal(sign, "->"))
		return replay_link(r, name, rest);
	if (sign[0] == '@') {
		const char *digits = sign + 1;
		if (!str_hex(&digits, 3, &at) || *digits || !str_starts(rest, ": "))
			return -EINVAL;
		return replay_bytes(r, name, at, rest + 2);
	}
	return str_equal(sign, ":") ? replay_bytes(r, name, 0, rest) : -EINVAL;
}

static int walk(struct replay *r, const char *file, const char *text, struct err *err)
{
	_cleanup_(str_free) char *copy = strdup(text);
	char *rest = copy, *line;
	unsigned number = 0;

	if (!copy)
		return err_set(err, ENOMEM, "%s: out of memory", file);
	r->directory = NULL;
	while ((line = strsep(&rest, "\n"))) {
		int code = ++number > LINES_MAX ? -EFBIG : take(r, line);
		if (code < 0)
			return err_set(err, -code, "%s:%u: can't be replayed: %s%s", file, number,
				strerror(-code),
				code == -EINVAL ? "; is this what `vfio-bind record` writes?" : "");
	}
	int code = finish_file(r);
	return code < 0 ? err_set(err, -code, "%s: can't be replayed: %s", file, strerror(-code))
			: 0;
}

/* Links last: nothing is written through a link. */
int replay(struct tmpdir *to, const char *file, const char *text, struct err *err)
{
	struct replay r = {.to = to};

	int code = tmpdir_directory(to, "bus/pci/devices");
	if (code < 0)
		return err_set(err, -code, "%s: %s", to->path, strerror(-code));
	code = walk(&r, file, text, err);
	r.links = true;
	if (code == 0)
		code = walk(&r, file, text, err);
	text_done(&r.content);
	return code;
}

int replay_protected(struct protected_list *ret, const char *root, const char *cmdline,
	struct sysfs *s, struct err *err)
{
	_cleanup_(str_free) char *text = sysfs_path_text(s, NOTES_DIRECTORY "/protected");
	char *rest = text, *line;

	(void)root;
	(void)cmdline;
	*ret = (struct protected_list){0};
	while ((line = strsep(&rest, "\n")))
		if (str_starts(line, "keep ") && protected_parse(ret, line + strlen("keep ")) < 0)
			return err_set(err, ENOMEM, "out of memory");
	return 0;
}
