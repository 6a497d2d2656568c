/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the log writes, read from the files that stand for /dev/kmsg and standard error. */
#include "base/log.h"

#include "check.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX 65536

static char root[64]; /* what stands for / */
static char kmsg[OUTPUT_MAX], errors[OUTPUT_MAX];

static void read_all(const char *name, char *buf)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, buf, OUTPUT_MAX - 1);
	buf[n < 0 ? 0 : n] = '\0';
	if (fd >= 0)
		(void)close(fd);
}

static void make_file(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		abort();
	(void)close(fd);
}

/*
 * Runs a piece of a program in a root of its own, with a plain file for /dev/kmsg or none. Leaves
 * what it wrote in kmsg and errors. False where this machine lets us have no such root.
 */
static bool run(void (*piece)(void), bool with_kmsg)
{
	char path[128];
	int status = -1;

	make_file("stderr");
	(void)snprintf(path, sizeof(path), "%s/dev/kmsg", root);
	(void)unlink(path);
	if (with_kmsg)
		make_file("dev/kmsg");
	(void)fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		(void)snprintf(path, sizeof(path), "%s/stderr", root);
		int fd = open(path, O_WRONLY | O_APPEND);
		if (geteuid() != 0 && unshare(CLONE_NEWUSER) < 0)
			_exit(77);
		if (fd < 0 || chroot(root) < 0 || chdir("/") < 0 || dup2(fd, STDERR_FILENO) < 0)
			_exit(77);
		piece();
		_exit(0);
	}
	(void)waitpid(pid, &status, 0);
	read_all("dev/kmsg", kmsg);
	read_all("stderr", errors);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		CHECK_SKIP("no chroot for us here");
		return false;
	}
	return CHECK_INT(status, 0);
}

static size_t count_lines(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += *s == '\n';
	return n;
}

static void say_each_level(void)
{
	log_open("vfio-bind", LOG_TO_STDERR, false);
	log_print(LOG_ERROR, "a %d", 1);
	log_print(LOG_WARNING, "b %s", "%s");
	log_print(LOG_NOTICE, "c");
	log_print(LOG_INFO, "d");
	log_print(LOG_DEBUG, "e");
	log_close();
}

static void say_each_level_to_kmsg(void)
{
	log_open("vfio-bind", LOG_TO_KMSG, false);
	log_print(LOG_ERROR, "a %d", 1);
	log_print(LOG_WARNING, "b %s", "%s");
	log_print(LOG_NOTICE, "c");
	log_print(LOG_INFO, "d");
	log_print(LOG_DEBUG, "e");
	log_close();
}

static void say_many(void)
{
	log_open("vfio-bind", LOG_TO_KMSG, false);
	for (int i = 0; i < 25; i++)
		log_print(LOG_INFO, "message %d", i);
	log_close();
}

static void say_many_in_debug(void)
{
	log_open("vfio-bind", LOG_TO_KMSG, true);
	for (int i = 0; i < 25; i++)
		log_print(LOG_DEBUG, "message %d", i);
	log_close();
}

static void say_much(void)
{
	char much[5000];

	memset(much, 'x', sizeof(much) - 1);
	much[sizeof(much) - 1] = '\0';
	log_open("vfio-bind", LOG_TO_KMSG, false);
	log_print(LOG_INFO, "%s", much);
	log_print(LOG_INFO, "after");
	log_close();
}

static void say_nothing(void)
{
	log_open("vfio-bind", LOG_TO_KMSG, true);
	log_close();
	log_close();
}

static void test_kmsg(void)
{
	static const char levels[] = "<3>vfio-bind: a 1\n<4>vfio-bind: b %s\n<5>vfio-bind: c\n"
				     "<6>vfio-bind: d\n";

	check_case("standard error: levels as words, no debug");
	if (run(say_each_level, true)) {
		CHECK_STR(errors, "vfio-bind: error: a 1\nvfio-bind: warning: b %s\nvfio-bind: c\n"
				  "vfio-bind: d\n");
		CHECK_STR(kmsg, "");
	}
	check_case("the kernel log: levels as the kernel takes them, one record each");
	if (run(say_each_level_to_kmsg, true)) {
		CHECK_STR(kmsg, levels);
		CHECK_STR(errors, "");
	}
	check_case("no /dev/kmsg: rather there than nowhere");
	if (run(say_each_level_to_kmsg, false)) {
		CHECK_HAS(errors, "vfio-bind: error: a 1\n");
		CHECK_HAS(errors, "vfio-bind: d\n");
	}
	check_case("no more than ten records, the last of which counts what is left out");
	if (run(say_many, true)) {
		CHECK_INT(count_lines(kmsg), LOG_KMSG_MAX);
		CHECK_HAS(kmsg, "<6>vfio-bind: message 8\n<4>vfio-bind: 16 more messages");
	}
	check_case("debug has no such limit");
	if (run(say_many_in_debug, true)) {
		CHECK_INT(count_lines(kmsg), 25);
		CHECK_HAS(kmsg, "<7>vfio-bind: message 24\n");
	}
	check_case("a record that the kernel would refuse is cut, and the next is whole");
	if (run(say_much, true)) {
		CHECK(strcspn(kmsg, "\n") < 1000); /* PRINTKRB_RECORD_MAX is 1024 */
		CHECK_INT(count_lines(kmsg), 2);
		CHECK_HAS(kmsg, "x\n<6>vfio-bind: after\n");
	}
	check_case("who says nothing opens nothing");
	if (run(say_nothing, false))
		CHECK_STR(errors, "");
}

static void test_ratelimit(void)
{
	char path[128], events[8192];
	ssize_t n;

	check_case("debug opens the kernel log anew for each record, for it takes ten an opening");
	make_file("dev/kmsg");
	(void)snprintf(path, sizeof(path), "%s/dev", root);
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	CHECK(fd >= 0 && inotify_add_watch(fd, path, IN_OPEN | IN_CLOSE_WRITE) >= 0);
	if (run(say_many_in_debug, true)) {
		size_t openings = 0;
		while ((n = read(fd, events, sizeof(events))) > 0)
			for (ssize_t at = 0; at < n; openings++)
				at += (ssize_t)sizeof(struct inotify_event) +
				      ((struct inotify_event *)(void *)(events + at))->len;
		CHECK(openings >= 50);
	}
	(void)close(fd);
}

int main(void)
{
	const char *temp = getenv("TMPDIR");
	char dev[80], command[128];

	(void)snprintf(root, sizeof(root), "%.32s/vfio-bind-log-XXXXXX", temp ? temp : "/tmp");
	if (!mkdtemp(root))
		abort();
	(void)snprintf(dev, sizeof(dev), "%s/dev", root);
	(void)mkdir(dev, 0700);
	test_kmsg();
	test_ratelimit();
	(void)snprintf(command, sizeof(command), "rm -rf %s", root);
	if (system(command) != 0) // NOLINT(cert-env33-c): the test's own words
		abort();
	return check_done();
}
