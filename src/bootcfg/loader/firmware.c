/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/file.h"
#include "bootcfg/format/load_option.h"
#include "bootcfg/loader/table.h"
#include "bootcfg/loader/uki_entries.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The firmware's own variables (UEFI 2.10, section 3.3); a file has four bytes of attributes, then
 * the data (Documentation/filesystems/efivarfs.rst). */
#define VARIABLES "sys/firmware/efi/efivars"
#define GLOBAL "-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define ATTRIBUTES 4
#define NO_NUMBER (-1L)

/* A kernel that is an EFI program: at which byte is what (Documentation/arch/x86/boot.rst,
 * Documentation/arch/arm64/booting.rst, drivers/firmware/efi/libstub/zboot-header.S). */
static bool is_kernel(const struct root *r, const char *path)
{
	static const struct {
		size_t at;
		const char *mark;
	} marks[] = {{0x202, "HdrS"}, {56, "ARMd"}, {4, "zimg"}};
	char head[0x206] = {0};
	_cleanup_(fd_close) int fd = root_fd(r, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 || pread(fd, head, sizeof(head), 0) < 0)
		return false;
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (memcmp(head + marks[i].at, marks[i].mark, strlen(marks[i].mark)) == 0)
			return true;
	return false;
}

/* The first number in BootOrder or BootCurrent: an entry. NO_NUMBER: none. */
static long number_read(const struct root *r, const char *name)
{
	_cleanup_(str_free) char *data = NULL;
	char path[128];
	size_t len;

	(void)snprintf(path, sizeof(path), VARIABLES "/%s" GLOBAL, name);
	if (root_read(r, path, &data, &len, NULL) < 0 || len < ATTRIBUTES + 2)
		return NO_NUMBER;
	return (long)(uint8_t)data[ATTRIBUTES] | (long)(uint8_t)data[ATTRIBUTES + 1] << 8;
}

/* Boot####-GUID: the number; NO_NUMBER: another variable. */
static long number_of(const char *name)
{
	unsigned number = 0;
	int end = 0;

	if (!str_starts(name, "Boot") || !isxdigit((unsigned char)name[4]) ||
		sscanf(name + 4, "%4x%n", &number, &end) != 1 || end != 4 || name[8] != '-')
		return NO_NUMBER;
	return number;
}

/* What it starts is a kernel: its line is what it is started with. */
static int kernel_words(const struct boot_reading *q, struct boot_entry *e,
	const struct load_option *o, const char *source)
{
	e->kernel = e->image;
	e->image = (struct boot_file){0};
	if (o->options_unread)
		return boot_entry_set_unknown(
			e, "/%s: what it is started with is not text", e->path);
	if (!o->options)
		return boot_entry_set_unknown(e,
			"/%s has no words: the kernel takes those that it was built with", e->path);
	int rc = boot_entry_add_text(e, o->options, strlen(o->options), source);
	for (size_t i = 0; i < e->words.n && rc == 0; i++) {
		const char *word = e->words.v[i], *name = word + strlen("initrd=");
		if (str_starts(word, "initrd="))
			rc = boot_entry_add_initrd(q, e, NULL, name, strlen(name));
	}
	return rc;
}

static int entry_add(struct boot_reading *q, const char *path, long number,
	const struct load_option *o, struct boot_file *file, bool is_image)
{
	_cleanup_(text_done) struct text source = {0};
	char id[16];
	struct boot_entry *e = boot_entry_add(q, &loader_firmware, path, 0, strdup(o->title));

	if (!e)
		return -ENOMEM;
	e->image = *file;
	*file = (struct boot_file){0};
	(void)snprintf(id, sizeof(id), "Boot%04lX", number);
	text_print(&source, "/%s", path);
	e->booted = number_read(q->root, "BootCurrent") == number;
	e->is_default = number_read(q->root, "BootOrder") == number;
	int rc = source.failed ? -ENOMEM : boot_entry_set_id(e, id, strlen(id));
	if (rc < 0 || !is_image)
		return rc < 0 ? rc : kernel_words(q, e, o, source.data);
	return uki_words_add(q, e, o->options, source.data);
}

/* Boot loaders, and what is no Linux, are no entries here: others show what they start. */
static int option_look(struct boot_reading *q, const char *path, long number)
{
	_cleanup_(load_option_done) struct load_option o = {0};
	_cleanup_(str_free) char *data = NULL;
	struct boot_file file = {0};
	size_t len;

	if (root_read(q->root, path, &data, &len, NULL) < 0 || len < ATTRIBUTES)
		return 0;
	int rc = load_option_read(data + ATTRIBUTES, len - ATTRIBUTES, &o);
	if (rc == -EINVAL || (rc == 0 && (!o.active || !o.path)))
		return 0;
	if (rc == 0)
		rc = boot_file_find(q, NULL, o.path, strlen(o.path), &file);
	if (rc < 0)
		return rc;
	bool there = file.state == BOOT_FILE_THERE,
	     has_root = o.options && strstr(o.options, "root=");
	_cleanup_(uki_done) struct uki u = {0};
	bool is_image = there && uki_read(q->root, file.path, &u) == 0 && u.is_image;
	if (!there)
		file.state = BOOT_FILE_UNKNOWN; /* perhaps on another disk */
	if (is_image || has_root || (there && is_kernel(q->root, file.path)))
		rc = entry_add(q, path, number, &o, &file, is_image);
	str_free(&file.path);
	return rc;
}

/* Kernels and unified kernel images that the firmware starts itself. */
static int entries(struct boot_reading *q)
{
	_cleanup_(strings_done) struct strings names = {0};
	int rc = 0;

	if (root_list(q->root, VARIABLES, GLOBAL, &names) == -ENOMEM)
		return -ENOMEM;
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		long number = number_of(names.v[i]);
		char path[256];
		(void)snprintf(path, sizeof(path), VARIABLES "/%s", names.v[i]);
		if (number != NO_NUMBER)
			rc = option_look(q, path, number);
	}
	return rc;
}

/* Its entries are read, and edited by nothing here: managed.c has the command. */
static int detect(struct loader_search *q, struct err *err)
{
	(void)q;
	(void)err;
	return 0;
}

const struct loader loader_firmware = {
	.name = "the firmware",
	.called = (const char *const[]){NULL},
	.starts_images = true,
	.detect = detect,
	.entries = entries,
};
