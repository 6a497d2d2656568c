/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BIND_FINDER_H
#define BIND_FINDER_H

#include "base/mounts.h"
#include "base/str.h"
#include "base/tabfile.h"
#include "bind/keep.h"
#include "bind/specs.h"
#include "pci/devpath.h"
#include "pci/sysfs_path.h"

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * What the parts of bind/footing share. footing says what is needed; disks, filesystems and pools
 * each say what one thing of their kind is made of, which is needed then too; nics and keyboards
 * come last. None of them calls another to look: what is needed is put into a queue, from which
 * footing hands it out, each disk once. Nobody else includes this.
 */
#define FINDER_WHAT_MAX 96
#define FINDER_NEEDS_MAX 2048      /* more than any host stands on; a table may lead in a circle */
#define FINDER_FILE_MAX (4U << 20) /* a table of mounts may be long */

enum need_kind {
	NEED_DISK, /* by its name in /sys/class/block */
	NEED_PART, /* the same for a log, a header or a key, which has no other disks beside it */
	NEED_PATH, /* the file system on which an absolute path lies */
	NEED_POOL, /* of ZFS; "": any of them */
};

struct need {
	enum need_kind kind;
	char *name;
	char what[FINDER_WHAT_MAX]; /* was looked for */
};

/* Something that comes over the network, or may: by the peer's address or by a NIC, if known. */
#define REMOTES_MAX 32
#define PEER_MAX 64
struct remote {
	char what[FINDER_WHAT_MAX];
	char peer[PEER_MAX], nic[IFNAMSIZ];
	bool word; /* what the kernel command line says of the network, and no mount */
	bool nbd;  /* whose peer only such a word knows */
};

struct finder {
	struct keep *keep;
	struct sysfs *sysfs;
	int root;
	struct mount_table mounts;
	char what[FINDER_WHAT_MAX]; /* what is looked for, "root /" */
	bool no_memory;
	struct need *needs; /* all that came up; those before `next` were handed out */
	size_t n_needs, next;
	struct text seen; /* names of disks, "\nsda\nsda1\n" */
	bool for_swap;    /* what is found now needs no passphrase: swap may have a random key */
	bool needs_passphrase; /* something else was under dm-crypt */
	struct remote remotes[REMOTES_MAX];
	unsigned n_remotes;
};

/* Says what is looked for from now on. */
void finder_look_for(struct finder *f, const char *fmt, ...) _printf_(2, 3);

/* sysfs_path_each, for those who have nothing to say of an end in between. */
void finder_each(
	struct finder *f, const char *path, int (*each)(const char *name, void *to), void *to);

/* Reads a file below root; false where there is none or memory has run out. *ret is the caller's.
 */
bool finder_read(struct finder *f, const char *path, char **ret);

/*
 * Keeps each PCI function that a device path leads through, but bridges; the reason is a copy. How
 * many there were. Those on which these depend are kept too: the physical function of a virtual
 * one, the suppliers that the kernel knows of, the controllers of Thunderbolt of what is behind its
 * ports.
 */
unsigned finder_keep(struct finder *f, enum keep_kind kind, const char *device, const char *why);

/* Puts a copy into the queue, for what is looked for now. A disk that was there before is not put
 * there again. */
void finder_need(struct finder *f, enum need_kind kind, const char *name);

/* What is looked for comes over the network: r says from where and by which NIC, if known. */
void finder_need_network(struct finder *f, const struct remote *r);

/* Takes the next out of the queue, to be emptied with need_done; false where none is left. */
bool finder_next(struct finder *f, struct need *ret) _must_check_;
void need_done(struct need *need);

/* Empties it; the keep, the tree and the root are the caller's. */
void finder_done(struct finder *f);

#endif
