/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BIND_FINDER_H
#define BIND_FINDER_H

#include "bind/keep.h"
#include "bind/tables.h"
#include "pci/devpath.h"
#include "pci/sysfs_path.h"

/*
 * What the parts of bind/footing share: footing (what is needed), filesystems (on what it lies),
 * disks (what those are made of), nics, keyboards. Nobody else includes this.
 */
#define NAME_MAX_SIZE 256
#define FINDER_DEPTH_MAX 16
#define FINDER_DISKS_MAX 1024
#define FINDER_MOUNTS_MAX 1024
#define FINDER_FILE_MAX (4U << 20) /* a table of mounts may be long */

struct finder {
	struct keep *keep;
	struct sysfs *sysfs;
	int root;
	struct mount_table mounts;
	char what[96]; /* what is looked for, "root /" */
	bool no_memory;
	unsigned depth;
	unsigned n_mounts; /* looks at one: layers that lie on themselves are looked at again */
	struct text seen;  /* names of disks, "\nsda\nsda1\n": each is looked at once */
	unsigned n_seen;
	bool for_swap; /* what is found now needs no passphrase: swap may have a random key */
	bool needs_passphrase;      /* something else was under dm-crypt */
	char network[KEEP_WHY_MAX]; /* what comes over the network, "" for nothing */
	char server[64];            /* and from where, if known */
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
 * many there were.
 */
unsigned finder_keep(struct finder *f, enum keep_kind kind, const char *device, const char *why);

/* ---- disks: by the names that they have in /sys/class/block --------------------------------- */

void disk_need(struct finder *f, const char *name);

/* By device number; false where there is none. */
bool disk_need_number(struct finder *f, unsigned major, unsigned minor);

/*
 * By what a table calls it: /dev/…, UUID=, LABEL=, PARTUUID=, PARTLABEL=, ID=. False where that
 * names no disk that is there now.
 */
bool disk_need_spec(struct finder *f, const char *spec);

/* Of a ZFS pool, NULL: of all. */
void pool_need(struct finder *f, const char *pool);

/* ---- filesystems ---------------------------------------------------------------------------- */

void mount_need(struct finder *f, const struct mount_row *m);
void path_need(struct finder *f, const char *path);

bool type_is_network(const char *type);
void network_need(struct finder *f, const char *what, const char *server);

/* ---- nics, keyboards ------------------------------------------------------------------------ */

void nics_keep(struct finder *f);
void keyboards_keep(struct finder *f);

#endif
