/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/mounts.h"

#include "base/str.h"

#include <errno.h>
#include <libmount/libmount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

/* libmount knows the format of a table by its first line (guess_table_format in
 * libmount/src/tab_parse.c): the first line is ours, with a row of its own. */
#define MOUNTINFO_FIRST "0 0 0:0 / / rw - rootfs rootfs rw\n"
#define SWAPS_FIRST "Filename\t\nnone none 0 0 0\n"
#define FSTAB_FIRST "none none none\n"

/* libmount looks for the device of /dev/root in this machine's /sys and kernel command line
 * (kernel_fs_postparse): it gets another name, which it leaves alone. */
#define ROOT_NODE "/dev/root"
#define ROOT_NODE_HIDDEN "/dev!root"

static void root_nodes_hide(char *text)
{
	for (char *p = text; (p = strstr(p, " " ROOT_NODE " "));)
		memcpy(p + 1, ROOT_NODE_HIDDEN, sizeof(ROOT_NODE_HIDDEN) - 1);
}

/* Blanks out comments behind the fields: getmntent(3), by which systemd reads fstab, ignores them;
 * for libmount they are an invalid number. */
static void comments_drop(char *text)
{
	for (char *p = text; (p = strpbrk(p, " \t"));) {
		p += strspn(p, " \t");
		if (*p == '#')
			memset(p, ' ', strcspn(p, "\n"));
	}
}

static int line_is_bad(struct libmnt_table *t, const char *name, int line)
{
	struct mount_table *m = mnt_table_get_userdata(t);

	(void)name;
	if (m->bad_line == 0)
		m->bad_line = (unsigned)line;
	return 1; /* go on with the next */
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

/* "/boot/" is "/boot", as in mountinfo. */
static const char *read_point(struct libmnt_fs *fs)
{
	const char *point = or_empty(mnt_fs_get_target(fs));
	size_t len = strlen(point);

	if (len < 2 || point[len - 1] != '/')
		return point;
	while (len > 1 && point[len - 1] == '/')
		len--;
	_cleanup_(str_free) char *cut = strndup(point, len);
	return cut && mnt_fs_set_target(fs, cut) == 0 ? mnt_fs_get_target(fs) : NULL;
}

static int add_row(struct mount_table *m, struct libmnt_fs *fs)
{
	dev_t dev = mnt_fs_get_devno(fs);
	struct mount_row row = {.major = major(dev),
		.minor = minor(dev),
		.point = read_point(fs),
		.type = or_empty(mnt_fs_get_swaptype(fs)),
		.source = or_empty(mnt_fs_get_source(fs))};

	if (!row.point)
		return -ENOMEM;
	if (!*row.type)
		row.type = or_empty(mnt_fs_get_fstype(fs));
	if (str_equal(row.source, ROOT_NODE_HIDDEN))
		row.source = ROOT_NODE;
	row.options = mnt_fs_is_kernel(fs) ? mnt_fs_get_fs_options(fs) : mnt_fs_get_options(fs);
	row.options = or_empty(row.options);
	m->at[m->n++] = row;
	return 0;
}

static int add_rows(struct mount_table *m)
{
	struct libmnt_iter *rows = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs = NULL;
	int r = 0;

	m->at = calloc((size_t)mnt_table_get_nents(m->table) + 1, sizeof(*m->at));
	if (!rows || !m->at)
		r = -ENOMEM;
	else
		(void)mnt_table_next_fs(m->table, rows, &fs); /* ours */
	while (r == 0 && mnt_table_next_fs(m->table, rows, &fs) == 0)
		r = add_row(m, fs);
	mnt_free_iter(rows);
	return r;
}

static int read_lines(struct mount_table *ret, char *text)
{
	FILE *f = fmemopen(text, strlen(text), "r");

	ret->table = f ? mnt_new_table() : NULL;
	int r = ret->table ? mnt_table_set_userdata(ret->table, ret) : -ENOMEM;
	if (r == 0)
		r = mnt_table_set_parser_errcb(ret->table, line_is_bad);
	if (r == 0)
		r = mnt_table_parse_stream(ret->table, f, "");
	if (f)
		(void)fclose(f);
	return r < 0 ? -ENOMEM : add_rows(ret);
}

/* change: makes of the text, in place, one that libmount takes. */
static int table_parse(
	struct mount_table *ret, const char *first, const char *text, void (*change)(char *text))
{
	_cleanup_(str_free) char *whole = NULL;
	unsigned lines = 0;

	*ret = (struct mount_table){0};
	if (asprintf(&whole, "%s%s", first, text) < 0)
		return -ENOMEM;
	if (change)
		change(whole + strlen(first));
	int r = read_lines(ret, whole);
	for (const char *p = first; (p = strchr(p, '\n')); p++)
		lines++;
	ret->bad_line -= ret->bad_line ? lines : 0;
	return r;
}

int mount_table_parse(struct mount_table *ret, const char *text)
{
	return table_parse(ret, MOUNTINFO_FIRST, text, root_nodes_hide);
}

int mount_table_parse_swaps(struct mount_table *ret, const char *text)
{
	return table_parse(ret, SWAPS_FIRST, text, NULL);
}

int mount_table_parse_fstab(struct mount_table *ret, const char *text)
{
	return table_parse(ret, FSTAB_FIRST, text, comments_drop);
}

void mount_table_done(struct mount_table *m)
{
	mnt_unref_table(m->table);
	free(m->at);
	*m = (struct mount_table){0};
}

const struct mount_row *mount_table_at(const struct mount_table *m, const char *point)
{
	for (size_t i = m->n; i-- > 0;)
		if (str_equal(m->at[i].point, point))
			return &m->at[i];
	return NULL;
}

const struct mount_row *mount_table_of(const struct mount_table *m, const char *path)
{
	const struct mount_row *found = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < m->n; i++) {
		const char *point = m->at[i].point;
		size_t len = strlen(point);
		if (len == 1) /* "/" is a prefix of every path */
			len = 0;
		if (strncmp(path, point, len) == 0 && (path[len] == '/' || path[len] == '\0') &&
			(!found || len >= longest)) {
			found = &m->at[i];
			longest = len;
		}
	}
	return found;
}
