/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/imageinfo.h"

#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int imageinfo_digest(char ret[IMAGE_DIGEST_MAX], const char *path, struct err *err)
{
	_cleanup_(str_free) char *data = NULL;
	size_t len;

	int r = file_read(AT_FDCWD, path, CONFIG_MAX, &data, &len, err);
	if (r < 0)
		return r;
	(void)snprintf(ret, IMAGE_DIGEST_MAX, "%016" PRIx64, str_hash(data, len));
	return 0;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* Always one line, whatever bytes of the config an error quotes. */
static void add(struct text *t, const char *kind, const char *value)
{
	size_t from = t->len;

	text_print(t, "%s %s", kind, value);
	for (size_t i = from; i < t->len; i++)
		if ((unsigned char)t->data[i] < ' ')
			t->data[i] = '?';
	text_add(t, "\n", 1);
}

void imageinfo_format(struct text *t, const struct imageinfo_data *d)
{
	text_print(t, "version 1\n");
	for (size_t i = 0; i < d->kernels->n; i++)
		add(t, "kernel", d->kernels->v[i]);
	add(t, "program", VERSION);
	if (d->digest[0]) {
		text_print(t, "config %s", d->digest);
		add(t, "", d->config->path);
	}
	if (d->host_words)
		text_print(t, "host %016" PRIx64 "\n", d->host_words);
	protected_format(d->protected, t);
	for (size_t i = 0; i < d->config->n_errors; i++)
		add(t, "error", d->config->errors[i]);
	for (size_t i = 0; i < d->missing->n; i++)
		add(t, "missing", d->missing->v[i]);
	while (t->len > IMAGE_RECORD_MAX)
		do
			t->len--;
		while (t->data[t->len - 1] != '\n');
}

int imageinfo_save(const char *root, const struct text *record, struct err *err)
{
	return imageinfo_save_as(root, IMAGE_RECORD_NAME, record, err);
}

int imageinfo_save_as(
	const char *root, const char *name, const struct text *content, struct err *err)
{
	_cleanup_(str_free) char *dir = NULL;

	if (asprintf(&dir, "%s/etc", root) < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return err_set(err, errno, "%s: can't make it: %s", dir, strerror(errno));
	_cleanup_(fd_close) int fd = open(dir, O_DIRECTORY | O_PATH | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, errno, "%s: can't open it: %s", dir, strerror(errno));
	return file_replace_volatile(fd, name, content->data, content->len, 0644, err);
}

/* ---- reading -------------------------------------------------------------------------------- */

int imageinfo_read(struct imageinfo *ret, const char *config, struct err *err)
{
	const char *slash = strrchr(config, '/');
	_cleanup_(str_free) char *path = NULL;

	*ret = (struct imageinfo){0};
	if (asprintf(&path, "%.*s" IMAGE_RECORD_NAME, slash ? (int)(slash + 1 - config) : 0,
		    config) < 0)
		return err_set(err, ENOMEM, "out of memory");
	int r = file_read_trusted(AT_FDCWD, path, IMAGE_RECORD_MAX, &ret->data, &ret->len, err);
	for (size_t i = 0; i < ret->len; i++)
		if (ret->data[i] == '\n')
			ret->data[i] = '\0';
	return r;
}

void imageinfo_done(struct imageinfo *r)
{
	free(r->data);
	*r = (struct imageinfo){0};
}

const char *imageinfo_next(struct imageinfo *r, const char *kind)
{
	size_t len = strlen(kind);

	while (r->at < r->len) {
		const char *line = r->data + r->at;
		r->at += strlen(line) + 1;
		if (strncmp(line, kind, len) == 0 && line[len] == ' ')
			return line + len + 1;
	}
	r->at = 0;
	return NULL;
}

int imageinfo_is_of_config(const char *digest, const char *config, struct err *err)
{
	char now[IMAGE_DIGEST_MAX];
	int r = imageinfo_digest(now, config, err);

	return r < 0 ? r : digest && str_equal(digest, now);
}
