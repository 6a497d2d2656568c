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

static int add(struct dir_names *d, size_t *room, const char *name)
{
	if (d->n == *room) {
		size_t more = *room ? 2 * *room : 16;
		char **at = reallocarray(d->at, more, sizeof(*at));
		if (!at)
			return -ENOMEM;
		d->at = at;
		*room = more;
	}
	char *copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	d->at[d->n++] = copy;
	return 0;
}

static int read_names(struct dir_names *ret, DIR *dir, bool (*wanted)(const char *name))
{
	size_t room = 0;
	struct dirent *entry;

	while ((errno = 0, entry = readdir(dir))) {
		const char *name = entry->d_name;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || (wanted && !wanted(name)))
			continue;
		if (add(ret, &room, name) < 0)
			return -ENOMEM;
	}
	return -errno;
}

/* A shell sort: qsort_r(3), which takes the order as an argument, is not in every C library. */
static void sort(struct dir_names *d, int (*compare)(const char *, const char *))
{
	for (size_t gap = d->n / 2; gap > 0; gap /= 2)
		for (size_t i = gap; i < d->n; i++)
			for (size_t k = i; k >= gap && compare(d->at[k - gap], d->at[k]) > 0;
				k -= gap) {
				char *name = d->at[k];
				d->at[k] = d->at[k - gap];
				d->at[k - gap] = name;
			}
}

int dir_list(struct dir_names *ret, int dirfd, const char *path, bool (*wanted)(const char *name),
	int (*compare)(const char *, const char *))
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*ret = (struct dir_names){0};
	if (fd < 0)
		return -errno;
	DIR *dir = fdopendir(fd);
	if (!dir) {
		int r = -errno;
		(void)close(fd);
		return r;
	}
	int r = read_names(ret, dir, wanted);
	(void)closedir(dir);
	if (r < 0)
		dir_names_done(ret);
	else if (ret->n > 1)
		sort(ret, compare ? compare : strcmp);
	return r;
}

void dir_names_done(struct dir_names *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->at[i]);
	free(d->at);
	*d = (struct dir_names){0};
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
