/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is made of a record that somebody sent stays where it belongs. */
#include "shared/tmpdir.h"

#include "base/str.h"
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_there(struct tmpdir *s, const char *path)
{
	return faccessat(s->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void test_paths(struct tmpdir *s)
{
	static const char *const wrong[] = {
		"", "/etc/x", "../x", "a/../../x", "a//b", "./a", "a/./b", ".."};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		check_case("the path '%s' is none", wrong[i]);
		CHECK_INT(tmpdir_write(s, wrong[i], -1, "x", 1), -EINVAL);
		CHECK_INT(tmpdir_directory(s, wrong[i]), -EINVAL);
		CHECK_INT(tmpdir_link(s, wrong[i], "b"), -EINVAL);
	}
	check_case("a path's directories are made");
	CHECK_INT(tmpdir_write(s, "p/q/file", -1, "x", 1), 0);
	CHECK_INT(tmpdir_write(s, "p/q/file", -1, "y", 1), 0);
	CHECK_INT(tmpdir_directory(s, "p/q/r"), 0);
	CHECK_INT(tmpdir_directory(s, "p/q/r"), 0);
	CHECK(is_there(s, "p/q/file") && is_there(s, "p/q/r"));
}

static void test_links(struct tmpdir *s)
{
	check_case("a link leads no higher than the directory");
	CHECK_INT(tmpdir_link(s, "a/b/up", "../../c"), 0);
	CHECK_INT(tmpdir_link(s, "a/b/out", "../../../c"), -EINVAL);
	CHECK_INT(tmpdir_link(s, "a/b/etc", "/etc"), -EINVAL);
	CHECK_INT(tmpdir_link(s, "a/b/back", "x/../../../.."), -EINVAL);

	check_case("nothing is made behind a link: two of them could lead out together");
	CHECK_INT(tmpdir_directory(s, "s"), 0);
	CHECK_INT(tmpdir_link(s, "a/b/c/l", "../../../s"), 0);
	CHECK(tmpdir_link(s, "a/b/c/l/m", "../../../../etc") < 0);
	CHECK(tmpdir_write(s, "a/b/c/l/file", -1, "x", 1) < 0);
	CHECK(tmpdir_directory(s, "a/b/c/l/d") < 0);
	CHECK(tmpdir_write(s, "a/b/c/l", -1, "x", 1) < 0);
	CHECK(!is_there(s, "s/m") && !is_there(s, "s/file") && !is_there(s, "s/d"));
}

int main(void)
{
	_cleanup_(tmpdir_done) struct tmpdir s = {.fd = -1};
	struct err err = {""};

	check_case("a directory of our own");
	CHECK_INT(tmpdir_make(&s, &err), 0);
	test_paths(&s);
	test_links(&s);
	return check_done();
}
