/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables that name disks, as bind/hostdevs reads them: of what doesn't count there nothing is
 * kept, and of what names somebody a number.
 */
#include "base/file.h"
#include "base/mounts.h"
#include "base/tabfile.h"
#include "bind/dev_tag.h"
#include "bind/kernel_cmdline.h"
#include "cmd/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A word of a table, blanks as the kernel writes them. */
static void print_word(struct text *t, const char *word)
{
	for (; *word; word++)
		if (strchr(" \t\n\\", *word))
			text_print(t, "\\%03o", (unsigned)(unsigned char)*word);
		else
			text_add(t, word, 1);
}

/* Where what a table calls a disk leads to: a link, as udev makes it. */
static void note_link(const struct record_root *r, const char *spec, const char *masked)
{
	char path[DEVPATH_MAX], name[DISK_NAME_SIZE], line[DEVPATH_MAX + DISK_NAME_SIZE + 4];

	if (!dev_tag_disk(r->fd, r->s, spec, name) || !dev_tag_path(masked, path) ||
		strchr(path, ' '))
		return;
	for (char *p = name; (p = strchr(p, '!'));)
		*p = '/';
	if (str_equal(path + strlen("/dev/"), name))
		return;
	(void)snprintf(line, sizeof(line), "\n%s %s\n", path, name);
	if (!r->links->data || !strstr(r->links->data, line))
		text_print(r->links, "%s", line);
}

static void print_spec(const struct record_root *r, struct text *t, const char *spec)
{
	struct text masked = {0};

	redact_spec(r->m, &masked, spec);
	if (masked.data) {
		note_link(r, spec, masked.data);
		print_word(t, masked.data);
	}
	r->m->failed |= masked.failed;
	text_done(&masked);
}

/* Of a list of options those that are in another, with their values where `values`. */
static void print_options(struct text *t, const char *options, const char *const *known, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (tabfile_option(options, known[i]))
			text_print(t, ",%s", known[i]);
}

/* ---- mounts ---------------------------------------------------------------------------------- */

static bool is_layers(const char *option)
{
	return str_starts(option, "lowerdir") || str_starts(option, "upperdir") ||
	       str_starts(option, "datadir");
}

/* "lowerdir=/a:/b" */
static void print_layers(const struct record_root *r, struct text *t, const char *option)
{
	_cleanup_(text_done) struct text masked = {0};
	size_t len = strcspn(option, "=");

	text_print(t, ",%.*s", (int)len, option);
	for (const char *p = option + len; *p;) {
		char sign = *p++;
		size_t part = strcspn(p, ":=");
		_cleanup_(str_free) char *path = strndup(p, part);
		text_add(&masked, &sign, 1);
		if (path)
			redact_path(r->m, &masked, path);
		r->m->failed |= !path;
		p += part;
	}
	if (masked.data)
		print_word(t, masked.data);
	r->m->failed |= masked.failed;
}

static void print_mount_options(const struct record_root *r, struct text *t, const char *options)
{
	char value[64];

	for (const char *p = options; *p; p += *p == ',') {
		size_t len = strcspn(p, ",");
		_cleanup_(str_free) char *one = strndup(p, len);
		if (one && is_layers(one))
			print_layers(r, t, one);
		r->m->failed |= !one;
		p += len;
	}
	if (tabfile_option_value(options, "trans", value, sizeof(value))) {
		text_print(t, ",trans=");
		print_word(t, value);
	}
	if (tabfile_option_value(options, "addr", value, sizeof(value))) {
		text_print(t, ",addr=");
		redact_address(r->m, t, value);
	}
}

/* bcachefs names all its disks: "/dev/sda:/dev/sdb". */
static void print_source(const struct record_root *r, struct text *t, const struct mount_row *row)
{
	if (str_equal(row->source, row->type) || str_equal(row->source, "none")) {
		print_word(t, row->source);
		return;
	}
	if (str_equal(row->type, "zfs")) {
		redact_path(r->m, t, row->source);
		return;
	}
	if (!str_starts(row->source, "/dev/")) {
		redact_name(r->m, t, "source", row->source);
		return;
	}
	for (const char *p = row->source; *p;) {
		size_t len = strcspn(p, ":");
		_cleanup_(str_free) char *one = strndup(p, len);
		if (one)
			print_spec(r, t, one);
		r->m->failed |= !one;
		p += len;
		if (*p == ':')
			text_add(t, p++, 1);
	}
}

void record_mounts(const struct record_root *r, struct text *t, char *text)
{
	struct mount_table table;

	if (mount_table_parse(&table, text) < 0)
		r->m->failed = true;
	for (size_t i = 0; i < table.n; i++) {
		const struct mount_row *row = &table.at[i];
		text_print(t, "1 1 %u:%u / ", row->major, row->minor);
		redact_path(r->m, t, row->point);
		text_print(t, " rw - ");
		print_word(t, row->type);
		text_print(t, " ");
		print_source(r, t, row);
		text_print(t, " rw");
		print_mount_options(r, t, row->options);
		text_print(t, "\n");
	}
	mount_table_done(&table);
}

