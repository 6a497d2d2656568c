/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images are made here, and compressed by the programs themselves. */
#include "host/initrd.h"

#include "base/file.h"
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void add_file(struct text *t, const char *name, unsigned mode, const char *data, size_t len)
{
	static const char zero[4];

	text_print(t, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", 1U, mode, 0U,
		0U, 1U, 0U, len, 0U, 0U, 0U, 0U, strlen(name) + 1, 0U);
	text_add(t, name, strlen(name) + 1);
	text_add(t, zero, (4 - (110 + strlen(name) + 1) % 4) % 4);
	text_add(t, data, len);
	text_add(t, zero, (4 - len % 4) % 4);
}

/* An archive with a directory, a large file and, if text is not NULL, the record. */
static void add_archive(struct text *t, const char *name, const char *text)
{
	static char large[200001];

	memset(large, '0', sizeof(large)); /* as an archive begins */
	add_file(t, "etc", 040755, "", 0);
	add_file(t, "usr/lib/large", 0100644, large, sizeof(large));
	if (text)
		add_file(t, name, 0100644, text, strlen(text));
	add_file(t, "TRAILER!!!", 0, "", 0);
}

static void add_zeros(struct text *t, size_t n)
{
	while (n-- > 0)
		text_add(t, "", 1);
}

static int memory(const struct text *t)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	CHECK(fd >= 0 && write(fd, t->data, t->len) == (ssize_t)t->len);
	return fd;
}

/* Appends the archive as COMMAND compresses it. */
static void add_compressed(struct text *t, const char *command, const struct text *archive)
{
	char path[] = "/tmp/initrd-XXXXXX", line[200], buf[65536];
	int fd = mkstemp(path);
	size_t n;

	CHECK(fd >= 0 && write(fd, archive->data, archive->len) == (ssize_t)archive->len);
	(void)close(fd);
	(void)snprintf(line, sizeof(line), "%s <%s", command, path);
	FILE *f = popen(line, "r"); // NOLINT(cert-env33-c): the test's own words
	while (f && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		text_add(t, buf, n);
	CHECK(f && pclose(f) == 0);
	(void)unlink(path);
}

static int read_record(const struct text *image, struct text *ret)
{
	_cleanup_(fd_close) int fd = memory(image);
	struct err err = {""};

	return initrd_record_read(fd, "image", ret, &err);
}

/* reads(IMAGE, WANT): the record in it is this; NULL: it has none. */
static void reads(const struct text *image, const char *want)
{
	_cleanup_(text_done) struct text found = {0};

	CHECK_INT(read_record(image, &found), want ? 1 : 0);
	CHECK_STR(found.data, want);
}

static void test_plain(void)
{
	_cleanup_(text_done) struct text image = {0};

	check_case("initrd: without compression, by each spelling of the name");
	add_archive(&image, "etc/vfio-bind.image", NULL);
	reads(&image, NULL);
	add_zeros(&image, 512);
	add_archive(&image, "./etc/vfio-bind.image", "one\n");
	reads(&image, "one\n");

	check_case("initrd: the last archive counts, as for the kernel");
	add_archive(&image, "/etc/vfio-bind.image", "second");
	reads(&image, "second");
	add_archive(&image, "usr/etc/vfio-bind.image", "elsewhere");
	reads(&image, "second");
}

static void test_compressed(void)
{
	static const char *const commands[] = {"gzip -c", "zstd -qc", "xz -c --check=crc32",
		"xz --format=lzma -c", "lz4 -lc", "lz4 -c", "bzip2 -c", "lzop -c"};

	check_case("initrd: an early archive and a compressed one, by each program there is");
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		_cleanup_(text_done) struct text image = {0}, archive = {0};
		char find[100];
		(void)snprintf(find, sizeof(find), "command -v %.*s >/dev/null",
			(int)strcspn(commands[i], " "), commands[i]);
		if (system(find) != 0) // NOLINT(cert-env33-c)
			continue;
		add_archive(&image, "x", NULL);
		add_zeros(&image, 100);
		add_archive(&archive, "etc/vfio-bind.image", "within");
		add_compressed(&image, commands[i], &archive);
		reads(&image, "within");

		/* Zeros behind it, as in a section of a unified image. */
		add_zeros(&image, 1000);
		reads(&image, "within");
	}
}

static void test_damaged(void)
{
	_cleanup_(text_done) struct text image = {0}, found = {0};

	check_case("initrd: what is no archive, or damaged, is not one without a record");
	text_print(&image, "not an image at all");
	CHECK_INT(read_record(&image, &found), -EINVAL);
	text_done(&image);
	text_add(&image, "\x1f\x8b\x08\0\0\0\0\0\0\0garbage", 17);
	CHECK_INT(read_record(&image, &found), -EINVAL);
	text_done(&image);
	add_archive(&image, "etc/vfio-bind.image", "one");
	for (size_t cut = 1; cut < 120; cut += 7) {
		struct text part = {.data = image.data, .len = 120 + 1000 - cut};
		CHECK_INT(read_record(&part, &found), -EINVAL);
	}
}

static void test_pieces(void)
{
	_cleanup_(text_done) struct text image = {0};

	check_case("initrd: bytes may be cut anywhere");
	add_archive(&image, "etc/vfio-bind.image", "some text");
	add_zeros(&image, 7);
	add_archive(&image, "x", "y");
	for (size_t each = 1; each < 300; each += 41) {
		struct cpio_search s = {.wanted = "etc/vfio-bind.image", .max = 100};
		size_t at = 0;
		while (at < image.len) {
			size_t n = image.len - at < each ? image.len - at : each;
			CHECK_INT(cpio_search_feed(&s, image.data + at, n), n);
			at += n;
		}
		CHECK(s.found && cpio_search_is_whole(&s) && s.ended);
		CHECK_STR(s.content.data, "some text");
		text_done(&s.content);
	}
	struct cpio_search s = {.wanted = "etc/vfio-bind.image", .max = 8};
	CHECK_INT(cpio_search_feed(&s, image.data, image.len), image.len);
	CHECK(s.found && s.too_large && !s.content.data);
}

/* is_systemd(MODE, INIT, WANT): an image that holds systemd, and an /init that is a file or a link.
 */
static void is_systemd(unsigned mode, const char *init, int want)
{
	_cleanup_(text_done) struct text image = {0};
	struct err err = {""};

	add_file(&image, "usr/lib/systemd/systemd", 0100755, "program", 7);
	add_file(&image, "init", mode, init, strlen(init));
	add_file(&image, "TRAILER!!!", 0, "", 0);
	_cleanup_(fd_close) int fd = memory(&image);
	CHECK_INT(initrd_is_systemd(fd, "image", &err), want);
}

static void test_systemd(void)
{
	check_case("initrd: systemd runs as /init, where that is a link to it");
	is_systemd(0120777, "usr/lib/systemd/systemd", 1);
	is_systemd(0120777, "/nix/store/0-systemd-257/lib/systemd/systemd", 1);
	is_systemd(0120777, "bin/busybox", 0);
	is_systemd(0100755, "#!/bin/sh\nexec /usr/lib/systemd/systemd", 0);
	is_systemd(0120777, "usr/lib/systemd/systemd-shutdown", 0);
}

int main(void)
{
	test_plain();
	test_compressed();
	test_damaged();
	test_pieces();
	test_systemd();
	return check_done();
}
