/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/cpio_write.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BLOCK 512

/* Names and data begin at multiples of four bytes of the file. */
static void pad(struct text *t, size_t to)
{
	static const char zero[BLOCK];

	text_add(t, zero, (to - t->len % to) % to);
}

/* 13 numbers of 8 hexadecimal digits after the magic (cpio(5)): inode, mode, owner, group, links,
 * time, size, the device's and the file's device numbers, length of the name, checksum. */
static void add_entry(
	struct cpio_write *w, const char *name, mode_t mode, const char *data, size_t len)
{
	bool is_dir = S_ISDIR(mode);

	text_print(&w->out, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x",
		w->inode++, (unsigned)mode, 0U, 0U, is_dir ? 2U : 1U, 0U, len, 0U, 0U, 0U, 0U,
		strlen(name) + 1, 0U);
	text_add(&w->out, name, strlen(name) + 1);
	pad(&w->out, 4);
	text_add(&w->out, data, len);
	pad(&w->out, 4);
}

static void add_directories(struct cpio_write *w, const char *name)
{
	for (const char *slash = name; (slash = strchr(slash, '/')); slash++) {
		char *directory = strndup(name, (size_t)(slash - name));
		if (directory && strings_have(&w->directories, directory)) {
			free(directory);
			continue;
		}
		if (!directory || strings_take(&w->directories, directory) < 0) {
			w->out.failed = true;
			return;
		}
		add_entry(w, directory, S_IFDIR | 0755, "", 0);
	}
}

void cpio_add_file(
	struct cpio_write *w, const char *name, mode_t mode, const char *data, size_t len)
{
	add_directories(w, name);
	add_entry(w, name, S_IFREG | mode, data, len);
}

void cpio_add_link(struct cpio_write *w, const char *name, const char *target)
{
	add_directories(w, name);
	add_entry(w, name, S_IFLNK | 0777, target, strlen(target));
}

void cpio_end(struct cpio_write *w)
{
	add_entry(w, "TRAILER!!!", 0, "", 0);
	pad(&w->out, BLOCK);
}

void cpio_write_done(struct cpio_write *w)
{
	text_done(&w->out);
	strings_done(&w->directories);
}