/* ---- the others, a line each ---------------------------------------------------------------- */

static void print_swap(const struct record_root *r, struct text *t, char *line)
{
	char *words[2];

	if (tabfile_words(line, words, 2) < 2 || words[0][0] != '/')
		return; /* its heading */
	if (str_equal(words[1], "file"))
		redact_path(r->m, t, words[0]);
	else
		print_spec(r, t, words[0]);
	text_print(t, "\t%s\t0\t0\t0\n", words[1]);
}

static void print_fstab(const struct record_root *r, struct text *t, char *line)
{
	static const char *const known[] = {
		"noauto", "nofail", "x-systemd.automount", "x-initrd.mount"};
	char *words[4];
	size_t n = tabfile_words(line, words, 4);

	if (n < 3)
		return;
	print_spec(r, t, words[0]);
	text_print(t, " ");
	redact_path(r->m, t, words[1][0] == '/' ? words[1] : "none");
	text_print(t, " ");
	print_word(t, words[2]);
	text_print(t, " defaults");
	print_options(t, n > 3 ? words[3] : "", known, sizeof(known) / sizeof(*known));
	text_print(t, "\n");
}

static void print_crypttab(const struct record_root *r, struct text *t, char *line)
{
	static const char *const known[] = {
		"noauto", "nofail", "x-systemd.automount", "initramfs", "x-initrd.attach"};
	char *words[4];
	size_t n = tabfile_words(line, words, 4);

	if (n < 2)
		return;
	redact_name(r->m, t, "volume", words[0]);
	text_print(t, " ");
	print_spec(r, t, words[1]);
	const char *device = n > 2 ? strrchr(words[2], ':') : NULL;
	text_print(t, device ? " /key:" : " none");
	if (device)
		print_spec(r, t, device + 1);
	text_print(t, " luks");
	print_options(t, n > 3 ? words[3] : "", known, sizeof(known) / sizeof(*known));
	text_print(t, "\n");
}

static void print_lines(const struct record_root *r, struct text *t, char *text, bool comments,
	void (*put)(const struct record_root *r, struct text *t, char *line))
{
	for (char *rest = text, *line; (line = tabfile_line(&rest, comments));)
		put(r, t, line);
	free(text);
}

void record_swaps(const struct record_root *r, struct text *t, char *text)
{
	print_lines(r, t, text, false, print_swap);
}

/* With --full a table is as it is; its links are noted all the same. */
static void print_table(const struct record_root *r, const char *directory, const char *name,
	void (*put)(const struct record_root *r, struct text *t, char *line))
{
	_cleanup_(text_done) struct text masked = {0};
	_cleanup_(str_free) char *whole = NULL;
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	char *text = record_read(r, path);
	if (!text)
		return;
	if (r->m->full && !(whole = strdup(text)))
		r->m->failed = true;
	if (put)
		print_lines(r, &masked, text, str_equal(directory, "etc"), put);
	else
		record_mounts(r, &masked, text); /* takes over the text */
	text_print(r->t, "\n[" NOTES_ROOT "/%s]\n", directory);
	record_file(r->t, name, whole ? whole : masked.data ? masked.data : "");
	r->t->failed |= masked.failed;
}

/* A table whose links are known by now: what stands in /dev/disk and the like for them. */
static void print_dev(const struct record_root *r)
{
	char *rest = r->links->data, *line;

	while ((line = strsep(&rest, "\n"))) {
		char *path = strsep(&line, " ");
		char *last = strrchr(path, '/');
		if (!line || !last)
			continue;
		*last = '\0';
		text_print(r->t, "\n[" NOTES_ROOT "%s]\n%s -> ", path, last + 1);
		for (const char *p = path + strlen("/dev"); (p = strchr(p, '/')); p++)
			text_print(r->t, "../");
		text_print(r->t, "%s\n", line);
	}
}

/* Where the words of the kernel command line lead, which stands elsewhere. */
static void note_cmdline(const struct record_root *r)
{
	_cleanup_(text_done) struct text unused = {0};
	char word[KERNEL_WORD_MAX], spec[KERNEL_WORD_MAX];

	for (const char *at = r->cmdline; at && kernel_word_next(&at, word);) {
		if (!redact_disk_word(word, spec))
			continue;
		print_spec(r, &unused, spec);
	}
	r->m->failed |= unused.failed;
}

void record_tables(const struct record_root *r)
{
	print_table(r, "proc/self", "mountinfo", NULL);
	print_table(r, "proc", "swaps", print_swap);
	print_table(r, "etc", "fstab", print_fstab);
	print_table(r, "etc", "crypttab", print_crypttab);
	note_cmdline(r);
	print_dev(r);
}
