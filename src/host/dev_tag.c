/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/dev_tag.h"

#include "base/str.h"
#include "pci/sysfs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define LINKS_MAX 8

/* Resolves a link's target relative to the link, as text: "/dev/disk/by-uuid/x" and "../../sda1"
 * make "/dev/sda1". */
static bool follow(char path[static DEVPATH_MAX], const char *target)
{
	char joined[2 * DEVPATH_MAX];
	size_t len = 0;

	if (*target == '/')
		(void)str_copy(joined, sizeof(joined), target);
	else
		(void)snprintf(joined, sizeof(joined), "%.*s/%s", (int)(strrchr(path, '/') - path),
			path, target);
	for (char *rest = joined, *part; (part = strsep(&rest, "/"));) {
		if (*part == '\0' || str_equal(part, "."))
			continue;
		if (str_equal(part, "..")) {
			while (len > 0 && path[--len] != '/')
				;
			continue;
		}
		if (len + 1 + strlen(part) >= DEVPATH_MAX)
			return false;
		path[len++] = '/';
		len += str_copy(path + len, DEVPATH_MAX - len, part);
	}
	path[len] = '\0';
	return len > 0;
}

/* Finds a node whose name is not the kernel's, as in /dev/mapper without udev. */
static bool find_node(
	int root, struct sysfs *s, const char *path, char name[static BLOCKDEV_NAME_MAX])
{
	struct stat st;

	return fstatat(root, path + 1, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISBLK(st.st_mode) &&
	       blockdev_by_number(s, major(st.st_rdev), minor(st.st_rdev), name);
}

static void follow_all(int root, char path[static DEVPATH_MAX], bool *ret_lost)
{
	char target[DEVPATH_MAX];

	*ret_lost = false;
	for (int i = 0; i < LINKS_MAX && !*ret_lost; i++) {
		ssize_t n = readlinkat(root, path + 1, target, sizeof(target) - 1);
		if (n < 0)
			return;
		target[n] = '\0';
		*ret_lost = !follow(path, target);
	}
}

/* Encodes a label as udev does in a name (encode_devnode_name in systemd's device-nodes.c). */
static void encode(const char *value, bool lower, char *buf, size_t size)
{
	size_t len = 0;

	for (; *value != '\0' && len + 5 < size; value++) {
		unsigned char c = (unsigned char)*value;
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (lower && c >= 'A' && c <= 'Z')
			c |= 0x20;
		if (letter || (c >= '0' && c <= '9') || strchr("#+-.:=@_", c) || c >= 0x80)
			buf[len++] = (char)c;
		else
			len += (size_t)snprintf(buf + len, size - len, "\\x%02x", c);
	}
	buf[len] = '\0';
}

bool dev_tag_path(const char *spec, char buf[static DEVPATH_MAX])
{
	static const struct {
		const char *tag, *directory;
		bool lower; /* the kernel compares these case-insensitively */
	} tags[] = {
		{"UUID=", "by-uuid", false},
		{"LABEL=", "by-label", false},
		{"PARTUUID=", "by-partuuid", true},
		{"PARTLABEL=", "by-partlabel", false},
		{"ID=", "by-id", false},
	};
	char value[512];

	if (str_starts(spec, "/dev/"))
		return str_copy(buf, DEVPATH_MAX, spec) == strlen(spec);
	for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++) {
		if (!str_starts(spec, tags[i].tag))
			continue;
		const char *from = spec + strlen(tags[i].tag);
		encode(from + (*from == '"'), tags[i].lower, value, sizeof(value));
		char *quote = strstr(value, "\\x22");
		if (quote)
			*quote = '\0';
		(void)snprintf(buf, DEVPATH_MAX, "/dev/disk/%s/%s", tags[i].directory, value);
		return true;
	}
	return false;
}

bool dev_tag_disk(int root, struct sysfs *s, const char *spec, char name[static BLOCKDEV_NAME_MAX])
{
	char path[DEVPATH_MAX], device[DEVPATH_MAX];
	bool lost;

	if (!dev_tag_path(spec, path))
		return false;
	follow_all(root, path, &lost);
	if (lost || !str_starts(path, "/dev/"))
		return false;
	/* "/dev/cciss/c0d0" is "cciss!c0d0" in sysfs. */
	size_t len = str_copy(name, BLOCKDEV_NAME_MAX, path + strlen("/dev/"));
	for (char *p = name; (p = strchr(p, '/'));)
		*p = '!';
	if (len == strlen(path + strlen("/dev/")) && blockdev_directory(s, name, device))
		return true;
	return find_node(root, s, path, name);
}
