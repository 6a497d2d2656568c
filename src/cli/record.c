/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/record.h"

#include "base/command.h"
#include "base/dir.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/check.h"
#include "cli/check_host.h"
#include "cli/cmd.h"
#include "cli/sysroot.h"
#include "core/boot_switch.h"
#include "core/config.h"
#include "core/imageinfo.h"
#include "core/kmod.h"
#include "host/dev_tag.h"
#include "host/inventory.h"
#include "host/other_tools.h"
#include "pci/address.h"
#include "pci/iomem.h"
#include "pci/sysfs_path.h"
#include "shared/mounts.h"
#include "shared/tabfile.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- root --------------------------------------------------------------------------------------
 */

/* What the guards and `check` read below /: see record.h. */

#define ROOT_FILE_MAX (4U << 20)
#define ROUTES_MAX 4096

char *record_read(const struct record_root *r, const char *path)
{
	char *text = NULL;
	size_t len;

	return file_read(r->fd, path, ROOT_FILE_MAX, &text, &len, NULL) < 0 ? NULL : text;
}

void record_root_file(
	const struct record_root *r, const char *directory, const char *name, const struct text *t)
{
	text_print(r->t, "\n[" NOTES_ROOT "/%s]\n", directory);
	record_file(r->t, name, t->data ? t->data : "");
	r->t->failed |= t->failed;
}

/* ---- routes: the fields that host/hostdevs reads --------------------------------------------- */

static void print_route(const struct record_root *r, struct text *t, char *line)
{
	char *words[8];
	uint32_t to, mask;

	if (tabfile_words(line, words, 8) < 8)
		return;
	const char *destination = words[1], *width = words[7];
	if (!str_hex(&destination, 8, &to) || !str_hex(&width, 8, &mask))
		return;
	if (to != 0 || mask != 0)
		to = htonl(redact_ipv4(r->m, ntohl(to))) & mask;
	redact_text(r->m, t, words[0]);
	text_print(t, "\t%08X\t00000000\t0001\t0\t0\t0\t%08X\t0\t0\t0\n", to, mask);
}

static void print_route6(const struct record_root *r, struct text *t, char *line)
{
	static const char none[] = "00000000000000000000000000000000";
	char *words[10];

	if (tabfile_words(line, words, 10) < 10 || !str_equal(words[1], "00") ||
		str_equal(words[9], "lo"))
		return;
	text_print(t, "%s 00 %s 00 %s 00000000 00000000 00000000 00000000 ", none, none, none);
	redact_text(r->m, t, words[9]);
	text_print(t, "\n");
}

static void print_routes(const struct record_root *r, const char *name,
	void (*put)(const struct record_root *r, struct text *t, char *line))
{
	_cleanup_(text_done) struct text masked = {0};
	_cleanup_(str_free) char *text = NULL;
	char path[64];
	unsigned n = 0;

	(void)snprintf(path, sizeof(path), "proc/net/%s", name);
	text = record_read(r, path);
	if (!text)
		return;
	for (char *rest = text, *line; (line = tabfile_line(&rest, false)) && n < ROUTES_MAX; n++)
		if (r->m->full)
			text_print(&masked, "%s\n", line);
		else
			put(r, &masked, line);
	record_root_file(r, "proc/net", name, &masked);
}

/* ---- keyboards ------------------------------------------------------------------------------- */

static const char *value_of(const char *line, const char *key)
{
	return str_starts(line, key) ? line + strlen(key) : NULL;
}

/* A device without a bus of its own (for example Bluetooth) has its name from a user. */
static void print_input(
	const struct record_root *r, struct text *t, const char *name, const char *device)
{
	char shown[128];

	(void)snprintf(shown, sizeof(shown), "%.*s", (int)strcspn(name, "\""), name);
	text_print(t, "N: Name=\"");
	if (strstr(device, "/virtual/") || strstr(device, "/bluetooth/"))
		redact_name(r->m, t, "name", shown);
	else
		redact_free_text(r->m, t, shown);
	text_print(t, "\"\nS: Sysfs=");
	redact_text(r->m, t, device);
	text_print(t, "\n");
}

