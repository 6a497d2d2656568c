/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are replaced as a whole, on a file system that keeps owners and attributes; FAT has
 * tests/bootcfg/vfat. */
#include "base/replace.h"

#include "base/file.h"
#include "base/str.h"
#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* More than one: each is copied. */
#define XATTRS 3
static const char *const xattrs[XATTRS] = {
	"user.vfio-bind-a", "user.vfio-bind-b", "user.vfio-bind-c"};

static char top[] = "/tmp/vfio-bind-replace-XXXXXX";
static int dir = -1;

static void put(const char *name, const char *text, mode_t mode)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) ||
		fchmod(fd, mode) < 0)
		abort();
	(void)close(fd);
}

static void check_text(const char *name, const char *text)
{
	char buf[64];

	CHECK_INT(file_read_small(dir, name, buf, sizeof(buf)), (long long)strlen(text));
	CHECK_STR(buf, text);
}

/* How many files there are beside those of the test's own. */
static unsigned count_files(void)
{
	unsigned n = 0;
	DIR *d = opendir(top);

	if (!d)
		abort();
	for (struct dirent *e; (e = readdir(d));)
		n += !str_equal(e->d_name, ".") && !str_equal(e->d_name, "..");
	(void)closedir(d);
	return n;
}

/* Replaces what holds `old` (NULL: nothing is there) with stale words around: an errno and a text
 * that are somebody else's. */
static int replace(const char *name, const char *old, const char *text, struct err *err)
{
	const struct replacement to = {.data = text,
		.len = strlen(text),
		.old = old,
		.old_len = old ? strlen(old) : 0,
		.mode = 0640,
		.uid = geteuid(),
		.gid = getegid()};

	err->text[0] = '\0';
	errno = EIO;
	return file_replace(dir, name, &to, err);
}

static void test_new(void)
{
	struct err err = {""};
	struct stat st;

	check_case("a file that is not there: its bytes, its mode, nothing else");
	CHECK_INT(replace("new", NULL, "one", &err), 0);
	CHECK_STR(err.text, "");
	check_text("new", "one");
	CHECK_INT(fstatat(dir, "new", &st, 0), 0);
	CHECK_INT(st.st_mode & 07777, 0640);
	CHECK_INT(count_files(), 1);

	check_case("one that has come meanwhile stays");
	CHECK_INT(replace("new", NULL, "two", &err), -EBUSY);
	CHECK_HAS(err.text, "new: ");
	check_text("new", "one");
	CHECK_INT(count_files(), 1);

	check_case("an empty one");
	CHECK_INT(replace("empty", NULL, "", &err), 0);
	check_text("empty", "");
	CHECK_INT(unlinkat(dir, "empty", 0), 0);
}

