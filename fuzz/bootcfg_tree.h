/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FUZZ_BOOTCFG_TREE_H
#define FUZZ_BOOTCFG_TREE_H

/*
 * Any bytes as a system of these files: chunks that end in a byte 0x1c, each a letter that says
 * which file and then what is in it. The loaders are looked for, the edit is planned, written,
 * planned again and taken back, all in a directory that is in memory.
 */
#include "bootcfg/edit.h"
#include "bootcfg/loader/boot_entries.h"
#include "bootcfg/loader/next_kernel.h"
#include "bootcfg/loader/table.h"
#include "bootcfg_edit.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define END_OF_FILE 0x1c

static inline int entry_remove(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	return where->level > 0 ? remove(path) : 0;
}

static inline void file_make(int dirfd, const char *path, const uint8_t *data, size_t size)
{
	char part[PATH_MAX];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		(void)snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		(void)mkdirat(dirfd, part, 0755);
	}
	int fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	(void)close(fd);
}

struct fuzz_paths {
	const char *const *v;
	size_t n;
};

static inline void tree_make(
	const struct fuzz_paths *paths, int dirfd, const uint8_t *data, size_t size)
{
	for (size_t at = 0; at < size;) {
		const uint8_t *end = memchr(data + at, END_OF_FILE, size - at);
		size_t len = end ? (size_t)(end - data) - at : size - at;
		if (len > 0)
			file_make(dirfd, paths->v[(unsigned char)(data[at] - '0') % paths->n],
				data + at + 1, len - 1);
		at += len + 1;
	}
}

/* One number for all that can be seen of the tree; no order of names counts. */
static inline unsigned long tree_sum(const struct fuzz_paths *paths, const struct root *r)
{
	unsigned long sum = 0;

	for (size_t i = 0; i < paths->n; i++) {
		char *text = NULL;
		size_t len = 0;
		if (root_read(r, paths->v[i], &text, &len, NULL) < 0)
			continue;
		unsigned long one = i + 1;
		for (size_t k = 0; k < len; k++)
			one = one * 1099511628211UL + (unsigned char)text[k];
		sum += one;
		free(text);
	}
	return sum;
}

/* What each entry, and the next kernel, will boot with: a word for each source. */
static inline void lines_read(const struct root *r, const struct loaders *l)
{
	struct boot_entries o = {0};
	struct next_kernels n = {0};

	must(boot_entries_read(r, l, &o) == 0 && next_kernels_read(r, l, &n) == 0);
	for (size_t i = 0; i < o.n; i++)
		must(o.v[i].words.n == o.v[i].sources.n);
	for (size_t i = 0; i < n.n; i++)
		must(n.v[i].words.n == n.v[i].sources.n);
	boot_entries_done(&o);
	next_kernels_done(&n);
}

static inline int plan_of(const struct root *r, const struct karg_ops *want, struct edit_set *ret)
{
	struct loaders l = {0};
	struct loaders_options o = {.request = want};
	struct err err = {0};

	int rc = loaders_find(r, &o, &l, &err);
	if (rc == 0) {
		rc = edit_set_make(r, &l, want, ret, &err);
		lines_read(r, &l);
		loaders_done(&l);
	}
	must(rc == 0 || err.text[0]);
	return rc;
}

static inline void edit_and_undo(
	const struct fuzz_paths *paths, const struct root *r, const struct karg_ops *want)
{
	struct edit_set p = {0}, again = {0};
	struct undone undone = {0};
	_cleanup_(journal_close) struct journal j = JOURNAL_CLOSED;
	const struct undo_how how = {0};
	struct err err = {0};
	unsigned long before = tree_sum(paths, r);
	unsigned id = 0;

	if (plan_of(r, want, &p) == 0 && !edit_set_is_empty(&p)) {
		must(tree_sum(paths, r) == before);
		if (edit_set_commit(&j, r, &p, "fuzz", &id, &err) == 0) {
			must(tree_sum(paths, r) != before);
			must(plan_of(r, want, &again) == 0 && edit_set_is_empty(&again));
			must(journal_undo(&j, id, &how, &undone, &err) == 0);
			must(journal_forget(&j, id, &err) == 0);
		}
		must(tree_sum(paths, r) == before && !root_is_dir(r, JOURNAL_DIR));
	}
	edit_set_done(&p);
	edit_set_done(&again);
	undone_done(&undone);
}

static char dir[64];

static inline void dir_remove(void)
{
	(void)rmdir(dir);
}

/* Edits that system and takes it back. */
static inline int fuzz_tree(const struct fuzz_paths *paths, const uint8_t *data, size_t size)
{
	struct root r = {.fd = -1};
	struct karg_ops want = {0};
	struct err err = {0};

	if (!dir[0]) {
		(void)snprintf(dir, sizeof(dir), "/dev/shm/bootcfg-tree-%d", (int)getpid());
		must(mkdir(dir, 0700) == 0 || errno == EEXIST);
		must(atexit(dir_remove) == 0);
	}
	must(root_open(&r, dir, &err) == 0);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(fd >= 0);
	tree_make(paths, fd, data, size);
	must(karg_ops_add(&want, "iommu=pt", NULL) == 0);
	must(karg_ops_add(&want, "fuzz.a=1", NULL) == 0);
	must(karg_ops_remove(&want, "quiet", NULL) == 0);
	edit_and_undo(paths, &r, &want);
	karg_ops_done(&want);
	(void)close(fd);
	root_done(&r);
	must(nftw(dir, entry_remove, 8, FTW_DEPTH | FTW_PHYS) == 0);
	return 0;
}

#endif
