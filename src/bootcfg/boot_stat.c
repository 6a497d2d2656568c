/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/boot_stat.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define DEPTH_MAX 6
#define TEXT_MAX ((size_t)8 << 20)

static int dir_read(const struct root *r, const char *dir, unsigned depth, struct text *ret);

static int entry_read(const struct root *r, int fd, const char *dir, const char *name,
	unsigned depth, struct text *ret)
{
	_cleanup_(text_done) struct text path = {0};
	struct stat st;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	text_print(&path, "%s/%s", dir, name);
	if (path.failed)
		return -ENOMEM;
	/* The times of a directory are left out: a temporary file changes them. */
	if (S_ISDIR(st.st_mode))
		return dir_read(r, path.data, depth + 1, ret);
	text_print(ret, "%s %o %llu %lld %lld.%ld %lld.%ld\n", path.data, st.st_mode,
		(unsigned long long)st.st_ino, (long long)st.st_size, (long long)st.st_mtim.tv_sec,
		st.st_mtim.tv_nsec, (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
	return ret->len > TEXT_MAX ? -E2BIG : 0;
}

static int dir_read(const struct root *r, const char *dir, unsigned depth, struct text *ret)
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
	for (size_t i = 0; i < names.n && rc == 0; i++)
		rc = entry_read(r, fd, dir, names.v[i], depth, ret);
	return rc;
}

int boot_stat_read(const struct root *r, const struct strings *dirs, struct text *ret)
{
	int rc = 0;

	for (size_t i = 0; i < dirs->n && rc == 0; i++)
		rc = dir_read(r, dirs->v[i], 0, ret);
	return rc == 0 && ret->failed ? -ENOMEM : rc;
}
