/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_RECORD_H
#define CLI_RECORD_H

#include "base/str.h"
#include "core/boot_switch.h"
#include "host/host_snapshot.h"
#include "pci/sysfs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Identifiers of one machine (UUIDs, MAC addresses, serial numbers, names of volumes), replaced by
 * numbers in a record: the same identifier gets the same number everywhere, so that relations stay
 * visible. Zero-initialised is empty.
 */
struct redact {
	bool full; /* nothing is masked */
	char **seen;
	size_t n, size;
	struct text words;     /* names of users or the machine, each ended by NUL */
	struct text addresses; /* of networks, as pairs */
	bool failed;
};

/* Shared by the parts of record_root. */
struct record_root {
	struct text *t;
	struct redact *m;
	struct sysfs *s;
	int fd;              /* of / */
	const char *cmdline; /* or NULL */
	struct text *links;  /* "/dev/PATH DISK", a line for each */
};

void redact_done(struct redact *m);
/* 1 and up; a new identifier gets the next number. */
unsigned redact_number(struct redact *m, const char *thing);
/* Adds a text with all identifiers masked. */
void redact_text(struct redact *m, struct text *t, const char *s);
/* The same for free text of users: the words of redact_word are masked too. */
void redact_free_text(struct redact *m, struct text *t, const char *s);
/* Adds a word that identifies a user or the machine. */
void redact_word(struct redact *m, const char *word);
/* Adds "KIND-3" for an identifier. */
void redact_name(struct redact *m, struct text *t, const char *kind, const char *thing);
/* Adds a path, part by part; parts that exist on every system are not masked. */
void redact_path(struct redact *m, struct text *t, const char *path);
/* Adds a table's name of a disk (host/dev_tag), or of a file; kernel names are not masked. */
void redact_spec(struct redact *m, struct text *t, const char *spec);
/* The same for a tag or a path in a directory of udev or dm; false for others. */
bool redact_tagged(struct redact *m, struct text *t, const char *spec);
/* Adds an IPv4 or IPv6 address. IPv4 addresses keep the number of leading bits they share. */
void redact_address(struct redact *m, struct text *t, const char *address);
uint32_t redact_ipv4(struct redact *m, uint32_t address); /* in host byte order */
/* Adds the kernel command line: of an unknown parameter only the name. */
void redact_cmdline(struct redact *m, struct text *t, const char *cmdline);
/* The disk of the host in a word of it: false if the word has none. */
bool redact_disk_word(const char *word, char spec[static KERNEL_WORD_MAX]);
/* Adds the config: comments are masked, line numbers stay. */
void redact_config(struct redact *m, struct text *t, const char *config);
/* Adds a line of an image's record (core/imageinfo), but not those that name files or quote the
 * config. */
void redact_fact(struct redact *m, struct text *t, const char *fact);
/* Adds the findings of `check`, for a config with this path. */
void redact_found(struct redact *m, struct text *t, const char *found, const char *config);
/* Masks a serial number of a device. */
uint64_t redact_serial(struct redact *m, uint64_t serial);

/*
 * Adds what `plan`, `list` and `check` read below /sys, in the format of tests/unit/tree. Only the
 * attributes named in record_sysfs.c are recorded: no serial number of a disk, no address of an
 * interface.
 */
void record_sysfs(struct text *t, struct redact *m, struct sysfs *s);

/*
 * Adds what host/hostdevs and `check` read below /: tables, routes, input devices, links to the
 * disks that tables name, words of the processor, settings of other tools. Missing files are not
 * added.
 */
void record_root(const struct record_root *r);
/* The tables of it that name disks; the settings of other tools. */
void record_tables(const struct record_root *r);
void record_others(const struct record_root *r);

/* Adds a table of mounts, or of swaps; each takes ownership of its text, which is from malloc. */
void record_mounts(const struct record_root *r, struct text *t, char *text);
void record_swaps(const struct record_root *r, struct text *t, char *text);

/* Masks the names of users and of the machine, as root has them. To be called first. */
void record_people(struct redact *m, int root);

/* A whole file below /, to be freed by the caller, or NULL. */
char *record_read(const struct record_root *r, const char *path);
/* Adds a file of the record's root, with its directory. */
void record_root_file(
	const struct record_root *r, const char *directory, const char *name, const struct text *t);

/* Adds a file of the tree: "name = text", or "name | line" for each of several. */
void record_file(struct text *t, const char *name, const char *content);

#endif