static void print_inputs(const struct record_root *r)
{
	_cleanup_(text_done) struct text masked = {0};
	_cleanup_(str_free) char *text = record_read(r, "proc/bus/input/devices");
	const char *name = "";

	if (!text)
		return;
	for (char *rest = text, *line; (line = tabfile_line(&rest, false));) {
		const char *named = value_of(line, "N: Name=\"");
		const char *device = value_of(line, "S: Sysfs=");
		const char *keys = value_of(line, "B: KEY=");
		if (value_of(line, "I: ")) {
			text_print(&masked, "I: Bus\n");
			name = "";
		}
		if (named)
			name = named;
		if (device)
			print_input(r, &masked, name, device);
		if (keys) {
			const char *last = strrchr(keys, ' ');
			text_print(&masked, "B: KEY=%s\n", last ? last + 1 : keys);
		}
	}
	record_root_file(r, "proc/bus/input", "devices", &masked);
}

/* ---- members of pools, as host/hostdevs finds them ------------------------------------------- */

#define UDEV "run/udev/data"

static bool is_block(const char *name)
{
	return name[0] == 'b';
}

static void print_member(const struct record_root *r, const char *name)
{
	static const char type[] = "E:ID_FS_TYPE=zfs_member\n", label[] = "\nE:ID_FS_LABEL=";
	_cleanup_(text_done) struct text masked = {0};
	_cleanup_(str_free) char *text = NULL;
	char path[300];

	(void)snprintf(path, sizeof(path), UDEV "/%s", name);
	text = record_read(r, path);
	if (!text || !strstr(text, type))
		return;
	text_print(&masked, "%s", type);
	char *pool = strstr(text, label);
	if (pool) {
		pool += strlen(label);
		pool[strcspn(pool, "\n")] = '\0';
		text_print(&masked, "%s", label + 1);
		redact_path(r->m, &masked, pool);
		text_print(&masked, "\n");
	}
	record_root_file(r, UDEV, name, &masked);
}

static void print_members(const struct record_root *r)
{
	_cleanup_(dir_names_done) struct dir_names names = {0};

	(void)dir_list(&names, r->fd, UDEV, is_block, strverscmp);
	for (size_t i = 0; i < names.n; i++)
		print_member(r, names.at[i]);
}

/* ---- the processor, by the words that `check` searches for ----------------------------------- */

static void print_words(const struct record_root *r, const char *name, const char *before,
	const char *const *words, size_t n)
{
	_cleanup_(text_done) struct text t = {0};
	_cleanup_(str_free) char *text = NULL;
	char path[64];

	(void)snprintf(path, sizeof(path), "proc/%s", name);
	text = record_read(r, path);
	if (!text)
		return;
	text_print(&t, "of the record:\n");
	if (strstr(text, before))
		text_print(&t, "%s:", before + (*before == '\n'));
	for (size_t i = 0; i < n; i++)
		if (strstr(text, words[i]))
			text_print(&t, " %s", words[i]);
	text_print(&t, "\n");
	record_root_file(r, "proc", name, &t);
}

static void print_processor(const struct record_root *r)
{
	static const char *const flags[] = {"vmx", "svm", "hypervisor"};
	static const char *const kinds[] = {"IR-"};

	print_words(r, "cpuinfo", "\nflags", flags, sizeof(flags) / sizeof(*flags));
	print_words(r, "interrupts", "APIC", kinds, 1);
}

/* ---- owners of the regions of PCI functions, without addresses ------------------------------- */

static bool print_region(const struct iomem_region *r, void *to)
{
	char address[PCI_ADDR_MAX];

	text_print(to, "0-0 : %s\n  0-0 : %s\n", pci_addr_format(r->owner, address), r->name);
	return false;
}

static void print_iomem(const struct record_root *r)
{
	_cleanup_(text_done) struct text t = {0};
	_cleanup_(str_free) char *text = record_read(r, "proc/iomem");

	if (text)
		(void)iomem_find_in(text, strlen(text), print_region, &t);
	if (t.data)
		record_root_file(r, "proc", "iomem", &t);
}

/* ---- users and names of this machine --------------------------------------------------------- */

static void note_words(struct redact *m, char *text)
{
	for (char *word; (word = strsep(&text, " ,.-\t\n"));)
		redact_word(m, word);
}

