/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guards and `check` read below /: see record.h. */
#include "base/file.h"
#include "base/tabfile.h"
#include "cmd/record.h"
#include "pci/iomem.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- routes: what bind/nics reads of them ---------------------------------------------------- */

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

/* What has no bus of its own (Bluetooth, say) has its name from a person. */
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

/* ---- members of pools, as bind/pools finds them ---------------------------------------------- */

#define UDEV "run/udev/data"

static int is_block(const struct dirent *entry)
{
	return entry->d_name[0] == 'b';
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
	struct dirent **names = NULL;
	int n = scandirat(r->fd, UDEV, &names, is_block, versionsort);

	for (int i = 0; i < n; i++) {
		print_member(r, names[i]->d_name);
		free(names[i]);
	}
	free(names);
}

/* ---- the processor, by the words that `check` looks for ---------------------------------------
 */

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

/* ---- who holds the regions of PCI functions, without their numbers ------------------------------
 */

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

/* ---- who uses this machine --------------------------------------------------------------------
 */

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
