/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_MANAGED_H
#define BOOTCFG_LOADER_MANAGED_H

#include "bootcfg/loader/detect.h"

/* What a mark proves. */
enum managed_proof {
	MANAGED_SYSTEM, /* the whole system: no boot loader counts beside it */
	MANAGED_BOOTS,  /* it boots this system, unless a loader that is found does */
	MANAGED_FILE,   /* it is there: it counts where no loader is found */
};

/* Where the line is that an edit would change. */
enum line_kind {
	LINE_UNREAD,   /* in no file, or in one of several places */
	LINE_ENTRY,    /* of the boot entry that is the default */
	LINE_FIRST,    /* the first line of the mark */
	LINE_VARIABLE, /* a variable of the mark, which is a shell file */
	LINE_KEY,      /* behind KEY= in the mark, up to the end of the line */
	LINE_RUNNING,  /* /proc/cmdline, on the running system */
};

/*
 * Systems and tools that own the kernel command line, and ways to boot that are known and not
 * edited: a row for each in managed.c. An edit of the boot files would be lost there, or do harm.
 */
struct managed {
	const char *name;
	enum managed_proof proof;
	/* The marks, NULL-terminated: files, and files below each directory with boot files. The
	 * first that is there counts, if `is` holds; without marks `is` alone decides. */
	const char *const *files, *const *below;
	bool (*is)(const struct detect *s);
	/* Another way to find the mark: allocated, or NULL. */
	char *(*find)(const struct detect *s);
	enum line_kind line;
	const char *key; /* of LINE_VARIABLE and LINE_KEY */
	bool never;      /* VFIO does not work there: refused even where nothing would change */
	const char *why; /* behind the mark, in the message */
	/*
	 * What to do, in turn; placeholders as in advice.c. An item is left out
	 * where it has some and all of them are empty.
	 */
	const char *todo[4];
};

/*
 * The first row with a proof of [from, to] and a mark; NULL: none. `called`: --boot-loader, or
 * NULL for any. *ret_mark: the file that is the mark, allocated, "" where there is none to name.
 */
const struct managed *managed_find(const struct detect *s, enum managed_proof from,
	enum managed_proof to, const char *called, char **ret_mark);

#endif
