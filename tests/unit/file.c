/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/file.h"

#include "base/str.h"
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A directory of our own, removed at the end with what the cases left in it. */
static int dir = -1;
static char dir_path[] = "/tmp/vfio-bind-unit-XXXXXX";
static const char *const names[] = {
	"plain", "empty", "big", "fifo", "sub", "ours", "link", "new", "new.new"};

static void put(const char *name, const char *data, size_t len)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, data, len) != (ssize_t)len || close(fd) < 0)
		abort();
}

static void expect_refused(const char *name, int code, size_t max)
{
	char *data = NULL;
	size_t len = 4711;
	struct err err = {""};

	CHECK_INT(file_read(dir, name, max, &data, &len, &err), -code);
	CHECK(data == NULL);
	CHECK_INT(len, 4711);
	CHECK_HAS(err.text, name);
}

static void test_read(void)
{
	_cleanup_(str_free) char *data = NULL;
	size_t len;
	struct err err;

	check_case("file_read: all bytes, a zero byte behind them");
	put("plain", "a\0b\n", 4);
	CHECK_INT(file_read(dir, "plain", 100, &data, &len, &err), 0);
	CHECK_INT(len, 4);
	CHECK(memcmp(data, "a\0b\n", 5) == 0);
	str_free(&data);

	check_case("file_read: an empty file");
	put("empty", "", 0);
	CHECK_INT(file_read(dir, "empty", 100, &data, &len, &err), 0);
	CHECK_INT(len, 0);
	CHECK_STR(data, "");
	str_free(&data);

	check_case("file_read: exactly the limit, and one byte more");
	char big[8193];
	memset(big, 'x', sizeof(big));
	put("big", big, 8192);
	CHECK_INT(file_read(dir, "big", 8192, &data, &len, &err), 0);
	CHECK_INT(len, 8192);
	str_free(&data);
	expect_refused("big", EFBIG, 8191);

	check_case("file_read: a file of /proc, whose size is said to be 0");
	CHECK_INT(file_read(AT_FDCWD, "/proc/self/maps", 1 << 20, &data, &len, &err), 0);
	CHECK(len > 100);
	str_free(&data);
	CHECK_INT(file_read(AT_FDCWD, "/proc/self/maps", 50, &data, &len, &err), -EFBIG);
	CHECK(data == NULL);
}

static void test_read_refused(void)
{
	check_case("file_read: what is not there");
	expect_refused("missing", ENOENT, 100);

	check_case("file_read: a directory");
	if (mkdirat(dir, "sub", 0755) < 0)
		abort();
	expect_refused("sub", EISDIR, 100);

	check_case("file_read: a FIFO is refused and not waited for");
	if (mkfifoat(dir, "fifo", 0644) < 0)
		abort();
	(void)alarm(10);
	expect_refused("fifo", EINVAL, 100);
	(void)alarm(0);

	check_case("file_read: a dangling link");
	if (symlinkat("nowhere", dir, "link") < 0)
		abort();
	expect_refused("link", ENOENT, 100);
}

/* read with the given mode, as file_read_trusted has it; then through a link, where the file
 * counts. */
static int read_trusted(const char *name, mode_t mode, struct err *err)
{
	char *data = NULL;
	size_t len;

	if (fchmodat(dir, name, mode, 0) < 0)
		abort();
	int r = file_read_trusted(dir, name, 100, &data, &len, err);
	free(data);
	return r;
}

static void test_read_trusted(void)
{
	static const mode_t trusted[] = {0644, 0600, 0400, 0755, 04644};
	static const mode_t distrusted[] = {0664, 0646, 0666, 0620, 0602, 0777};
	struct err err = {""};

	check_case("file_read_trusted: what only its owner may write");
	put("ours", "x", 1);
	for (size_t i = 0; i < sizeof(trusted) / sizeof(*trusted); i++)
		CHECK_INT(read_trusted("ours", trusted[i], &err), 0);

	check_case("file_read_trusted: not what group or others may write, and it says what to do");
	for (size_t i = 0; i < sizeof(distrusted) / sizeof(*distrusted); i++) {
		CHECK_INT(read_trusted("ours", distrusted[i], &err), -EPERM);
		CHECK_HAS(err.text, "ours: others than its owner may write it");
		CHECK_HAS(err.text, "chmod go-w");
	}
	CHECK_HAS(err.text, "(mode 0777)");

	check_case("file_read_trusted: behind a link it is the file that counts");
	(void)unlinkat(dir, "link", 0);
	if (symlinkat("ours", dir, "link") < 0)
		abort();
	CHECK_INT(read_trusted("link", 0666, &err), -EPERM);
	CHECK_INT(read_trusted("link", 0644, &err), 0);

	check_case("file_read_trusted: not what belongs to somebody else");
	if (geteuid() != 0) {
		CHECK_SKIP("only root can give a file away");
		return;
	}
	if (fchownat(dir, "ours", 65534, 0, 0) < 0)
		abort();
	CHECK_INT(read_trusted("ours", 0644, &err), -EPERM);
	CHECK_HAS(err.text, "belongs to user 65534");
	CHECK_HAS(err.text, "chown root");

	check_case("file_read_trusted: for who is not root, what is theirs and what is root's");
	if (fchmod(dir, 0755) < 0 || seteuid(65534) < 0)
		abort();
	CHECK_INT(read_trusted("ours", 0644, &err), 0);
	CHECK_INT(read_trusted("ours", 0666, &err), -EPERM);
	if (seteuid(0) < 0 || fchownat(dir, "ours", 0, 0, 0) < 0 || seteuid(65534) < 0)
		abort();
	CHECK_INT(file_read_trusted(dir, "ours", 100, &(char *){NULL}, &(size_t){0}, &err), -EPERM);
	if (seteuid(0) < 0 || fchmodat(dir, "ours", 0644, 0) < 0 || seteuid(65534) < 0)
		abort();
	_cleanup_(str_free) char *data = NULL;
	size_t len;
	CHECK_INT(file_read_trusted(dir, "ours", 100, &data, &len, &err), 0);
	if (seteuid(0) < 0)
		abort();
}

