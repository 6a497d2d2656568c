/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/dir.h"

#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_names(struct strings *ret, DIR *dir, bool (*wanted)(const char *name))
{
	struct dirent *entry;

	while ((errno = 0, entry = readdir(dir))) {
		const char *name = entry->d_name;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || (wanted && !wanted(name)))
			continue;
		if (strings_add(ret, name) < 0)
			return -ENOMEM;
	}
	return -errno;
}

/* A shell sort: qsort_r(3), which takes the order as an argument, is not in every C library. */
static void sort(struct strings *d, int (*compare)(const char *, const char *))
{
	for (size_t gap = d->n / 2; gap > 0; gap /= 2)
		for (size_t i = gap; i < d->n; i++)
			for (size_t k = i; k >= gap && compare(d->v[k - gap], d->v[k]) > 0;
				k -= gap) {
				char *name = d->v[k];
				d->v[k] = d->v[k - gap];
				d->v[k - gap] = name;
			}
}

int dir_read(struct strings *ret, int fd, bool (*wanted)(const char *name),
	int (*compare)(const char *, const char *))
{
	DIR *dir = fdopendir(fd);

	*ret = (struct strings){0};
	if (!dir) {
		int r = -errno;
		(void)close(fd);
		return r;
	}
	int r = read_names(ret, dir, wanted);
	(void)closedir(dir);
	if (r < 0)
		strings_done(ret);
	else if (ret->n > 1)
		sort(ret, compare ? compare : strcmp);
	return r;
}

int dir_list(struct strings *ret, int dirfd, const char *path, bool (*wanted)(const char *name),
	int (*compare)(const char *, const char *))
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*ret = (struct strings){0};
	return fd < 0 ? -errno : dir_read(ret, fd, wanted, compare);
}

int dir_make(const char *path, struct err *err)
{
	_cleanup_(str_free) char *part = strdup(path);

	if (!part)
		return err_set(err, ENOMEM, "out of memory");
	for (char *at = strchr(part + 1, '/');; at = strchr(at + 1, '/')) {
		if (at)
			*at = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return err_set(err, errno, "%s: can't make it: %s", part, strerror(errno));
		if (!at)
			return 0;
		*at = '/';
	}
}
