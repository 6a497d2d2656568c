/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/filesystems.h"

#include "bind/disks.h"
#include "bind/nics.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_one_of(const char *type, const char *const *types, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_equal(type, types[i]))
			return true;
	return false;
}

bool type_is_network(const char *type)
{
	static const char *const types[] = {"nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs",
		"fuse.glusterfs", "fuse.ceph", "fuse.sshfs", "afs", "lustre", "beegfs", "orangefs"};

	return is_one_of(type, types, sizeof(types) / sizeof(*types));
}

/* 9p goes over a socket, or to the host of a VM, which is no network. */
static bool mount_is_network(const struct mount_row *m)
{
	char transport[16];

	if (str_equal(m->type, "9p"))
		return tabfile_option_value(m->options, "trans", transport, sizeof(transport)) &&
		       (str_equal(transport, "tcp") || str_equal(transport, "rdma"));
	return type_is_network(m->type);
}

#define ZFS_LISTS "etc/zfs/zfs-list.cache/"
#define ZFS_WORDS 12
#define ZFS_ENCRYPTION_ROOT 10

/* Only where zed keeps a list of the datasets it is known that nothing is asked for one: its
 * columns are those of history_event-zfs-list-cacher.sh. */
static bool is_unencrypted(struct hostdevs_search *f, const char *pool, const char *dataset)
{
	_cleanup_(str_free) char *text = NULL;
	char path[sizeof(ZFS_LISTS) + DISK_NAME_SIZE], *words[ZFS_WORDS];

	(void)snprintf(path, sizeof(path), ZFS_LISTS "%s", pool);
	if (!hostdevs_search_read(f, path, &text))
		return false;
	for (char *rest = text, *line; (line = tabfile_line(&rest, true));)
		if (tabfile_words(line, words, ZFS_WORDS) == ZFS_WORDS &&
			str_equal(words[0], dataset))
			return str_equal(words[ZFS_ENCRYPTION_ROOT], "-");
	return false;
}

/* The pool of "rpool/ROOT/debian". */
static void need_dataset(struct hostdevs_search *f, const char *dataset)
{
	char pool[DISK_NAME_SIZE];

	(void)snprintf(pool, sizeof(pool), "%.*s", (int)strcspn(dataset, "/"), dataset);
	hostdevs_search_need(f, PENDING_POOL, pool);
	if (!f->for_swap && !is_unencrypted(f, pool, dataset))
		f->needs_passphrase = true;
}

/* Everything that begins with '/' in the values of lowerdir=, lowerdir+=, datadir+= and upperdir=
 * (kernel: Documentation/filesystems/overlayfs.rst). */
static void need_layers(struct hostdevs_search *f, const char *options)
{
	for (const char *p = options; *p != '\0'; p += *p == ',') {
		size_t len = strcspn(p, ",");
		bool layers = str_starts(p, "lowerdir") || str_starts(p, "upperdir") ||
			      str_starts(p, "datadir");
		const char *end = p + len;
		const char *from = layers ? memchr(p, '=', len) : NULL;
		while (from && from < end) {
			from++;
			size_t part = strcspn(from, ":,");
			_cleanup_(str_free) char *path = strndup(from, part);
			if (path && *path == '/')
				hostdevs_search_need(f, PENDING_PATH, path);
			from += part;
		}
		p = end;
	}
}

/* bcachefs names them all: "/dev/sda:/dev/sdb". */
static bool need_sources(struct hostdevs_search *f, const char *sources)
{
	bool found = false;

	while (*sources != '\0') {
		size_t len = strcspn(sources, ":");
		_cleanup_(str_free) char *one = strndup(sources, len);
		if (one)
			found |= disk_need_spec(f, one);
		sources += len + (sources[len] == ':');
	}
	return found;
}

/* "addr=" is what NFS and CIFS go to; of others the source says it, if by number. */
void need_server(struct hostdevs_search *f, const char *source, const char *options)
{
	struct remote r = {.word = false};

	if (!tabfile_option_value(options, "addr", r.peer, sizeof(r.peer)))
		nics_find_peer(source, &r);
	hostdevs_search_need_network(f, &r);
}

#define JOURNALS "proc/fs/jbd2"

/*
 * The external journal of ext3, ext4 or ocfs2, which no option names. Each journal that is in use
 * has a directory: "sda1-8" is one in a file of sda1, "sdb1" a disk that is one
 * (jbd2_journal_init_inode and _dev in fs/jbd2/journal.c). Of the latter nobody says whose: all of
 * them may be this one's.
 */
static void need_journal(struct hostdevs_search *f, const struct mount_row *m)
{
	struct dirent **names = NULL;
	char path[DEVPATH_MAX], device[DEVPATH_MAX], own[DISK_NAME_SIZE + 1];

	(void)snprintf(path, sizeof(path), "dev/block/%u:%u", m->major, m->minor);
	if (devpath_of(f->sysfs, path, device) < 0)
		return;
	(void)snprintf(own, sizeof(own), "%.255s-", strrchr(device, '/') + 1);
	int n = scandirat(f->root, JOURNALS, &names, NULL, alphasort);
	bool has_own = false;
	for (int i = 0; i < n; i++)
		has_own |= str_starts(names[i]->d_name, own);
	for (int i = 0; i < n; i++) {
		if (!has_own && sysfs_path_exists(f->sysfs, "class/block/%s/dev", names[i]->d_name))
			hostdevs_search_need(f, PENDING_DISK, names[i]->d_name);
		free(names[i]);
	}
	free(names);
}

/* What else than its disk a mounted file system names: the log of XFS, the other disks of btrfs. */
static void need_others(struct hostdevs_search *f, const struct mount_row *m)
{
	static const char *const journaled[] = {"ext3", "ext4", "ocfs2"};

	disks_need_named(f, m->options, true);
	if (is_one_of(m->type, journaled, sizeof(journaled) / sizeof(*journaled)))
		need_journal(f, m);
}

void mount_look(struct hostdevs_search *f, const struct mount_row *m)
{
	static const char *const memory[] = {"tmpfs", "ramfs", "devtmpfs", "autofs"};

	if (mount_is_network(m)) {
		need_server(f, m->source, m->options);
	} else if (str_equal(m->type, "zfs")) {
		need_dataset(f, m->source);
	} else if (str_equal(m->type, "overlay")) {
		need_layers(f, m->options);
	} else if (is_one_of(m->type, memory, sizeof(memory) / sizeof(*memory))) {
		return;
	} else if (m->major != 0 && disk_need_number(f, m->major, m->minor)) {
		need_others(f, m);
	} else {
		/* One that spans devices has a number of its own, and its source says which. */
		need_others(f, m);
		/* It may be encrypted by itself, which it tells nowhere. */
		f->needs_passphrase |= !f->for_swap && str_equal(m->type, "bcachefs");
		if (!need_sources(f, m->source))
			protected_set_unknown(f->keep,
				"%s is of type %s, which does not say where it lies", f->what,
				m->type);
	}
}

void path_look(struct hostdevs_search *f, const char *path)
{
	const struct mount_row *m = mount_table_of(&f->mounts, path);

	if (m)
		mount_look(f, m);
	else
		protected_set_unknown(
			f->keep, "%s is in %s, which is not mounted here", f->what, path);
}