static void test_read_small(void)
{
	char buf[8];

	check_case("file_read_small: fits, is cut, is not there");
	put("plain", "0x0300\n", 7);
	CHECK_INT(file_read_small(dir, "plain", buf, sizeof(buf)), 7);
	CHECK_STR(buf, "0x0300\n");
	CHECK_INT(file_read_small(dir, "plain", buf, 4), 3);
	CHECK_STR(buf, "0x0");
	CHECK_INT(file_read_small(dir, "missing", buf, sizeof(buf)), -ENOENT);
}

static void test_replace(void)
{
	char buf[64];
	struct err err = {""};
	struct stat st;

	check_case("file_replace_volatile: a new file, with its mode");
	CHECK_INT(file_replace_volatile(dir, "new", "one", 3, 0600, &err), 0);
	CHECK_INT(file_read_small(dir, "new", buf, sizeof(buf)), 3);
	CHECK_STR(buf, "one");
	CHECK_INT(fstatat(dir, "new", &st, 0), 0);
	CHECK_INT(st.st_mode & 07777, 0600);

	check_case("file_replace_volatile: who has it open keeps the old bytes");
	_cleanup_(fd_close) int old = openat(dir, "new", O_RDONLY | O_CLOEXEC);
	CHECK_INT(file_replace_volatile(dir, "new", "second", 6, 0600, &err), 0);
	CHECK_INT(read(old, buf, sizeof(buf)), 3);
	CHECK_INT(file_read_small(dir, "new", buf, sizeof(buf)), 6);
	CHECK_STR(buf, "second");

	check_case("file_replace_volatile: leaves no other file");
	CHECK_INT(faccessat(dir, "new.new", F_OK, 0), -1);

	check_case("file_replace_volatile: can't: told by name, nothing left");
	CHECK_INT(file_replace_volatile(dir, "missing/new", "x", 1, 0600, &err), -ENOENT);
	CHECK_HAS(err.text, "missing/new");
	CHECK_INT(file_replace_volatile(dir, "sub", "x", 1, 0600, &err), -EISDIR);
	CHECK_INT(faccessat(dir, "sub.new", F_OK, 0), -1);
}

/* What is opened first by a process that has no standard input, output or error. */
static void test_standard(void)
{
	int status = -1;
	struct err err;

	check_case("who has no descriptor 0, 1 or 2 gets none of them for a file");
	pid_t pid = fork();
	if (pid == 0) {
		for (int fd = 0; fd <= STDERR_FILENO; fd++)
			(void)close(fd);
		int first = file_open_lock(dir, "ours", &err);
		bool filled = write(STDERR_FILENO, "x", 1) < 0 && errno == EBADF;
		int next = open("/", O_PATH | O_CLOEXEC);
		_exit(!(first > STDERR_FILENO && next > STDERR_FILENO && filled));
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
}

static void test_fd_close(void)
{
	check_case("fd_close: closes, forgets, leaves errno alone");
	int fd = dup(STDERR_FILENO), copy = fd;
	errno = E2BIG;
	fd_close(&fd);
	CHECK_INT(errno, E2BIG);
	CHECK_INT(fd, -1);
	CHECK_INT(fcntl(copy, F_GETFD), -1);
	fd_close(&fd);
	CHECK_INT(fd, -1);
}

int main(void)
{
	if (!mkdtemp(dir_path) || (dir = open(dir_path, O_DIRECTORY | O_RDONLY | O_CLOEXEC)) < 0)
		abort();
	(void)umask(022);
	test_read();
	test_read_refused();
	test_read_trusted();
	test_read_small();
	test_replace();
	test_standard();
	test_fd_close();

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (unlinkat(dir, names[i], 0) < 0)
			(void)unlinkat(dir, names[i], AT_REMOVEDIR);
	fd_close(&dir);
	if (rmdir(dir_path) < 0)
		(void)fprintf(stderr, "%s: not empty\n", dir_path);
	return check_done();
}
