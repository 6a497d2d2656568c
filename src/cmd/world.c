/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/file.h"
#include "base/str.h"
#include "cmd/situation.h"
#include "pci/notes.h"
#include "pci/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A thousand functions take two megabytes. */
#define RECORD_MAX (64UL * 1024 * 1024)

static int unfold_file(struct world *w, struct world_record *r, struct err *err)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len;

	int code = file_read(AT_FDCWD, w->sysfs, RECORD_MAX, &text, &len, err);
	if (code == 0)
		code = scratch_make(&r->scratch, err);
	if (code == 0)
		code = replay(&r->scratch, w->sysfs, text, err);
	if (code == 0)
		w->sysfs = r->scratch.path;
	return code;
}

static int take_config(struct world *w, struct world_record *r, struct err *err)
{
	if (asprintf(&r->config, "%s/" NOTES_DIRECTORY "/vfio-bind.conf", w->sysfs) < 0) {
		r->config = NULL;
		return err_set(err, ENOMEM, "out of memory");
	}
	if (access(r->config, F_OK) == 0)
		w->config = r->config;
	return 0;
}

static int take_cmdline(struct world *w, struct world_record *r, struct err *err)
{
	_cleanup_(str_free) char *path = NULL;
	size_t len;

	if (asprintf(&path, "%s/" NOTES_DIRECTORY "/cmdline", w->sysfs) < 0) {
		path = NULL;
		return err_set(err, ENOMEM, "out of memory");
	}
	if (file_read(AT_FDCWD, path, RECORD_MAX, &r->cmdline, &len, NULL) == 0)
		w->cmdline = r->cmdline;
	return 0;
}

int world_unfold(struct world *w, struct world_record *ret, struct err *err)
{
	struct stat st;
	int r = 0;

	*ret = (struct world_record){.scratch = {.fd = -1}};
	if (!w->sysfs)
		return 0;
	if (stat(w->sysfs, &st) == 0 && S_ISREG(st.st_mode))
		r = unfold_file(w, ret, err);
	if (r == 0 && !w->config)
		r = take_config(w, ret, err);
	if (r == 0 && !w->cmdline)
		r = take_cmdline(w, ret, err);
	return r;
}

void world_done(struct world_record *r)
{
	scratch_done(&r->scratch);
	free(r->config);
	free(r->cmdline);
}
