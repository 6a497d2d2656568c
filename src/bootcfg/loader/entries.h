/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_ENTRIES_H
#define BOOTCFG_LOADER_ENTRIES_H

#include "bootcfg/loader/detect.h"

/* One entry of the Boot Loader Specification that is ours to edit. */
struct entry {
	char *path;
	bool is_default;
	bool kernelopts; /* its options hold $kernelopts */
	bool generated;  /* by kernel-install: its name begins with our token */
};

struct entries {
	struct entry *v;
	size_t n;
	size_t seen;        /* .conf files there were, ours or not */
	size_t skipped_uki; /* entries that start a UKI: its command line is made elsewhere */
	struct strings notes;
};

/*
 * Looks through the loader/entries directories. `pick`: an entry's id, "default", "all", or NULL
 * for all but fallback and rescue entries. -EINVAL where entries.srel names another semantics,
 * -ENOENT where pick names nothing, -EMLINK where they are of several systems and ours is unknown.
 */
int entries_find(const struct detect *s, const char *pick, struct entries *ret,
	struct err *err) _must_check_;
void entries_done(struct entries *e);

#endif
