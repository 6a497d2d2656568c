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
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/* More than one: each is copied. */
#define XATTRS 3
static const char *const xattrs[XATTRS] = {
	"user.vfio-bind-a", "user.vfio-bind-b", "user.vfio-bind-c"};

static char top[] = "/tmp/vfio-bind-replace-XXXXXX";
static int dir = -1;

/* ---- the file system --------------------------------------------------------------------------
 */

/* What its calls answer: 0 for what the real one says, or an errno. */
static struct fake {
	bool fat;
	int chown, chmod, list, get, set;
	int sync_dir, sync_file; /* fsync of a directory, and of a file */
	unsigned synced;         /* calls of syncfs */
	unsigned interrupted;    /* how many writes */
	bool corrupts;           /* what is written is not what is read */
	const char *spoils;      /* a file that holds other bytes once its directory is flushed */
	bool good;               /* the copy of the old file was there at the renaming */
	/* What a power loss leaves: the names in the directory, and the files as they were, at the
	 * last flush of each. */
	char names[256];
	struct stat files[8];
	size_t n_files;
} fake;

int __wrap_fstatfs(int fd, struct statfs *st);
int __real_fstatfs(int fd, struct statfs *st);
int __wrap_fchown(int fd, uid_t uid, gid_t gid);
int __real_fchown(int fd, uid_t uid, gid_t gid);
int __wrap_fchmod(int fd, mode_t mode);
int __real_fchmod(int fd, mode_t mode);
ssize_t __wrap_flistxattr(int fd, char *list, size_t size);
ssize_t __real_flistxattr(int fd, char *list, size_t size);
ssize_t __wrap_fgetxattr(int fd, const char *name, void *value, size_t size);
ssize_t __real_fgetxattr(int fd, const char *name, void *value, size_t size);
int __wrap_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags);
int __real_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags);
int __wrap_fsync(int fd);
int __real_fsync(int fd);
int __wrap_syncfs(int fd);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);

ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __real_write(int fd, const void *data, size_t size);

static int failed(int code)
{
	errno = code;
	return -1;
}

int __wrap_fstatfs(int fd, struct statfs *st)
{
	int r = __real_fstatfs(fd, st);

	if (r == 0 && fake.fat)
		st->f_type = MSDOS_SUPER_MAGIC;
	return r;
}

int __wrap_fchown(int fd, uid_t uid, gid_t gid)
{
	return fake.chown ? failed(fake.chown) : __real_fchown(fd, uid, gid);
}

int __wrap_fchmod(int fd, mode_t mode)
{
	return fake.chmod ? failed(fake.chmod) : __real_fchmod(fd, mode);
}

ssize_t __wrap_flistxattr(int fd, char *list, size_t size)
{
	return fake.list ? failed(fake.list) : __real_flistxattr(fd, list, size);
}

ssize_t __wrap_fgetxattr(int fd, const char *name, void *value, size_t size)
{
	return fake.get ? failed(fake.get) : __real_fgetxattr(fd, name, value, size);
}

int __wrap_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
	return fake.set ? failed(fake.set) : __real_fsetxattr(fd, name, value, size, flags);
}

/* Each has a blank on both sides. */
static void names_read(char *names, size_t size)
{
	DIR *d = opendir(top);

	if (!d)
		abort();
	(void)snprintf(names, size, " ");
	for (struct dirent *e; (e = readdir(d));)
		(void)snprintf(names + strlen(names), size - strlen(names), "%s ", e->d_name);
	(void)closedir(d);
}

static void flushed(const struct stat *st)
{
	struct stat here;
	int fd;

	if (!S_ISDIR(st->st_mode)) {
		if (fake.n_files == sizeof(fake.files) / sizeof(*fake.files))
			abort();
		fake.files[fake.n_files++] = *st;
	} else if (fstat(dir, &here) == 0 && here.st_ino == st->st_ino) {
		names_read(fake.names, sizeof(fake.names));
	}
	if (!S_ISDIR(st->st_mode) || !fake.spoils)
		return;
	if ((fd = openat(dir, fake.spoils, O_WRONLY | O_CLOEXEC)) < 0 ||
		__real_write(fd, "?", 1) != 1)
		abort();
	(void)close(fd);
}

int __wrap_fsync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	int code = S_ISDIR(st.st_mode) ? fake.sync_dir : fake.sync_file;
	if (code)
		return failed(code);
	int r = __real_fsync(fd);
	flushed(&st);
	return r;
}

