/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/sysroot.h"

#include "base/file.h"
#include "base/str.h"
#include "cli/replay.h"
#include "host/host_snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A thousand functions take two megabytes. */
#define RECORD_MAX (64UL * 1024 * 1024)

static int unfold_file(struct sysroot *w, struct sysroot_record *r, struct err *err)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len;

	int code = file_read(AT_FDCWD, w->sysfs, RECORD_MAX, &text, &len, err);
	if (code == 0)
		code = tmpdir_make(&r->scratch, err);
	if (code == 0)
		code = replay(&r->scratch, w->sysfs, text, err);
	if (code == 0)
		w->sysfs = r->scratch.path;
	return code;
}

/* Allocates the path of a file in the record; NULL: no memory. */
static char *note_path(const struct sysroot *w, const char *name)
{
	char *path;

	return asprintf(&path, "%s/" NOTES_DIRECTORY "/%s", w->sysfs, name) < 0 ? NULL : path;
}

static int open_config(struct sysroot *w, struct sysroot_record *r, bool is_record, struct err *err)
{
	r->config = note_path(w, "vfio-bind.conf");
	if (!r->config)
		return err_set(err, ENOMEM, "out of memory");
	if (is_record || access(r->config, F_OK) == 0)
		w->replayed = r->config;
	return 0;
}

static int open_cmdline(struct sysroot *w, struct sysroot_record *r, struct err *err)
{
	_cleanup_(str_free) char *path = note_path(w, "cmdline");
	size_t len;

	if (!path)
		return err_set(err, ENOMEM, "out of memory");
	if (file_read(AT_FDCWD, path, RECORD_MAX, &r->cmdline, &len, NULL) == 0)
		w->cmdline = r->cmdline;
	return 0;
}

static int open_root(struct sysroot *w, struct sysroot_record *r, struct err *err)
{
	r->root = note_path(w, "root");
	if (!r->root)
		return err_set(err, ENOMEM, "out of memory");
	if (access(r->root, F_OK) == 0)
		w->root = r->root;
	_cleanup_(str_free) char *protected = note_path(w, "protected");
	if (!protected)
		return err_set(err, ENOMEM, "out of memory");
	if (w->find && access(protected, F_OK) == 0)
		w->find = replay_protected;
	return 0;
}

int sysroot_unfold(struct sysroot *w, struct sysroot_record *ret, struct err *err)
{
	struct stat st;
	bool is_record = false;
	int r = 0;

	*ret = (struct sysroot_record){.scratch = {.fd = -1}};
	if (!w->sysfs)
		return 0;
	if (stat(w->sysfs, &st) == 0 && S_ISREG(st.st_mode)) {
		is_record = true;
		r = unfold_file(w, ret, err);
	}
	if (r == 0)
		r = open_config(w, ret, is_record, err);
	if (r == 0 && !w->root)
		r = open_root(w, ret, err);
	if (r == 0 && !w->cmdline)
		r = open_cmdline(w, ret, err);
	return r;
}

void sysroot_done(struct sysroot_record *r)
{
	tmpdir_done(&r->scratch);
	free(r->config);
	free(r->cmdline);
	free(r->root);
}

int needs_root(const char *command, const char *sysfs, struct err *err)
{
	if (sysfs || geteuid() == 0)
		return 0;
	return err_set(err, EPERM, "%s needs root: run it with sudo", command);
}
