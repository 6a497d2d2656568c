/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/imageinfo.h"
#include "host/image.h"

#include "base/file.h"
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/vfio-bind-record.XXXXXX";

static const char *path(const char *name)
{
	static char buf[2][128];
	static unsigned turn;

	turn ^= 1;
	(void)snprintf(buf[turn], sizeof(buf[turn]), "%s/%s", dir, name);
	return buf[turn];
}

static void put(const char *name, const char *data, size_t len)
{
	struct err err;

	if (file_replace_volatile(AT_FDCWD, path(name), data, len, 0644, &err) < 0)
		(void)fprintf(stderr, "%s\n", err.text);
}

static void put_text(const char *name, const char *text)
{
	put(name, text, strlen(text));
}

static void test_digest(void)
{
	/* From the list that comes with the specification of FNV-1a. */
	static const struct {
		const char *bytes, *digest;
	} rows[] = {{"", "cbf29ce484222325"}, {"a", "af63dc4c8601ec8c"},
		{"foobar", "85944171f73967e8"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char digest[IMAGE_DIGEST_MAX] = "";

		check_case("image_config_digest of \"%s\"", rows[i].bytes);
		put_text("conf", rows[i].bytes);
		CHECK_INT(imageinfo_digest(digest, path("conf"), NULL), 0);
		CHECK_STR(digest, rows[i].digest);
	}
}

static void test_written_is_read(void)
{
	char *errors[] = {(char[]){"conf:2: a\ttab and\na line"}, (char[]){"conf:3: more"}};
	struct config c = {.path = "/etc/conf", .errors = errors, .n_errors = 2};
	struct image image = {.digest = "0123456789abcdef"};
	const struct protected_list keep = {.ended = true, .unknown = "where / lies"};
	char *versions[] = {(char[]){"6.12"}};
	const struct strings kernels = {.v = versions, .n = 1};
	struct text record = {0};
	const struct imageinfo_data data = {.config = &c,
		.digest = image.digest,
		.kernels = &kernels,
		.missing = &image.missing,
		.protected = &keep,
		.host_words = 0x1234};
	struct imageinfo r;
	struct err err = {""};

	check_case("image_record: what is written is read");
	CHECK_INT(strings_add_unique(&image.missing, "vfio-pci", &err), 0);
	imageinfo_format(&record, &data);
	CHECK_INT(imageinfo_save(dir, &record, &err), 0);
	text_done(&record);
	CHECK_INT(imageinfo_read(&r, path("etc/vfio-bind.conf"), &err), 0);
	CHECK_STR(imageinfo_next(&r, "config"), "0123456789abcdef /etc/conf");
	CHECK_STR(imageinfo_next(&r, "config"), NULL);
	CHECK_STR(imageinfo_next(&r, "error"), "conf:2: a?tab and?a line");
	CHECK_STR(imageinfo_next(&r, "error"), "conf:3: more");
	CHECK_STR(imageinfo_next(&r, "error"), NULL);
	CHECK_STR(imageinfo_next(&r, "program"), VERSION);
	CHECK_STR(imageinfo_next(&r, "program"), NULL);
	CHECK_STR(imageinfo_next(&r, "kernel"), "6.12");
	CHECK_STR(imageinfo_next(&r, "kernel"), NULL);
	CHECK_STR(imageinfo_next(&r, "missing"), "vfio-pci");
	CHECK_STR(imageinfo_next(&r, "missing"), NULL);
	CHECK_STR(imageinfo_next(&r, "host"), "0000000000001234");
	CHECK_STR(imageinfo_next(&r, "host"), NULL);
	CHECK_STR(imageinfo_next(&r, "keep"), "unknown where / lies");
	CHECK_STR(imageinfo_next(&r, "keep"), "end");
	imageinfo_done(&r);
	strings_done(&image.missing);
}

static void test_bound(void)
{
	struct config c = {.path = "/etc/conf"};
	struct image image = {.digest = ""};
	const struct protected_list keep = {.ended = true};
	char *versions[] = {(char[]){"6.12"}};
	const struct strings kernels = {.v = versions, .n = 1};
	struct text record = {0};
	const struct imageinfo_data data = {.config = &c,
		.digest = image.digest,
		.kernels = &kernels,
		.missing = &image.missing,
		.protected = &keep,
		.host_words = 0x1234};
	struct imageinfo r;
	struct err err = {""};
	char name[32];
	unsigned n = 0;

	check_case("image_record: what is too much is left out, in whole lines");
	for (unsigned i = 0; i < 4000; i++) {
		(void)snprintf(name, sizeof(name), "module_number_%08u", i);
		CHECK_INT(strings_add_unique(&image.missing, name, &err), 0);
	}
	imageinfo_format(&record, &data);
	CHECK_INT(imageinfo_save(dir, &record, &err), 0);
	text_done(&record);
	CHECK_INT(imageinfo_read(&r, path("etc/conf"), &err), 0);
	CHECK(r.len <= IMAGE_RECORD_MAX && r.len > IMAGE_RECORD_MAX - 40);
	for (const char *value; (value = imageinfo_next(&r, "missing")); n++)
		CHECK_INT(strlen(value), 22);
	CHECK(n > 2000);
	CHECK_STR(imageinfo_next(&r, "config"), NULL);
	imageinfo_done(&r);
	strings_done(&image.missing);
}

static void test_foreign(void)
{
	static const char other[] =
		"version 2\nkernelx 5\n\nkernel\nfuture 1 2\n\0\nkernel  6 \nerror x";
	struct imageinfo r;
	struct err err = {""};

	check_case("image_record: kinds and lines that nobody knows are passed over");
	put(IMAGE_RECORD_NAME, other, sizeof(other) - 1);
	CHECK_INT(imageinfo_read(&r, path("conf"), &err), 0);
	CHECK_STR(imageinfo_next(&r, "kernel"), " 6 ");
	CHECK_STR(imageinfo_next(&r, "kernel"), NULL);
	CHECK_STR(imageinfo_next(&r, "error"), "x");
	CHECK_STR(imageinfo_next(&r, "error"), NULL);
	imageinfo_done(&r);

	check_case("image_record: none, an empty one and one that is too large");
	(void)unlink(path(IMAGE_RECORD_NAME));
	CHECK_INT(imageinfo_read(&r, path("conf"), &err), -ENOENT);
	CHECK_STR(imageinfo_next(&r, "kernel"), NULL);
	put_text(IMAGE_RECORD_NAME, "");
	CHECK_INT(imageinfo_read(&r, path("conf"), &err), 0);
	CHECK_STR(imageinfo_next(&r, "kernel"), NULL);
	imageinfo_done(&r);
	CHECK_INT(truncate(path(IMAGE_RECORD_NAME), IMAGE_RECORD_MAX + 1), 0);
	CHECK_INT(imageinfo_read(&r, path("conf"), &err), -EFBIG);
	CHECK_HAS(err.text, IMAGE_RECORD_NAME);
	(void)unlink(path(IMAGE_RECORD_NAME));

	check_case("image_record: one that others may write is not believed");
	put_text(IMAGE_RECORD_NAME, "version 1\nkernel 6.1\n");
	CHECK_INT(chmod(path(IMAGE_RECORD_NAME), 0646), 0);
	CHECK_INT(imageinfo_read(&r, path("conf"), &err), -EPERM);
	CHECK_STR(imageinfo_next(&r, "kernel"), NULL);
	(void)unlink(path(IMAGE_RECORD_NAME));
}

static void test_age(void)
{
	static const struct {
		const char *name, *digest;
		int is;
	} rows[] = {
		{"the same", "cbf29ce484222325", 1},
		{"another", "af63dc4c8601ec8c", 0},
		{"a longer one", "cbf29ce4842223255", 0},
		{"one that could not be read", NULL, 0},
	};
	struct err err = {""};

	put_text("conf", "");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_case("image_is_of_config: %s", rows[i].name);
		CHECK_INT(imageinfo_is_of_config(rows[i].digest, path("conf"), &err), rows[i].is);
	}
	check_case("image_is_of_config: no config");
	CHECK_INT(imageinfo_is_of_config(rows[0].digest, path("none"), &err), -ENOENT);
	CHECK_HAS(err.text, "/none: ");
}

int main(void)
{
	(void)umask(022);
	if (!mkdtemp(dir))
		return 1;
	test_digest();
	test_written_is_read();
	test_bound();
	test_foreign();
	test_age();
	(void)unlink(path("conf"));
	(void)unlink(path("etc/" IMAGE_RECORD_NAME));
	(void)rmdir(path("etc"));
	(void)rmdir(dir);
	return check_done();
}
