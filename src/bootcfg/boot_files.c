/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/boot_files.h"

#include "base/file.h"
#include "base/replace.h"
#include "bootcfg/journal.h"
#include "bootcfg/loader/loader.h"
#include "shared/txn.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define LIST "boot-files"
#define LIST_MAX ((size_t)1 << 20)
#define TEXT_FILE_MAX ((off_t)64 << 20)
#define IMAGES_MAX ((uint64_t)1 << 30)
#define DEPTH_MAX 6
#define REST_MAX ((size_t)8 << 20)
#define FILES_MAX 4096

void boot_files_done(struct boot_files *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->v[i].path);
	free(f->v);
	text_done(&f->rest);
	*f = (struct boot_files){0};
}

static struct boot_file_copy *find(const struct boot_files *f, const char *path)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_equal(f->v[i].path, path))
			return &f->v[i];
	return NULL;
}

static struct boot_file_copy *add(struct boot_files *f, const char *path)
{
	struct boot_file_copy *v = f->n < FILES_MAX ? realloc(f->v, (f->n + 1) * sizeof(*v)) : NULL;

	if (!v)
		return NULL;
	f->v = v;
	v[f->n] = (struct boot_file_copy){.n = (unsigned)f->n, .path = strdup(path)};
	return v[f->n].path ? &v[f->n++] : NULL;
}

/* ---- which files ----------------------------------------------------------------------------- */

enum kind { KIND_NONE, KIND_TEXT, KIND_IMAGE };

static bool ends_with(const char *text, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && strncasecmp(text + len - n, end, n) == 0;
}

/* By its name: what the generators of all loaders write, and what they write it to before it gets
 * that name (extlinux.conf.tmp). */
static enum kind kind_of(const char *path)
{
	static const char *const menus[] = {"grub.cfg", "limine.conf", "limine.cfg",
		"extlinux.conf", "syslinux.cfg", "refind_linux.conf", "loader.conf"};
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t dir = slash ? (size_t)(slash - path) : 0;

	for (size_t i = 0; i < sizeof(menus) / sizeof(*menus); i++) {
		size_t n = strlen(menus[i]);
		if (strncasecmp(name, menus[i], n) == 0 && (!name[n] || strchr(".~", name[n])))
			return KIND_TEXT;
	}
	if (ends_with(path, dir, "/loader/entries") && strcasestr(name, ".conf"))
		return KIND_TEXT;
	return ends_with(path, dir, "/EFI/Linux") && strcasestr(name, ".efi") ? KIND_IMAGE
									      : KIND_NONE;
}

/* Called for each file below the directories with boot files. */
typedef int walk_file(void *with, const char *path, const struct stat *st);