/* "alice:x:1000:1000:Alice Example,,,:/home/alice:/bin/bash" */
static void note_user(struct redact *m, char *line)
{
	const char *name = strsep(&line, ":");
	unsigned long number;

	(void)strsep(&line, ":");
	const char *id = strsep(&line, ":");
	if (!id || !str_decimal(id, UINT32_MAX, &number) || number < 1000 || number >= 65534)
		return;
	redact_word(m, name);
	(void)strsep(&line, ":");
	char *people = strsep(&line, ":");
	if (people)
		note_words(m, people);
}

void record_people(struct redact *m, int root)
{
	const struct record_root r = {.fd = root};
	_cleanup_(str_free) char *users = record_read(&r, "etc/passwd");
	_cleanup_(str_free) char *host = record_read(&r, "proc/sys/kernel/hostname");
	char *rest = users, *line;

	while ((line = strsep(&rest, "\n")))
		note_user(m, line);
	if (host) {
		host[strcspn(host, "\n")] = '\0';
		redact_word(m, host);
		note_words(m, host);
	}
}

void record_root(const struct record_root *r)
{
	text_print(r->t, "\n[" NOTES_ROOT "]\n");
	record_tables(r);
	print_routes(r, "route", print_route);
	print_routes(r, "ipv6_route", print_route6);
	print_inputs(r);
	print_members(r);
	print_processor(r);
	print_iomem(r);
	record_others(r);
}

/* ---- tables ------------------------------------------------------------------------------------
 */

/*
 * The tables that name disks, as host/hostdevs reads them: fields that do not matter there are
 * dropped, identifiers become numbers.
 */

/* Prints a word of a table, with blanks as the kernel writes them. */
static void print_word(struct text *t, const char *word)
{
	for (; *word; word++)
		if (strchr(" \t\n\\", *word))
			text_print(t, "\\%03o", (unsigned)(unsigned char)*word);
		else
			text_add(t, word, 1);
}

/* Notes the disk of a table's entry as a link, as udev creates it. */
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

/* Prints those of a list of options that are in `known`, without their values. */
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

/* bcachefs has all its disks as its source: "/dev/sda:/dev/sdb". */
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

/* ---- the other tables, a line each ----------------------------------------------------------- */

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

/* With --full a table is not masked; its links are noted all the same. */
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
		record_mounts(r, &masked, text); /* takes ownership of the text */
	text_print(r->t, "\n[" NOTES_ROOT "/%s]\n", directory);
	record_file(r->t, name, whole ? whole : masked.data ? masked.data : "");
	r->t->failed |= masked.failed;
}

/* Prints the noted links, in /dev/disk and similar directories. */
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

/* Notes the disks that the kernel command line names; the line itself is recorded elsewhere. */
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

/* ---- others ------------------------------------------------------------------------------------
 */

/* The settings of other tools, as `check` and `init --import` read them: the lines that matter,
 * with their numbers. */

#define BLANKS " \t"

static bool is_visible(const char *name)
{
	return name[0] != '.';
}

static void each_file(const struct record_root *r, const char *directory,
	void (*put)(const struct record_root *r, const char *directory, const char *name))
{
	_cleanup_(dir_names_done) struct dir_names names = {0};

	(void)dir_list(&names, r->fd, directory, is_visible, NULL);
	for (size_t i = 0; i < names.n; i++)
		if (!strpbrk(names.at[i], " \t\n"))
			put(r, directory, names.at[i]);
}

static char *read_in(const struct record_root *r, const char *directory, const char *name)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%.200s/%.255s", directory, name);
	return record_read(r, path);
}

/* Prints the ids= of a line such as "options vfio-pci ids=10de:2204 x=y". */
static void print_setting(struct text *t, char *line)
{
	const char *module = other_tools_module(&line);

	if (!module)
		return;
	text_print(t, "options %s", module);
	for (char *word; (word = strtok_r(NULL, BLANKS, &line));)
		if (str_starts(word, "ids="))
			text_print(t, " %s", word);
}

static void print_settings(const struct record_root *r, const char *directory, const char *name)
{
	_cleanup_(text_done) struct text t = {0};
	_cleanup_(str_free) char *text = read_in(r, directory, name);
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n"))) {
		print_setting(&t, line);
		text_print(&t, "\n");
	}
	if (t.data && strstr(t.data, " ids="))
		record_root_file(r, directory, name, &t);
}