int __wrap_syncfs(int fd)
{
	(void)fd;
	fake.synced++;
	return 0;
}

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
	if (fake.interrupted > 0) {
		fake.interrupted--;
		return failed(EINTR);
	}
	if (fake.corrupts)
		return __real_write(fd, "?", 1);
	return __real_write(fd, data, size);
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	struct stat st;

	fake.good |= fstatat(from_dir, ".old.vfio-old", &st, 0) == 0 && st.st_size == 5 &&
		     (st.st_mode & 07777) == 0600;
	return __real_renameat(from_dir, from, to_dir, to);
}

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

/* The old file is "third"; on FAT nothing is refused for owners and attributes. */
static void test_fat(void)
{
	static const struct {
		struct fake fake;
		int r;
	} rows[] = {
		{{.fat = true}, 0},
		{{.fat = true, .chown = EPERM}, 0},
		{{.fat = true, .chown = ENOTSUP}, 0},
		{{.fat = true, .chown = EIO}, -EIO},
		{{.fat = true, .chmod = EPERM}, 0},
		{{.fat = true, .chmod = EIO}, -EIO},
		{{.chown = EPERM}, -EPERM},
		{{.chmod = ENOTSUP}, -ENOTSUP},
		{{.chmod = EIO}, -EIO},
		{{.list = ENOTSUP}, 0},
		{{.list = EIO}, -EIO},
		{{.sync_file = EIO}, -EIO},
		{{.sync_dir = EINVAL}, 0},
		{{.sync_dir = EIO}, -EIO},
		{{.interrupted = 3}, 0},
		{{.corrupts = true}, -EBUSY},
	};
	struct err err = {""};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_case("file system %zu: an old file", i);
		fake = (struct fake){0};
		put("old", "third", 0604);
		if (rows[i].fake.fat) /* left by a power loss */
			put(".old.vfio-old", "x", 0644);
		fake = rows[i].fake;
		CHECK_INT(replace("old", "third", "fourth", &err), rows[i].r);
		CHECK_INT(fake.synced, fake.fat);
		CHECK_INT(faccessat(dir, ".old.vfio-old", F_OK, 0), -1);
		CHECK_INT(fake.good, fake.fat && rows[i].r == 0);
		if (rows[i].r < 0)
			CHECK_HAS(err.text, rows[i].r == -EBUSY ? "old: changed by another program"
								: "old: can't write it: ");
		check_text("old", rows[i].r < 0 && !fake.sync_dir ? "third" : "fourth");
		CHECK_INT(count_files(), 2);

		check_case("file system %zu: a new file", i);
		fake = rows[i].fake;
		int r = fake.list ? 0 : rows[i].r; /* a new one has no attributes to be copied */
		CHECK_INT(replace("next", NULL, "fifth", &err), r);
		CHECK_INT(fake.synced, 0);
		CHECK(!fake.good);
		(void)unlinkat(dir, "next", 0);
		CHECK_INT(count_files(), 2);
	}
	fake = (struct fake){0};
	put("old", "third", 0600);
}

static bool set_attribute(void)
{
	int fd = openat(dir, "old", O_RDWR | O_CLOEXEC);
	bool done = fd >= 0 && fsetxattr(fd, xattrs[0], "", 0, 0) == 0;

	(void)close(fd);
	return done;
}

static void test_attributes(void)
{
	static const struct {
		struct fake fake;
		int r;
	} rows[] = {
		{{.get = ENODATA}, 0},
		{{.get = EIO}, -EIO},
		{{.fat = true, .get = EPERM}, 0},
		{{.get = EPERM}, -EPERM},
		{{.set = EIO}, -EIO},
		{{.set = ENOTSUP}, -ENOTSUP},
		{{.fat = true, .set = ENOTSUP}, 0},
		{{.fat = true, .set = ENOSPC}, -ENOSPC},
	};
	struct err err = {""};
	char value[16];

	check_case("an attribute without a value is copied, too");
	if (!set_attribute()) {
		CHECK_SKIP("no extended attributes here");
		return;
	}
	CHECK_INT(replace("old", "third", "fourth", &err), 0);
	int fd = openat(dir, "old", O_RDONLY | O_CLOEXEC);
	CHECK_INT(fgetxattr(fd, xattrs[0], value, sizeof(value)), 0);
	(void)close(fd);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_case("attributes %zu: one that can't be read, or written", i);
		put("old", "third", 0600);
		CHECK(set_attribute());
		fake = rows[i].fake;
		CHECK_INT(replace("old", "third", "fourth", &err), rows[i].r);
		fake = (struct fake){0};
		check_text("old", rows[i].r < 0 ? "third" : "fourth");
	}
	put("old", "third", 0600);
}