static void test_old(void)
{
	struct err err = {""};
	struct stat before, after;
	char value[16] = "";

	check_case("one that is there keeps its mode, owner and extended attributes");
	put("old", "before", 0604);
	bool has_xattrs = true;
	int fd = openat(dir, "old", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		abort();
	for (size_t i = 0; i < XATTRS; i++)
		if (fsetxattr(fd, xattrs[i], "kept", 4, 0) < 0)
			has_xattrs = errno != ENOTSUP;
	if (geteuid() == 0 && fchown(fd, 65534, 65533) < 0)
		abort();
	CHECK_INT(fstat(fd, &before), 0);
	CHECK_INT(replace("old", "before", "after", &err), 0);
	CHECK_STR(err.text, "");
	check_text("old", "after");
	CHECK_INT(fstatat(dir, "old", &after, 0), 0);
	CHECK(before.st_ino != after.st_ino);
	CHECK_INT(after.st_mode & 07777, 0604);
	CHECK_INT(after.st_uid, before.st_uid);
	CHECK_INT(after.st_gid, before.st_gid);
	(void)close(fd);
	if (has_xattrs) {
		fd = openat(dir, "old", O_RDONLY | O_CLOEXEC);
		for (size_t i = 0; i < XATTRS; i++) {
			CHECK_INT(fgetxattr(fd, xattrs[i], value, sizeof(value)), 4);
			CHECK_STR(value, "kept");
		}
		(void)close(fd);
	}

	check_case("one that somebody else has changed is left as it is");
	CHECK_INT(replace("old", "before", "lost", &err), -EBUSY);
	CHECK_HAS(err.text, "old: ");
	check_text("old", "after");
	CHECK_INT(count_files(), 2);

	check_case("one that is gone is told");
	CHECK_INT(replace("missing", "before", "x", &err), -ENOENT);
	CHECK_HAS(err.text, "missing: can't open it");
	CHECK_INT(count_files(), 2);
}

static void test_left(void)
{
	struct err err = {""};

	check_case("what a power loss left beside it is in nobody's way");
	put(".old.vfio-new", "half", 0600);
	CHECK_INT(count_files(), 3);
	CHECK_INT(replace("old", "after", "third", &err), 0);
	check_text("old", "third");
	CHECK_INT(count_files(), 2);

	check_case("file_tidy removes it, and a copy of the old one");
	put(".old.vfio-new", "half", 0600);
	put(".old.vfio-old", "good", 0600);
	CHECK_INT(count_files(), 4);
	file_tidy(dir, "old");
	CHECK_INT(count_files(), 2);
}

static void test_path(void)
{
	struct err err = {""};
	char path[128];
	struct stat st;

	check_case("file_replace_path: a new file, with its mode");
	(void)snprintf(path, sizeof(path), "%s/by-path", top);
	CHECK_INT(file_replace_path(path, "a", 1, 0600, &err), 0);
	check_text("by-path", "a");
	CHECK_INT(fstatat(dir, "by-path", &st, 0), 0);
	CHECK_INT(st.st_mode & 07777, 0600);

	check_case("file_replace_path: what a link leads to; the link stays");
	if (symlinkat("by-path", dir, "link") < 0)
		abort();
	(void)snprintf(path, sizeof(path), "%s/link", top);
	CHECK_INT(file_replace_path(path, "bb", 2, 0600, &err), 0);
	check_text("by-path", "bb");
	CHECK_INT(fstatat(dir, "link", &st, AT_SYMLINK_NOFOLLOW), 0);
	CHECK(S_ISLNK(st.st_mode));

	check_case("file_replace_path: no directory, and no file");
	(void)snprintf(path, sizeof(path), "%s/missing/x", top);
	CHECK_INT(file_replace_path(path, "c", 1, 0600, &err), -ENOENT);
	CHECK_HAS(err.text, "/missing");
	CHECK(file_replace_path(top, "c", 1, 0600, &err) < 0);
	if (unlinkat(dir, "link", 0) < 0)
		abort();
}

static void test_moved(void)
{
	struct err err = {""};

	check_case("file_rename: there under the other name, or told why not");
	CHECK_INT(file_rename(dir, "by-path", "moved"), 0);
	check_text("moved", "bb");
	CHECK_INT(faccessat(dir, "by-path", F_OK, 0), -1);
	CHECK_INT(file_rename(dir, "by-path", "moved"), -ENOENT);

	check_case("file_remove: only what holds these bytes");
	CHECK_INT(file_remove(dir, "moved", "bc", 2, &err), -EBUSY);
	CHECK_HAS(err.text, "moved: ");
	check_text("moved", "bb");
	err.text[0] = '\0';
	CHECK_INT(file_remove(dir, "moved", "bb", 2, &err), 0);
	CHECK_STR(err.text, "");
	CHECK_INT(faccessat(dir, "moved", F_OK, 0), -1);
	CHECK_INT(file_remove(dir, "moved", "bb", 2, &err), -ENOENT);
	CHECK_HAS(err.text, "moved: can't remove it");
}

/* A write that can't be finished, here for a limit on the size of files. */
static void test_no_space(void)
{
	struct rlimit limit, small;
	struct err err = {""};

	check_case("a write that does not end well: told, the old file as it was, nothing left");
	if (getrlimit(RLIMIT_FSIZE, &limit) < 0 || signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		abort();
	small = limit;
	small.rlim_cur = 4;
	if (setrlimit(RLIMIT_FSIZE, &small) < 0)
		abort();
	int r = replace("old", "third", "longer than that", &err);
	if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
		abort();
	CHECK_INT(r, -EFBIG);
	CHECK_HAS(err.text, "old: can't write it");
	check_text("old", "third");
	CHECK_INT(count_files(), 2);
}

int main(void)
{
	if (!mkdtemp(top) || (dir = open(top, O_DIRECTORY | O_RDONLY | O_CLOEXEC)) < 0)
		abort();
	(void)umask(022);
	test_new();
	test_old();
	test_left();
	test_path();
	test_moved();
	test_no_space();
	(void)unlinkat(dir, "new", 0);
	(void)unlinkat(dir, "old", 0);
	(void)close(dir);
	if (rmdir(top) < 0)
		(void)fprintf(stderr, "%s: not empty\n", top);
	return check_done();
}
