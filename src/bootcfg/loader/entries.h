/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_ENTRIES_H
#define BOOTCFG_LOADER_ENTRIES_H

#include "bootcfg/format/file_edit.h"
#include "bootcfg/loader/detect.h"
#include "bootcfg/loader/karg_sources.h"

/* An entry of the Boot Loader Specification that is edited. */
struct entry {
	char *path;
	bool is_default;
	bool kernelopts; /* its options contain $kernelopts */
	bool generated;  /* by kernel-install: its name begins with our token */
};

struct entries {
	struct entry *v;
	size_t n;
	size_t seen;        /* all .conf files, edited or not */
	size_t skipped_uki; /* entries that start a UKI: its command line is generated elsewhere */
	bool read;          /* a loader is found that reads them */
	struct strings notes;
};

/*
 * Searches the loader/entries directories. `pick`: an entry's id, "default", "all", or NULL for all
 * but fallback and rescue entries. -EINVAL if entries.srel has other semantics, -ENOENT if pick
 * matches nothing, -EMLINK if the entries are of several systems and ours is unknown.
 */
int entries_find(const struct detect *s, const char *pick, struct entries *ret,
	struct err *err) _must_check_;
void entries_done(struct entries *e);

/* The length of a name or path without .conf and the boot counter before it: x+3-1.conf is x. */
size_t entry_stem(const char *name);

/* Adds the entries as sources, before them /etc/kernel/cmdline, from which kernel-install writes
 * the entries of the next kernel; marks them as read. */
int entries_add(struct entries *e, const struct detect *s, enum bls_reader reader, bool kernelopts,
	struct loaders *to) _must_check_;

/* Orders ids as versions, as boot loaders do: `~` is less than the end. */
int entry_id_compare(const char *a, const char *b);

/* NAME.conf without its boot counter: allocated, or NULL. */
char *entry_id(const char *name);

/* `default` or `preferred` of boot/loader/loader.conf: a glob over ids, or @saved, the entry that
 * booted last; NULL: none. Allocated. */
char *entries_setting(const struct root *r, const char *boot, const char *key);

/* True if the pattern (with or without .conf) names this id. */
bool entry_matches(const char *id, const char *pattern);

/* True for an entry of another system on a shared partition. Its token is the first part of its
 * name. */
bool entry_is_foreign(const struct detect *s, const char *name, const struct bls_entry *e);

#endif
