/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BIND_HOSTDEVS_SEARCH_H
#define BIND_HOSTDEVS_SEARCH_H

#include "base/mounts.h"
#include "base/str.h"
#include "base/tabfile.h"
#include "bind/dev_tag.h"
#include "bind/protected.h"
#include "pci/devpath.h"
#include "pci/sysfs_path.h"

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * What the parts of bind/hostdevs share. footing says what is needed; disks, filesystems and pools
 * each say what one thing of their kind is made of, which is needed then too; nics and keyboards
 * come last. None of them calls another to look: what is needed is put into a queue, from which
 * footing hands it out, each disk once. Nobody else includes this.
 */
#define HOSTDEVS_WHAT_MAX 96
#define HOSTDEVS_NEEDS_MAX 2048 /* more than any host stands on; a table may lead in a circle */
#define HOSTDEVS_FILE_MAX (4U << 20) /* a table of mounts may be long */

enum pending_kind {
	PENDING_DISK, /* by its name in /sys/class/block */
	PENDING_PART, /* the same for a log, a header or a key, which has no other disks beside it
		       */
	PENDING_PATH, /* the file system on which an absolute path lies */
	PENDING_POOL, /* of ZFS; "": any of them */
};

struct pending {
	enum pending_kind kind;
	char *name;
	char what[HOSTDEVS_WHAT_MAX]; /* was looked for */
};

/* Something that comes over the network, or may: by the peer's address or by a NIC, if known. */
#define REMOTES_MAX 32
#define PEER_MAX 64
struct remote {
	char what[HOSTDEVS_WHAT_MAX];
	char peer[PEER_MAX], nic[IFNAMSIZ];
	bool word; /* what the kernel command line says of the network, and no mount */
	bool nbd;  /* whose peer only such a word knows */
};

struct hostdevs_search {
	struct protected_list *keep;
	struct sysfs *sysfs;
	int root;
	struct mount_table mounts;
	char what[HOSTDEVS_WHAT_MAX]; /* what is looked for, "root /" */
	bool no_memory;
	struct pending *needs; /* all that came up; those before `next` were handed out */
	size_t n_needs, next;
	struct text seen; /* names of disks, "\nsda\nsda1\n" */
	bool for_swap;    /* what is found now needs no passphrase: swap may have a random key */
	bool needs_passphrase; /* something else was under dm-crypt */
	struct remote remotes[REMOTES_MAX];
	unsigned n_remotes;
};

/* Says what is looked for from now on. */
void hostdevs_search_for(struct hostdevs_search *f, const char *fmt, ...) _printf_(2, 3);

/* sysfs_path_each, for those who have nothing to say of an end in between. */
void hostdevs_search_each(struct hostdevs_search *f, const char *path,
	int (*each)(const char *name, void *to), void *to);

/* Reads a file below root; false where there is none or memory has run out. *ret is the caller's.
 */
bool hostdevs_search_read(struct hostdevs_search *f, const char *path, char **ret);

/*
 * Keeps each PCI function that a device path leads through, but bridges; the reason is a copy. How
 * many there were. Those on which these depend are kept too: the physical function of a virtual
 * one, the suppliers that the kernel knows of, the controllers of Thunderbolt of what is behind its
 * ports.
 */
unsigned hostdevs_search_protect(
	struct hostdevs_search *f, enum protected_kind kind, const char *device, const char *why);

/* Puts a copy into the queue, for what is looked for now. A disk that was there before is not put
 * there again. */
void hostdevs_search_need(struct hostdevs_search *f, enum pending_kind kind, const char *name);

/* What is looked for comes over the network: r says from where and by which NIC, if known. */
void hostdevs_search_need_network(struct hostdevs_search *f, const struct remote *r);

/* Takes the next out of the queue, to be emptied with pending_done; false where none is left. */
bool hostdevs_search_next(struct hostdevs_search *f, struct pending *ret) _must_check_;
void pending_done(struct pending *need);

/* Empties it; the keep, the tree and the root are the caller's. */
void hostdevs_search_done(struct hostdevs_search *f);

#endif