/* A program that is started without standard input gets its number for the first file it opens. */
static void test_no_input(void)
{
	struct err err = {""};
	char path[128];

	check_case("without standard input: replaced, renamed and removed all the same");
	int input = dup(STDIN_FILENO);
	(void)close(STDIN_FILENO);
	(void)snprintf(path, sizeof(path), "%s/other", top);
	int r = replace("old", "third", "fourth", &err);
	int by_path = file_replace_path(path, "a", 1, 0600, &err);
	int renamed = file_rename(dir, "other", "another");
	int removed = file_remove(dir, "another", "a", 1, &err);
	(void)dup2(input, STDIN_FILENO);
	(void)close(input);
	CHECK_INT(r, 0);
	CHECK_INT(by_path, 0);
	CHECK_INT(renamed, 0);
	CHECK_INT(removed, 0);
	CHECK_STR(err.text, "");
	check_text("old", "fourth");
	CHECK_INT(count_files(), 2);
	put("old", "third", 0600);

	check_case("renamed and removed where the directory can't be flushed");
	put("other", "a", 0600);
	fake.sync_dir = EIO;
	CHECK_INT(file_rename(dir, "other", "another"), -EIO);
	CHECK_INT(file_remove(dir, "another", "a", 1, &err), -EIO);
	CHECK_HAS(err.text, "another: can't remove it: Input/output error");
	put("other", "a", 0600);
	fake.sync_dir = EINVAL;
	CHECK_INT(file_remove(dir, "other", "a", 1, &err), 0);
	fake.sync_dir = 0;
	CHECK_INT(count_files(), 2);
}

