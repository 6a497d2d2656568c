/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/setup_state.h"

#include "base/file.h"
#include "base/str.h"
#include "shared/txn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define STATE_NAME "setup"
#define STATE_MAX 4096
#define CHANGES_DIR "/var/lib/vfio-bootcfg"

int setup_state_read(struct setup_state *ret, struct err *err)
{
	_cleanup_(str_free) char *data = NULL;
	char *rest;
	size_t len;
	int r = file_read(AT_FDCWD, SETUP_STATE_DIR "/" STATE_NAME, STATE_MAX, &data, &len, err);

	*ret = (struct setup_state){0};
	if (r == -ENOENT) {
		*err = (struct err){""};
		return 0;
	}
	if (r < 0)
		return r;
	rest = data;
	for (char *line; (line = strsep(&rest, "\n"));) {
		unsigned long change;
		if (str_equal(line, "config"))
			ret->config = true;
		else if (str_equal(line, "images"))
			ret->images = true;
		else if (str_starts(line, "bootcfg ") &&
			 str_decimal(line + strlen("bootcfg "), 999999, &change))
			ret->change = (unsigned)change;
	}
	return 0;
}

int setup_state_write(const struct setup_state *s, struct err *err)
{
	_cleanup_(txn_place_done) struct txn_place p = TXN_NOWHERE;
	_cleanup_(text_done) struct text now = {0};

	if (mkdir(SETUP_STATE_DIR, 0755) < 0 && errno != EEXIST)
		return err_set(
			err, errno, "%s: can't make it: %s", SETUP_STATE_DIR, strerror(errno));
	if (s->config)
		text_print(&now, "config\n");
	if (s->change > 0)
		text_print(&now, "bootcfg %u\n", s->change);
	if (s->images)
		text_print(&now, "images\n");
	if (now.failed)
		return err_set(err, ENOMEM, "out of memory");
	int r = txn_place_host(SETUP_STATE_DIR "/" STATE_NAME, &p, err);
	return r < 0 ? r : txn_set(&p, (struct txn_bytes){now.data, now.len}, 0644, STATE_MAX, err);
}

unsigned setup_last_change(void)
{
	struct dirent **entries = NULL;
	int n = scandir(CHANGES_DIR, &entries, NULL, NULL);
	unsigned long last = 0, number;

	for (int i = 0; i < n; i++) {
		if (str_decimal(entries[i]->d_name, 999999, &number) && number > last)
			last = number;
		free(entries[i]);
	}
	free(entries);
	return (unsigned)last;
}