static int walk(const struct root *r, const char *dir, unsigned depth, walk_file *call, void *with)
{
	_cleanup_(strings_done) struct strings names = {0};
	_cleanup_(fd_close) int fd = root_fd(r, dir, O_PATH | O_DIRECTORY);
	int rc = 0;

	if (fd < 0)
		return 0;
	if (depth > DEPTH_MAX)
		return -E2BIG;
	if (root_list(r, dir, "", &names) == -ENOMEM)
		return -ENOMEM;
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		_cleanup_(text_done) struct text path = {0};
		struct stat st;
		if (fstatat(fd, names.v[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		text_print(&path, "%s/%s", dir, names.v[i]);
		if (path.failed)
			return -ENOMEM;
		rc = S_ISDIR(st.st_mode) ? walk(r, path.data, depth + 1, call, with)
					 : call(with, path.data, &st);
	}
	return rc;
}

static int walk_all(
	const struct root *r, const struct loaders *l, walk_file *call, void *with, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < l->boots.n && rc == 0; i++)
		rc = walk(r, l->boots.v[i], 0, call, with);
	if (rc == -E2BIG)
		return err_set(err, E2BIG, "there are too many files beside the boot files");
	return rc < 0 ? err_set(err, -rc, "can't look at the boot files: %s", strerror(-rc)) : 0;
}

/* What was not kept: each file with inode, size and times. Two equal texts: none was written. */
struct rest {
	const struct boot_files *files;
	struct text *text;
};

static int rest_add(void *with, const char *path, const struct stat *st)
{
	struct rest *rest = with;

	if (find(rest->files, path))
		return 0;
	text_print(rest->text, "%s %o %llu %lld %lld.%ld %lld.%ld\n", path, st->st_mode,
		(unsigned long long)st->st_ino, (long long)st->st_size,
		(long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec, (long long)st->st_ctim.tv_sec,
		st->st_ctim.tv_nsec);
	return rest->text->failed ? -ENOMEM : rest->text->len > REST_MAX ? -E2BIG : 0;
}

/* True if each line of a is one of b, in the same order. */
static bool is_part(const struct text *a, const struct text *b)
{
	const char *at = a->data, *in = b->data;

	while (at && *at) {
		size_t len = strcspn(at, "\n") + 1;
		while (in && *in && strncmp(at, in, len) != 0) {
			in += strcspn(in, "\n");
			in += *in == '\n';
		}
		if (!in || !*in)
			return false;
		at += len;
		in += len;
	}
	return true;
}

/* True if a file of the rest was written or is gone, or, for `all`, is new; or if that can't be
 * seen. New files do no harm to what was there. */
static bool rest_differs(
	const struct root *r, const struct loaders *l, const struct boot_files *f, bool all)
{
	_cleanup_(text_done) struct text now = {0};
	struct rest rest = {f, &now};

	return walk_all(r, l, rest_add, &rest, NULL) < 0 || !is_part(&f->rest, &now) ||
	       (all && now.len != f->rest.len);
}

/* ---- copies ---------------------------------------------------------------------------------- */

struct keeping {
	const struct root *root;
	int change;    /* -1: nothing is copied */
	uint64_t room; /* for images */
	struct boot_files *files;
	struct strings *notes; /* on those that are too large, or NULL */
};

/* For images, on the file system of an open directory. */
static int room_find(int dir, uint64_t *ret)
{
	struct statvfs fs;

	if (fstatvfs(dir, &fs) < 0)
		return -errno;
	uint64_t half = (uint64_t)fs.f_bavail * fs.f_frsize / 2;
	*ret = half < IMAGES_MAX ? half : IMAGES_MAX;
	return 0;
}

static int too_large(struct keeping *k, const char *path)
{
	_cleanup_(text_done) struct text t = {0};

	if (!k->notes)
		return 0;
	text_print(&t,
		"/%s is too large to be kept: the way back is --undo, which has it generated again",
		path);
	return t.failed ? -ENOMEM : strings_add(k->notes, t.data);
}

static int keep(void *with, const char *path, const struct stat *st)
{
	struct keeping *k = with;
	enum kind kind = kind_of(path);
	char name[32];

	if (kind == KIND_NONE || !S_ISREG(st->st_mode) || find(k->files, path))
		return 0;
	if (kind == KIND_TEXT ? st->st_size > TEXT_FILE_MAX : (uint64_t)st->st_size > k->room)
		return too_large(k, path);
	if (kind == KIND_IMAGE)
		k->room -= (uint64_t)st->st_size;
	_cleanup_(fd_close) int fd = root_fd(k->root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	struct boot_file_copy *c = add(k->files, path);
	if (!c)
		return -ENOMEM;
	if (k->change < 0)
		return 0;
	c->mode = st->st_mode & 0777;
	c->uid = st->st_uid;
	c->gid = st->st_gid;
	(void)snprintf(name, sizeof(name), "%u.boot", c->n);
	(void)unlinkat(k->change, name, 0); /* of a run that ended before it had written the list */
	return file_copy(fd, k->change, name, &c->before);
}

/* Writes the list over the one that is there. */
static int list_write(int change, const struct boot_files *f, struct err *err)
{
	static const char *const how[] = {[BOOT_FILE_KEPT] = "kept",
		[BOOT_FILE_CHANGED] = "changed",
		[BOOT_FILE_CREATED] = "created",
		[BOOT_FILE_REMOVED] = "removed"};
	_cleanup_(text_done) struct text t = {0};
	struct txn_place p = {.dir = change, .name = (char[]){LIST}, .path = (char[]){LIST}};

	text_print(&t, "version 1\n%s", f->others ? "others\n" : "");
	for (size_t i = 0; i < f->n; i++) {
		const struct boot_file_copy *c = &f->v[i];
		text_print(&t, "%s %u %o %u %u %016" PRIx64 " %s\n", how[c->how], c->n,
			(unsigned)c->mode, (unsigned)c->uid, (unsigned)c->gid, c->after, c->path);
	}
	if (t.failed)
		return err_set(err, ENOMEM, "out of memory");
	return txn_set(&p, (struct txn_bytes){t.data, t.len}, 0600, LIST_MAX, err);
}

static int line_read(char *line, struct boot_files *f)
{
	static const char *const how[] = {[BOOT_FILE_KEPT] = "kept ",
		[BOOT_FILE_CHANGED] = "changed ",
		[BOOT_FILE_CREATED] = "created ",
		[BOOT_FILE_REMOVED] = "removed "};
	unsigned n, mode, uid, gid;
	uint64_t after;
	int path = 0;

	if (str_equal(line, "others")) {
		f->others = true;
		return 0;
	}
	if (!line[0] || str_equal(line, "version 1"))
		return 0;
	for (size_t i = 0; i < sizeof(how) / sizeof(*how); i++) {
		if (!str_starts(line, how[i]))
			continue;
		/* A stranger's disk: no bit that gives rights away, and root is the owner.
		 */
		if (sscanf(line + strlen(how[i]), "%u %o %u %u %" SCNx64 " %n", &n, &mode, &uid,
			    &gid, &after, &path) < 5 ||
			path == 0 || mode > 0777)
			return -EBADMSG;
		struct boot_file_copy *c = add(f, line + strlen(how[i]) + path);
		if (!c)
			return -ENOMEM;
		c->how = (enum boot_file_how)i;
		c->n = n;
		c->mode = mode & ~(mode_t)022;
		c->uid = geteuid();
		c->gid = getegid();
		c->after = after;
		return 0;
	}
	return -EBADMSG;
}

static int list_read(int change, struct boot_files *f)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len;
	int rc = journal_stored_read(change, LIST, LIST_MAX, &text, &len);
	char *rest = text;

	for (char *line; rc == 0 && (line = strsep(&rest, "\n"));)
		rc = line_read(line, f);
	return rc;
}

/* The copies of an earlier run, which ended before the generator did. -ENOENT: there are none. */
static int resume(int change, struct boot_files *f)
{
	int rc = list_read(change, f);

	f->resumed = true;
	for (size_t i = 0; i < f->n && rc == 0; i++) {
		char name[32];
		(void)snprintf(name, sizeof(name), "%u.boot", f->v[i].n);
		_cleanup_(fd_close) int fd = journal_stored_open(change, name, S_IFREG);
		rc = fd < 0 ? fd : file_hash(fd, &f->v[i].before);
	}
	return rc;
}

int boot_files_unkept(
	const struct root *r, const struct loaders *l, struct strings *ret, struct err *err)
{
	/* The journal is made with the first change. */
	static const char *const places[] = {JOURNAL_DIR, "var/lib", "var", "."};
	_cleanup_(boot_files_done) struct boot_files f = {0};
	struct keeping k = {.root = r, .change = -1, .files = &f, .notes = ret};
	int rc = -ENOENT;

	for (size_t i = 0; i < sizeof(places) / sizeof(*places) && rc < 0; i++) {
		_cleanup_(fd_close) int fd = root_fd(r, places[i], O_PATH | O_DIRECTORY);
		rc = fd < 0 ? fd : room_find(fd, &k.room);
	}
	if (rc < 0)
		return err_set(err, -rc, "/%s: %s", JOURNAL_DIR, strerror(-rc));
	return walk_all(r, l, keep, &k, err);
}

int boot_files_keep(const struct root *r, const struct loaders *l, int change,
	struct boot_files *ret, struct err *err)
{
	_cleanup_(boot_files_done) struct boot_files f = {0};
	struct keeping k = {.root = r, .change = change, .files = &f};
	struct rest rest = {&f, &f.rest};

	int rc = room_find(change, &k.room);
	if (rc < 0)
		return err_set(err, -rc, "/%s: %s", JOURNAL_DIR, strerror(-rc));
	rc = resume(change, &f);
	if (rc < 0 && rc != -ENOENT)
		return err_set(err, -rc, "/%s: the copies of the boot files can't be read: %s",
			JOURNAL_DIR, strerror(-rc));
	if (rc == -ENOENT) {
		f.resumed = false;
		rc = walk_all(r, l, keep, &k, err);
		if (rc == 0)
			rc = walk_all(r, l, rest_add, &rest, err);
		if (rc == 0)
			rc = list_write(change, &f, err);
	}
	if (rc < 0)
		return rc;
	*ret = f;
	f = (struct boot_files){0};
	return 0;
}

/* The hash of a file; 0 and *ret_there false: there is none. */
static int hash_now(const struct root *r, const char *path, bool *ret_there, uint64_t *ret)
{
	_cleanup_(fd_close) int fd = root_fd(r, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);

	*ret_there = fd >= 0;
	*ret = 0;
	return fd < 0 ? (fd == -ENOENT || fd == -ENOTDIR ? 0 : fd) : file_hash(fd, ret);
}

/* ---- the generator has ended ----------------------------------------------------------------- */

static bool in_rest(const struct boot_files *f, const char *path)
{
	size_t len = strlen(path);

	for (const char *line = f->rest.data; line && *line;) {
		if (strncmp(line, path, len) == 0 && line[len] == ' ')
			return true;
		line = strchr(line, '\n');
		line += line != NULL;
	}
	return false;
}

static int created_add(void *with, const char *path, const struct stat *st)
{
	struct boot_files *f = with;

	if (kind_of(path) == KIND_NONE || !S_ISREG(st->st_mode) || find(f, path) ||
		in_rest(f, path))
		return 0;
	struct boot_file_copy *c = add(f, path);
	if (!c)
		return -ENOMEM;
	c->how = BOOT_FILE_CREATED;
	return 0;
}

/* Fills how and after of each; `all`: new files that are none of these count as others. */
static int compare(const struct root *r, const struct loaders *l, struct boot_files *f, bool all,
	struct err *err)
{
	int rc = f->resumed ? 0 : walk_all(r, l, created_add, f, err);

	f->others |= f->resumed || rest_differs(r, l, f, all);
	for (size_t i = 0; i < f->n && rc == 0; i++) {
		struct boot_file_copy *c = &f->v[i];
		bool there;
		rc = hash_now(r, c->path, &there, &c->after);
		if (rc < 0)
			return err_set(err, -rc, "/%s: can't be read: %s", c->path, strerror(-rc));
		if (c->how != BOOT_FILE_CREATED)
			c->how = !there                  ? BOOT_FILE_REMOVED
				 : c->after != c->before ? BOOT_FILE_CHANGED
							 : BOOT_FILE_KEPT;
	}
	return rc;
}

/* What is as it was needs no copy. */
static void kept_drop(int change, struct boot_files *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		char name[32];
		(void)snprintf(name, sizeof(name), "%u.boot", f->v[i].n);
		if (f->v[i].how == BOOT_FILE_KEPT || f->v[i].how == BOOT_FILE_CREATED)
			(void)unlinkat(change, name, 0);
		if (f->v[i].how != BOOT_FILE_KEPT)
			f->v[n++] = f->v[i];
		else
			free(f->v[i].path);
	}
	f->n = n;
}

int boot_files_settle(const struct root *r, const struct loaders *l, int change,
	struct boot_files *f, struct err *err)
{
	/* What owns the entries of a loader may write to partitions that are not mounted. */
	for (size_t i = 0; i < l->found_n; i++)
		f->others |= l->found[i]->owner;
	int rc = compare(r, l, f, true, err);
	if (rc < 0)
		return rc;
	kept_drop(change, f);
	return list_write(change, f, err);
}

/* ---- back ------------------------------------------------------------------------------------ */

static int copy_restore(
	const struct root *r, int change, const struct boot_file_copy *c, struct err *err)
{
	_cleanup_(txn_place_done) struct txn_place p = TXN_NOWHERE;
	char name[32];

	int rc = txn_place_below(r, c->path, &p, err);
	if (rc < 0)
		return rc;
	if (c->how == BOOT_FILE_CREATED) {
		rc = unlinkat(p.dir, p.name, 0) < 0 && errno != ENOENT ? -errno
								       : file_sync_dir(p.dir);
		return rc < 0 ? err_set(err, -rc, "%s: can't remove it: %s", p.path, strerror(-rc))
			      : 0;
	}
	(void)snprintf(name, sizeof(name), "%u.boot", c->n);
	_cleanup_(fd_close) int fd = journal_stored_open(change, name, S_IFREG);
	if (fd < 0)
		return err_set(err, -fd, "%s: its copy can't be read: %s", p.path, strerror(-fd));
	return file_replace_copy(p.dir, p.name, fd, c->mode, c->uid, c->gid, err);
}

int boot_files_restore(const struct root *r, const struct loaders *l, int change,
	struct boot_files *f, struct err *err)
{
	int rc = compare(r, l, f, false, err);

	for (size_t i = f->n; i-- > 0;) {
		int one = f->v[i].how == BOOT_FILE_KEPT ? 0
							: copy_restore(r, change, &f->v[i], err);
		rc = one < 0 ? one : rc;
	}
	return rc;
}

/* True if each file is what the generator left, or what it is to be (a first try ended early). */
static bool is_as_left(const struct root *r, int change, const struct boot_files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct boot_file_copy *c = &f->v[i];
		uint64_t now, old = 0;
		bool there, kept = c->how != BOOT_FILE_CREATED;
		char name[32];
		(void)snprintf(name, sizeof(name), "%u.boot", c->n);
		_cleanup_(fd_close) int fd = kept ? journal_stored_open(change, name, S_IFREG) : -1;
		if (c->how == BOOT_FILE_KEPT || hash_now(r, c->path, &there, &now) < 0 ||
			(kept && (fd < 0 || file_hash(fd, &old) < 0)))
			return false;
		bool left = c->how == BOOT_FILE_REMOVED ? !there : there && now == c->after;
		bool back = kept ? there && now == old : !there;
		if (!left && !back)
			return false;
	}
	return true;
}

/* Removes what an undo that a power loss ended has left beside the files. */
static void leftovers_remove(const struct root *r, const struct boot_files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		_cleanup_(txn_place_done) struct txn_place p = TXN_NOWHERE;
		if (txn_place_below(r, f->v[i].path, &p, NULL) == 0)
			file_tidy(p.dir, p.name);
	}
}

int boot_files_undo(const struct root *r, int change, struct strings *ret, struct err *err)
{
	_cleanup_(boot_files_done) struct boot_files f = {0};

	if (list_read(change, &f) < 0)
		return 0;
	leftovers_remove(r, &f);
	if (f.others || f.n == 0 || !is_as_left(r, change, &f))
		return 0;
	for (size_t i = f.n; i-- > 0;) {
		int rc = copy_restore(r, change, &f.v[i], err);
		if (rc == 0 && strings_add(ret, f.v[i].path) < 0)
			rc = err_set(err, ENOMEM, "out of memory");
		if (rc < 0)
			return rc;
	}
	return 1;
}
