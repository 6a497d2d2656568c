/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/kargs/entry_rules.h"

#include "bootcfg/kargs/karg.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* The name in lower case, with one blank for each run of blanks and signs: safe-mode, Safe_Mode. */
static void name_flatten(const char *name, struct text *to)
{
	for (const char *p = name; *p; p++) {
		bool sign = strchr(" \t-_./", *p) != NULL;
		char c = sign ? ' ' : (char)tolower((unsigned char)*p);
		if (!sign || to->len == 0 || to->data[to->len - 1] != ' ')
			text_add(to, &c, 1);
	}
}

const char *entry_way_back(const char *name)
{
	/* "0 rescue": Fedora's image, also behind a machine-id. "minimal options" and "single user"
	 * are lines that rEFInd's mkrlconf writes. */
	static const char *const marks[] = {"fallback", "rescue", "recovery", "snapshot",
		"safe mode", "safemode", "safe graphics", "failsafe", "single user",
		"minimal options", "memtest", "before vfio", "vfio trial", NULL};
	_cleanup_(text_done) struct text flat = {0};

	name_flatten(name, &flat);
	for (const char *const *m = marks; *m && flat.data; m++)
		if (strstr(flat.data, *m))
			return *m;
	return NULL;
}

bool entry_is_way_back(const char *name)
{
	return entry_way_back(name) != NULL;
}

/* A name of a file system or a partition: its kind, and the value that names it. */
struct root_name {
	const char *kind, *value;
	bool any_case; /* the value is hexadecimal */
};

static struct root_name root_name_read(const char *text)
{
	static const struct {
		const char *prefix, *kind;
		bool any_case;
	} kinds[] = {{"UUID=", "UUID", true}, {"/dev/disk/by-uuid/", "UUID", true},
		{"PARTUUID=", "PARTUUID", true}, {"/dev/disk/by-partuuid/", "PARTUUID", true},
		{"LABEL=", "LABEL", false}, {"/dev/disk/by-label/", "LABEL", false},
		{"PARTLABEL=", "PARTLABEL", false}, {"/dev/disk/by-partlabel/", "PARTLABEL", false},
		{"ZFS=", "ZFS", false}, {"zfs:", "ZFS", false}, {"/dev/mapper/", "mapper", false}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (str_starts(text, kinds[i].prefix))
			return (struct root_name){
				kinds[i].kind, text + strlen(kinds[i].prefix), kinds[i].any_case};
	return (struct root_name){NULL, text, false};
}

/* The length of /dev/sda in /dev/sda2, of /dev/nvme0n1 in /dev/nvme0n1p2. */
static size_t disk_length(const char *device)
{
	size_t len = strlen(device);

	while (len > 0 && isdigit((unsigned char)device[len - 1]))
		len--;
	return len > 1 && device[len - 1] == 'p' && isdigit((unsigned char)device[len - 2])
		       ? len - 1
		       : len;
}

/*
 * Names of the kernel change from boot to boot, so sda2 and sdb2 may be one; sda2 and sda3 are not.
 */
static enum entry_root device_compare(const char *a, const char *b)
{
	size_t len = disk_length(a);

	if (!str_starts(a, "/dev/") || !str_starts(b, "/dev/"))
		return ROOT_UNKNOWN;
	if (str_equal(a, b))
		return ROOT_OURS;
	return a[len] && len == disk_length(b) && b[len] && memcmp(a, b, len) == 0 ? ROOT_FOREIGN
										   : ROOT_UNKNOWN;
}

static enum entry_root names_compare(const char *name, const char *ours)
{
	struct root_name a = root_name_read(name), b = root_name_read(ours);

	if (!a.kind && !b.kind)
		return device_compare(name, ours);
	/* PARTUUID=…/PARTNROFF=1 counts partitions from one that it names. */
	if (!a.kind || !b.kind || !str_equal(a.kind, b.kind) || strstr(name, "/PARTNROFF="))
		return ROOT_UNKNOWN;
	return (a.any_case ? strcasecmp(a.value, b.value) : strcmp(a.value, b.value)) == 0
		       ? ROOT_OURS
		       : ROOT_FOREIGN;
}

enum entry_root root_name_compare(const char *name, const struct strings *ours)
{
	enum entry_root all = ROOT_UNKNOWN;

	for (size_t i = 0; i < ours->n && all != ROOT_OURS; i++) {
		enum entry_root one = names_compare(name, ours->v[i]);
		all = one == ROOT_UNKNOWN ? all : one;
	}
	return all;
}

enum entry_root entry_root_compare(const struct strings *words, const struct strings *ours)
{
	enum entry_root last = ROOT_UNKNOWN;

	for (size_t i = 0; i < words->n && !str_equal(words->v[i], "--"); i++) {
		_cleanup_(karg_done) struct karg k = {0};
		if (karg_read(words->v[i], &k) == 0 && k.value && str_equal(k.name, "root"))
			last = root_name_compare(k.value, ours);
	}
	return last;
}
