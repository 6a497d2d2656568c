/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are replaced and put back: only what has the bytes that were read, and the last one
 * first. */
#include "shared/txn.h"

#include "base/file.h"
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

static void put(const struct root *r, const char *path, const char *text)
{
	_cleanup_(txn_place_done) struct txn_place p = TXN_NOWHERE;
	struct err err = {0};

	CHECK_INT(txn_place_below(r, path, &p, &err), 0);
	CHECK_INT(txn_set(&p, (struct txn_bytes){text, strlen(text)}, 0644, 64, &err), 0);
}

static const char *content(const struct root *r, const char *name)
{
	static char buf[64];

	return file_read_small(r->fd, name, buf, sizeof(buf)) < 0 ? NULL : buf;
}

static struct txn_file file(const char *path, const char *old, const char *text)
{
	return (struct txn_file){.path = strdup(path),
		.old = old ? strdup(old) : NULL,
		.old_len = old ? strlen(old) : 0,
		.text = strdup(text),
		.len = strlen(text),
		.owner = {.mode = 0640, .uid = geteuid(), .gid = getegid()}};
}

static void all_or_back(const struct root *r)
{
	struct txn_file v[] = {file("a", "1", "2"), file("b", NULL, "3"), file("c", "4", "5")};
	struct err err = {0};
	struct stat st;
	size_t done = 0;

	check_case("what has other bytes is not replaced, and what was written is put back");
	put(r, "a", "1");
	put(r, "c", "not 4");
	CHECK_INT(txn_write(r, v, 3, &done, &err), -EBUSY);
	CHECK_INT(done, 3);
	CHECK_HAS(err.text, "/c: ");
	CHECK_STR(content(r, "a"), "2");
	CHECK_STR(content(r, "b"), "3");
	CHECK(fstatat(r->fd, "b", &st, 0) == 0 && (st.st_mode & 07777) == 0640);
	CHECK_INT(txn_revert(r, v, done, &err), 0);
	CHECK_STR(content(r, "a"), "1");
	CHECK_STR(content(r, "b"), NULL);
	CHECK_STR(content(r, "c"), "not 4");

	check_case("one that can't be put back does not keep the others from it");
	put(r, "c", "4");
	CHECK_INT(txn_write(r, v, 3, &done, &err), 0);
	CHECK(unlinkat(r->fd, "b", 0) == 0 && mkdirat(r->fd, "b", 0700) == 0);
	CHECK(txn_revert(r, v, 3, &err) < 0);
	CHECK_HAS(err.text, "b: ");
	CHECK_STR(content(r, "a"), "1");
	CHECK_STR(content(r, "c"), "4");
	for (size_t i = 0; i < 3; i++)
		txn_file_done(&v[i]);
}

static void dirs_made(const struct root *r)
{
	struct txn_file v[] = {file("x/y/new", NULL, "1"), file("a", "old", "new")};
	struct err err = {0};
	size_t done = 0;

	check_case("directories that are missing are made, and removed with the file");
	put(r, "a", "another");
	CHECK_INT(txn_missing_dir(r, v[0].path, &v[0].made), 0);
	CHECK_STR(v[0].made, "x");
	CHECK_INT(txn_write(r, v, 2, &done, &err), -EBUSY);
	CHECK_STR(content(r, "x/y/new"), "1");
	CHECK_INT(txn_revert(r, v, done, &err), 0);
	CHECK(faccessat(r->fd, "x", F_OK, 0) < 0);

	check_case("where only the outer one is made, or is left, it goes; and where none is");
	CHECK(mkdirat(r->fd, "x", 0755) == 0);
	txn_dirs_remove(r, &v[0]);
	CHECK(faccessat(r->fd, "x", F_OK, 0) < 0);
	txn_dirs_remove(r, &v[0]);

	check_case("but not one with another file, nor one that was there");
	CHECK(mkdirat(r->fd, "x", 0700) == 0);
	str_free(&v[0].made);
	CHECK_INT(txn_missing_dir(r, v[0].path, &v[0].made), 0);
	CHECK_STR(v[0].made, "x/y");
	CHECK_INT(txn_write(r, v, 1, &done, &err), 0);
	CHECK_INT(txn_revert(r, v, 1, &err), 0);
	CHECK(faccessat(r->fd, "x/y", F_OK, 0) < 0 && faccessat(r->fd, "x", F_OK, 0) == 0);
	CHECK_INT(txn_write(r, v, 1, &done, &err), 0);
	put(r, "x/y/other", "2");
	CHECK_INT(txn_revert(r, v, 1, &err), 0);
	CHECK_STR(content(r, "x/y/other"), "2");
	for (size_t i = 0; i < 2; i++)
		txn_file_done(&v[i]);
}

static void copy_beside(const struct root *r)
{
	_cleanup_(txn_place_done) struct txn_place p = TXN_NOWHERE, kept = TXN_NOWHERE;
	const struct txn_owner owner = {.mode = 0644, .uid = geteuid(), .gid = getegid()};
	const struct txn_bytes none = {0}, one = {"1", 1}, two = {"2", 1};
	struct err err = {0};
	char path[256];

	check_case("the copy is renamed over the file; without a copy the file is removed");
	(void)snprintf(path, sizeof(path), "%s/link", r->path);
	put(r, "conf", "1");
	CHECK(symlinkat("conf", r->fd, "link") == 0);
	CHECK_INT(txn_place_host(path, &p, &err), 0);
	CHECK_INT(txn_place_beside(&p, ".old", &kept, &err), 0);
	CHECK_STR(kept.name, "conf.old");
	CHECK_INT(txn_set(&kept, one, 0644, 16, &err), 0);
	CHECK_INT(txn_put(&p, one, two, &owner, &err), 0);
	CHECK_STR(content(r, "conf"), "2");
	CHECK(txn_is_kept(&kept));
	CHECK_INT(txn_restore_kept(&p, &kept, two, &err), 0);
	CHECK_STR(content(r, "conf"), "1");
	CHECK(!txn_is_kept(&kept));
	CHECK_INT(txn_restore_kept(&p, &kept, two, &err), -EBUSY);
	CHECK_STR(content(r, "conf"), "1");
	CHECK_INT(txn_restore_kept(&p, &kept, one, &err), 0);
	CHECK_STR(content(r, "conf"), NULL);

	check_case("a file of ours is set to anything, and to nothing");
	CHECK_INT(txn_set(&p, two, 0644, 16, &err), 0);
	CHECK_STR(content(r, "conf"), "2");
	CHECK_INT(txn_set(&p, none, 0644, 16, &err), 0);
	CHECK_STR(content(r, "conf"), NULL);
	CHECK_INT(txn_set(&p, none, 0644, 16, &err), 0);
}

static int entry_remove(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

int main(void)
{
	char path[] = "/tmp/txn-XXXXXX";
	struct root r = {.fd = -1};
	struct err err = {""};

	check_case("a directory of our own");
	CHECK(mkdtemp(path));
	CHECK_INT(root_open(&r, path, &err), 0);
	all_or_back(&r);
	dirs_made(&r);
	copy_beside(&r);
	root_done(&r);
	(void)nftw(path, entry_remove, 8, FTW_DEPTH | FTW_PHYS);
	return check_done();
}