static void print_override(const struct record_root *r, const char *directory, const char *name)
{
	_cleanup_(str_free) char *text = read_in(r, directory, name);
	struct pci_addr addr;

	if (!text || !str_starts(name, "pci-") || !pci_addr_parse(name + 4, &addr))
		return;
	text[strcspn(text, " \t\n")] = '\0';
	const struct text t = {.data = text};
	record_root_file(r, directory, name, &t);
}

/* Prints only the addresses in DEVS= of a script. */
static void print_script(const struct record_root *r, const char *directory, const char *name)
{
	_cleanup_(text_done) struct text t = {0};
	_cleanup_(str_free) char *text = read_in(r, directory, name);
	struct pci_addr addr;

	if (!text || !strstr(text, "driver_override") || !strstr(text, "vfio-pci"))
		return;
	text_print(&t, "# driver_override vfio-pci\n");
	for (char *at = text, *word; (at = strstr(at, "DEVS="));) {
		at += strlen("DEVS=");
		char quote = *at == '"' || *at == '\'' ? *at++ : '\0';
		char *end = at + strcspn(at, quote ? (char[]){quote, '\0'} : " \t\n");
		_cleanup_(str_free) char *list = strndup(at, (size_t)(end - at));
		char *rest = list;
		text_print(&t, "DEVS=\"");
		while ((word = strsep(&rest, " \t\n")))
			if (pci_addr_parse(word, &addr))
				text_print(&t, "%s ", word);
		text_print(&t, "\"\n");
		at = end;
	}
	record_root_file(r, directory, name, &t);
}

/* Only the existence of the script matters. */
static int print_guides_script(const char *path, char *text, void *to)
{
	struct record_root *r = to;
	char directory[64];
	const char *last = strrchr(path, '/');

	(void)snprintf(directory, sizeof(directory), "%.*s", (int)(last - path - 1), path + 1);
	if (strstr(text, "driver_override") && strstr(text, "vfio-pci"))
		print_script(r, directory, last + 1);
	else
		record_root_file(r, directory, last + 1, &(const struct text){0});
	return 0;
}

void record_others(const struct record_root *r)
{
	for (const char *const *at = other_tools_settings; *at; at++)
		each_file(r, *at + 1, print_settings);
	each_file(r, &OTHER_TOOLS_OVERRIDES[1], print_override);
	struct record_root of = *r;
	r->m->failed |= other_tools_scripts(r->fd, print_guides_script, &of) < 0;
}

/* ---- record ------------------------------------------------------------------------------------
 */

struct record_options {
	struct sysroot sysroot;
	bool full;
};

static void print_note(struct text *t, const char *name, const struct text *content)
{
	if (content->data)
		record_file(t, name, content->data);
	t->failed |= content->failed;
}

/* A tree without a root may have these, for `list`. */
static void print_mounts(const struct record_root *r, const struct host_snapshot *notes)
{
	_cleanup_(text_done) struct text mounts = {0}, swaps = {0};

	if (r->m->full) {
		if (notes->mountinfo)
			record_file(r->t, "mountinfo", notes->mountinfo);
		if (notes->swaps)
			record_file(r->t, "swaps", notes->swaps);
		return;
	}
	char *one = notes->mountinfo ? strdup(notes->mountinfo) : NULL;
	char *other = notes->swaps ? strdup(notes->swaps) : NULL;

	r->t->failed |= (notes->mountinfo && !one) || (notes->swaps && !other);
	if (one)
		record_mounts(r, &mounts, one);
	if (other)
		record_swaps(r, &swaps, other);
	print_note(r->t, "mountinfo", &mounts);
	print_note(r->t, "swaps", &swaps);
}

/* "eth0 192.0.2.1/24" */
static void print_addresses(struct text *t, struct redact *m, char *text)
{
	_cleanup_(text_done) struct text masked = {0};

	for (char *line; (line = strsep(&text, "\n"));) {
		const char *name = strsep(&line, " ");
		const char *address = strsep(&line, "/");
		if (!address || !line)
			continue;
		redact_text(m, &masked, name);
		text_print(&masked, " ");
		redact_address(m, &masked, address);
		text_print(&masked, "/%s\n", line);
	}
	print_note(t, "addresses", &masked);
}

