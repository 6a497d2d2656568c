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
 * What names a machine and no other (UUIDs, MAC addresses, serial numbers, names of volumes) and
 * stands in a record as a number: the same thing gets the same number wherever it stands, so that
 * what belongs together still does. Zero-initialised is empty.
 */
struct redact {
	bool full; /* nothing is masked */
	char **seen;
	size_t n, size;
	struct text words;     /* that name people or the machine, each ended by NUL */
	struct text addresses; /* of networks, as pairs */
	bool failed;
};

/* What the parts of record_root share. */
struct record_root {
	struct text *t;
	struct redact *m;
	struct sysfs *s;
	int fd;              /* of / */
	const char *cmdline; /* or NULL */
	struct text *links;  /* "/dev/PATH DISK", a line each */
};

void redact_done(struct redact *m);
/* 1 and up; the first time a thing is seen it gets the next one. */
unsigned redact_number(struct redact *m, const char *thing);
/* Adds a text in which such things are masked wherever they stand. */
void redact_text(struct redact *m, struct text *t, const char *s);
/* The same for what people may have written: the words of redact_word are masked too. */
void redact_free_text(struct redact *m, struct text *t, const char *s);
/* A word that names a person or the machine. */
void redact_word(struct redact *m, const char *word);
/* Adds "KIND-3" for a thing. */
void redact_name(struct redact *m, struct text *t, const char *kind, const char *thing);
/* Adds a path, part by part; those that every system has stay. */
void redact_path(struct redact *m, struct text *t, const char *path);
/* Adds what a table calls a disk (host/dev_tag), or a file; the kernel's own names stay. */
void redact_spec(struct redact *m, struct text *t, const char *spec);
/* The same for what has a tag or stands in a directory of udev's or dm's; false for others. */
bool redact_tagged(struct redact *m, struct text *t, const char *spec);
/* Adds an address of IPv4 or IPv6. Those of IPv4 still have as many first bits in common. */
void redact_address(struct redact *m, struct text *t, const char *address);
uint32_t redact_ipv4(struct redact *m, uint32_t address); /* in the host's order */
/* Adds the kernel command line: of a parameter that is not known to matter only the name. */
void redact_cmdline(struct redact *m, struct text *t, const char *cmdline);
/* What a word of it calls the disk that the host is on: false where it says nothing of that. */
bool redact_disk_word(const char *word, char spec[static KERNEL_WORD_MAX]);
/* Adds the config: its comments are somebody's, its lines keep their numbers. */
void redact_config(struct redact *m, struct text *t, const char *config);
/* A fact of an image's record (core/imageinfo); of those that name files or quote the config
 * nothing. */
void redact_fact(struct redact *m, struct text *t, const char *fact);
/* What `check` has found, where the config had this path. */
void redact_found(struct redact *m, struct text *t, const char *found, const char *config);
/* A serial number of a device. */
uint64_t redact_serial(struct redact *m, uint64_t serial);

/*
 * Adds what `plan`, `list` and `check` read below /sys, as tests/unit/tree reads it. Only what is
 * named in record_sysfs.c is recorded: no serial number of a disk, no address of an interface.
 */
void record_sysfs(struct text *t, struct redact *m, struct sysfs *s);

/*
 * Adds what host/hostdevs and `check` read below /: tables, routes, input devices, links to the
 * disks that tables name, words of the processor, settings of other tools. What is not there is not
 * added.
 */
void record_root(const struct record_root *r);
/* record_tables.c: those of it that name disks; record_others.c: what other tools were told. */
void record_tables(const struct record_root *r);
void record_others(const struct record_root *r);

/* Adds a table of mounts, or of swaps; each takes over its text, which is to be had from malloc. */
void record_mounts(const struct record_root *r, struct text *t, char *text);
void record_swaps(const struct record_root *r, struct text *t, char *text);

/* Has the names of the people and of the machine masked, as root says them. To come before all. */
void record_people(struct redact *m, int root);

/* A whole file below /, for the caller to free, or NULL. */
char *record_read(const struct record_root *r, const char *path);
/* A file of the record's root, its directory before it. */
void record_root_file(
	const struct record_root *r, const char *directory, const char *name, const struct text *t);

/* A file of the tree: "name = text", or "name | line" for each of several. */
void record_file(struct text *t, const char *name, const char *content);

#endif