static void test_copy(void)
{
	struct err err = {""};
	struct stat st;
	uint64_t hash = 0, again = 0;

	check_case("a file is replaced by the bytes of another, with the mode that is told");
	fake = (struct fake){0};
	put("from", "the bytes", 0600);
	put("to", "others", 0600);
	int from = openat(dir, "from", O_RDONLY | O_CLOEXEC);
	CHECK(from >= 0);
	CHECK_INT(file_replace_copy(dir, "to", from, 0640, geteuid(), getegid(), &err), 0);
	check_text("to", "the bytes");
	CHECK(fstatat(dir, "to", &st, 0) == 0 && (st.st_mode & 07777) == 0640);
	CHECK_INT(file_copy(from, dir, "copy", &hash), 0);
	check_text("copy", "the bytes");
	CHECK_INT(file_hash(from, &again), 0);
	CHECK(hash == again && hash == str_hash("the bytes", 9));
	CHECK_INT(file_copy(from, dir, "copy", &hash), -EEXIST);

	check_case(
		"what a power loss left of such a replacement is removed, and the directory flushed");
	put(".to.vfio-new", "left", 0600);
	put("to", "others", 0600);
	CHECK_INT(file_replace_copy(dir, "to", from, 0640, geteuid(), getegid(), &err), 0);
	check_text("to", "the bytes");
	CHECK_INT(file_sync_dir(dir), 0);

	check_case(
		"the file system of a directory is flushed, of one that is opened by O_PATH, too");
	int path = openat(dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(file_sync_all(path), 0);
	CHECK_INT(fake.synced, 1);
	CHECK_INT(file_sync_all(-1), -EBADF);
	(void)close(path);

	check_case(
		"what can't be written, flushed or read back leaves the old file and nothing else");
	put("to", "others", 0600);
	unsigned files = count_files();
	fake.sync_file = EIO;
	CHECK_INT(file_replace_copy(dir, "to", from, 0640, geteuid(), getegid(), &err), -EIO);
	CHECK_HAS(err.text, "to: can't write it: Input/output error");
	fake = (struct fake){.corrupts = true};
	CHECK_INT(file_replace_copy(dir, "to", from, 0640, geteuid(), getegid(), &err), -EIO);
	fake = (struct fake){0};
	check_text("to", "others");
	CHECK_INT(count_files(), files);
	(void)close(from);
	(void)unlinkat(dir, "from", 0);
	(void)unlinkat(dir, "to", 0);
	(void)unlinkat(dir, "copy", 0);
}

/* The name is on the disk, with the bytes, the mode and the owner that the file has. */
static bool is_durable(const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		abort();
	for (size_t i = 0; i < fake.n_files; i++) {
		const struct stat *on_disk = &fake.files[i];
		if (on_disk->st_ino == st.st_ino && on_disk->st_size == st.st_size &&
			on_disk->st_mode == st.st_mode && on_disk->st_uid == st.st_uid)
			return true;
	}
	return false;
}

static bool is_named(const char *name)
{
	char word[64];

	(void)snprintf(word, sizeof(word), " %s ", name);
	return strstr(fake.names, word) != NULL;
}

static void test_power_loss(void)
{
	struct err err = {""};

	check_case("a power loss leaves a new file: its bytes and its name");
	fake = (struct fake){0};
	CHECK_INT(replace("one", NULL, "first", &err), 0);
	CHECK(is_durable("one"));
	CHECK(is_named("one"));

	check_case("a power loss leaves the new one of a file that is replaced");
	fake = (struct fake){0};
	CHECK_INT(replace("one", "first", "the second", &err), 0);
	CHECK(is_durable("one"));
	CHECK(is_named("one"));
	CHECK(!is_named(".one.vfio-new"));

	check_case("a power loss leaves a file under the name that it was given");
	fake = (struct fake){0};
	CHECK_INT(file_rename(dir, "one", "two"), 0);
	CHECK(is_named("two"));
	CHECK(!is_named("one"));

	check_case("a power loss leaves the bytes of a copy, with the mode and the name");
	fake = (struct fake){0};
	int from = openat(dir, "two", O_RDONLY | O_CLOEXEC);
	CHECK_INT(file_replace_copy(dir, "three", from, 0604, geteuid(), getegid(), &err), 0);
	(void)close(from);
	CHECK(is_durable("three"));
	CHECK(is_named("three"));

	check_case("a power loss does not bring back what is removed");
	fake = (struct fake){0};
	CHECK_INT(file_remove(dir, "two", "the second", 10, &err), 0);
	CHECK_INT(file_remove(dir, "three", "the second", 10, &err), 0);
	CHECK(is_named("."));
	CHECK(!is_named("two"));
	CHECK(!is_named("three"));

	check_case("a power loss leaves what another program made in a directory that is flushed");
	fake = (struct fake){0};
	put("four", "", 0600);
	CHECK_INT(file_sync_dir(dir), 0);
	CHECK(is_named("four"));
	(void)unlinkat(dir, "four", 0);
}

static void test_make_dir(void)
{
	struct stat st;

	check_case("a power loss leaves a directory that is made");
	fake = (struct fake){0};
	CHECK_INT(file_make_dir(dir, "made"), 0);
	CHECK(is_named("made"));
	CHECK(fstatat(dir, "made", &st, 0) == 0 && (st.st_mode & 07777) == 0755);

	check_case("one that was there, perhaps not yet on the disk");
	fake = (struct fake){0};
	CHECK_INT(file_make_dir(dir, "made"), 0);
	CHECK(is_named("made"));

	check_case("one that can't be flushed, by a file system that does and one that does not");
	fake = (struct fake){.sync_dir = EIO};
	CHECK_INT(file_make_dir(dir, "made"), -EIO);
	fake = (struct fake){.sync_dir = EINVAL};
	CHECK_INT(file_make_dir(dir, "made"), 0);

	check_case("one that can't be made, or whose directory is gone");
	fake = (struct fake){0};
	CHECK_INT(file_make_dir(dir, "missing/made"), -ENOENT);
	CHECK_INT(file_make_dir(-1, "made"), -EBADF);
	CHECK_INT(unlinkat(dir, "made", AT_REMOVEDIR), 0);
}

/* Right when it is renamed, and other bytes right after: of another program, or of a bad disk. */
static void test_read_back(void)
{
	struct err err = {""};

	check_case("what is there once it has its name is read back: a new file");
	fake = (struct fake){.spoils = "one"};
	CHECK_INT(replace("one", NULL, "first", &err), -EBUSY);
	CHECK_HAS(err.text, "one: changed by another program meanwhile");

	check_case("what is there once it has its name is read back: an old file");
	put("one", "first", 0600);
	CHECK_INT(replace("one", "first", "second", &err), -EBUSY);
	CHECK_HAS(err.text, "one: changed by another program meanwhile");
	CHECK(!is_named(".one.vfio-old"));

	check_case("on FAT the copy of the old one stays then, until the next one");
	put("one", "first", 0600);
	fake.fat = true;
	CHECK_INT(replace("one", "first", "second", &err), -EBUSY);
	CHECK_HAS(err.text, "one: what was written can't be read back");
	CHECK_HAS(err.text, ".one.vfio-old");
	check_text(".one.vfio-old", "first");
	CHECK_INT(faccessat(dir, ".one.vfio-new", F_OK, 0), -1);
	put("one", "first", 0600);
	fake.spoils = NULL;
	CHECK_INT(replace("one", "first", "second", &err), 0);
	CHECK_STR(err.text, "");
	CHECK(is_named(".one.vfio-old")); /* until it has been read back */
	CHECK_INT(faccessat(dir, ".one.vfio-old", F_OK, 0), -1);
	fake = (struct fake){0};
	(void)unlinkat(dir, "one", 0);
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
	test_fat();
	test_attributes();
	test_no_input();
	test_no_space();
	test_copy();
	test_power_loss();
	test_make_dir();
	test_read_back();
	(void)unlinkat(dir, "new", 0);
	(void)unlinkat(dir, "old", 0);
	(void)close(dir);
	if (rmdir(top) < 0)
		(void)fprintf(stderr, "%s: not empty\n", top);
	return check_done();
}