static void print_candidates(
	struct text *t, struct sysfs *s, const struct host_snapshot *notes, bool live)
{
	_cleanup_(text_done) struct text lines = {0};
	struct module_index index;
	struct err err = {""};

	if (notes->candidates)
		record_file(t, "candidates", notes->candidates);
	if (!live || module_index_open(&index, &err) < 0)
		return;
	for (size_t i = 0; i < s->n_listed; i++) {
		char alias[96], address[PCI_ADDR_MAX];
		if (sysfs_read(s, s->listed[i], "modalias", alias, sizeof(alias)) <= 0)
			continue;
		_cleanup_(str_free) char *drivers = module_index_drivers(&index, alias);
		if (drivers)
			text_print(
				&lines, "%s %s\n", pci_addr_format(s->listed[i], address), drivers);
	}
	module_index_done(&index);
	print_note(t, "candidates", &lines);
}

/* The command line of the tree, of the directory used as /, or of this machine; NULL if there is
 * none. */
static char *read_cmdline(const struct record_options *o, struct sysfs *s)
{
	char *line = NULL;

	if (o->sysroot.cmdline)
		return strdup(o->sysroot.cmdline);
	if (o->sysroot.sysfs && !o->sysroot.root)
		return sysfs_path_text(s, NOTES_DIRECTORY "/cmdline");
	return kcmdline_read(&line, o->sysroot.root) == 0 ? line : NULL;
}

static void print_cmdline(struct text *t, struct redact *m, const char *line)
{
	_cleanup_(text_done) struct text masked = {0};

	if (!line)
		return;
	redact_cmdline(m, &masked, line);
	record_file(t, "cmdline", masked.data ? masked.data : "");
	t->failed |= masked.failed;
}

/* A machine without a config can be recorded, too. */
static void print_config(struct text *t, struct redact *m, const struct record_options *o)
{
	_cleanup_(text_done) struct text masked = {0};
	_cleanup_(str_free) char *data = NULL;
	struct err err = {""};
	size_t len;

	if (file_read(AT_FDCWD, sysroot_config_file(&o->sysroot), CONFIG_MAX, &data, &len, &err) <
		0) {
		log_print(LOG_WARNING, "%s; it is not in the record", err.text);
		return;
	}
	redact_config(m, &masked, data);
	print_note(t, "vfio-bind.conf", &masked);
}

/* Prints the record of the image that booted this system: it is beside the config. */
static void print_image(struct text *t, struct redact *m, const struct record_options *o)
{
	_cleanup_(imageinfo_done) struct imageinfo image = {0};
	_cleanup_(text_done) struct text masked = {0};

	if (imageinfo_read(&image, sysroot_config_file(&o->sysroot), NULL) < 0)
		return;
	for (const char *line = image.data; line < image.data + image.len; line += strlen(line) + 1)
		redact_fact(m, &masked, line);
	print_note(t, "vfio-bind.image", &masked);
}

/* Kernels, generators and images are too large for a record: it has the findings of `check`
 * instead. */
static void print_images(struct text *t, struct redact *m, const struct record_options *o)
{
	_cleanup_(ctx_done) struct ctx s = {.sysfs = {.devices = -1}};
	_cleanup_(findings_done) struct findings f = {0};
	_cleanup_(text_done) struct text found = {0}, masked = {0};
	const char *root = o->sysroot.root;
	struct err err = {""};

	if (o->sysroot.sysfs && !root)
		return;
	/* Without a config the machine is checked, too. */
	int r = check_host(&f, &s, &o->sysroot, root, &err);
	if (r == 0 || (r == -EINVAL && s.config.missing))
		findings_write(&f, check_image_topics, &found);
	if (found.data)
		redact_found(m, &masked, found.data, s.config.path);
	t->failed |= found.failed;
	print_note(t, "images", &masked);
}

static void print_notes(struct text *t, struct redact *m, const struct record_options *o,
	struct sysfs *s, const char *cmdline)
{
	_cleanup_(host_snapshot_done) struct host_snapshot notes = {0};
	_cleanup_(str_free) char *names = NULL;

	host_snapshot_read(&notes, s, !o->sysroot.sysfs);
	text_print(t, "[" NOTES_DIRECTORY "]\n");
	print_cmdline(t, m, cmdline);
	print_config(t, m, o);
	print_image(t, m, o);
	print_images(t, m, o);
	print_candidates(t, s, &notes, !o->sysroot.sysfs);
	print_addresses(t, m, notes.addresses);
	if (o->sysroot.sysfs && (names = sysfs_path_text(s, NOTES_DIRECTORY "/pci.ids")))
		record_file(t, "pci.ids", names);
	if (o->sysroot.sysfs && !o->sysroot.root) {
		const struct record_root r = {
			.t = t, .m = m, .s = s, .fd = -1, .links = &(struct text){0}};
		print_mounts(&r, &notes);
	}
}

static int record_all(struct text *t, struct redact *m, const struct record_options *o,
	struct sysfs *s, struct err *err)
{
	const char *path = o->sysroot.root || o->sysroot.sysfs ? o->sysroot.root : "/";
	_cleanup_(fd_close) int root = path ? open(path, O_DIRECTORY | O_PATH | O_CLOEXEC) : -1;
	_cleanup_(str_free) char *cmdline = read_cmdline(o, s);
	_cleanup_(text_done) struct text tree = {0}, links = {0};
	const struct record_root r = {
		.t = t, .m = m, .s = s, .fd = root, .cmdline = cmdline, .links = &links};

	if (path && root < 0)
		return err_set(err, errno, "%s: can't open it: %s", path, strerror(errno));
	text_print(t,
		"# vfio-bind record 1: a machine as `vfio-bind plan`, `list` and `check` see it.%s\n"
		"# It replays with --sysfs THIS-FILE, and as a test in tests/unit/trees.\n",
		o->full ? " With everything that names it."
			: " What names this machine is masked.");
	if (path)
		record_people(m, root);
	record_sysfs(&tree, m, s); /* first, because it lists the devices */
	print_notes(t, m, o, s, cmdline);
	if (path)
		record_root(&r);
	if (tree.data)
		text_add(t, tree.data, tree.len);
	if (t->failed || tree.failed || m->failed || links.failed)
		return err_set(err, ENOMEM, "no memory for the record");
	return 0;
}

static enum cmd_result record(const struct record_options *o, const char *path, struct err *err)
{
	_cleanup_(sysfs_done) struct sysfs s = {.devices = -1};
	_cleanup_(redact_done) struct redact m = {.full = o->full};
	_cleanup_(text_done) struct text t = {0};

	if (sysfs_open(&s, o->sysroot.sysfs, err) < 0)
		return CMD_SYSTEM;
	if (record_all(&t, &m, o, &s, err) < 0)
		return CMD_SYSTEM;
	if (!str_equal(path, "-"))
		return file_replace_volatile(AT_FDCWD, path, t.data, t.len, 0644, err) < 0
			       ? CMD_SYSTEM
			       : CMD_AS_ASKED;
	(void)fwrite(t.data, 1, t.len, stdout);
	if (fflush(stdout) != 0) {
		(void)err_set(err, errno, "standard output: %s", strerror(errno));
		return CMD_SYSTEM;
	}
	return CMD_AS_ASKED;
}

enum cmd_result cmd_record(int argc, char **argv, struct err *err)
{
	struct record_options o = {.sysroot = SYSROOT_HOST};
	static const struct command_info info = {
		.about =
			"Writes what plan, list and check need to know of this machine as one text (- for standard output), for a report or a test; what names the machine is masked.",
		.takes = "one file to write, or -",
		.operands = "FILE",
		.least = 1,
		.most = 1};
	bool help = false;
	const struct option_row rows[] = {
		{"full", 0, NULL, "mask nothing: serial numbers, UUIDs, addresses stand in it",
			NULL, &o.full, NULL, NULL},
		SYSROOT_OPTIONS(&o.sysroot),
		{"help", 'h', NULL, "this text", NULL, &help, NULL, NULL},
		{0},
	};
	enum cmd_result result;

	if (!command_parse(&info, rows, argc, argv, &help, NULL, &result, err))
		return result;
	_cleanup_(sysroot_done) struct sysroot_record unfolded;
	return sysroot_unfold(&o.sysroot, &unfolded, err) < 0 ? CMD_SYSTEM
							      : record(&o, argv[1], err);
}
