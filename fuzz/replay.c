/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record that anybody may have written: it is replayed or refused with a line, nothing is made
 * outside the directory, and no link in it leads out of it.
 */
#include "cli/replay.h"

#include "base/str.h"

#include <ftw.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_AT_ONCE 16
#define SIZE_MAX_HERE 65536 /* what lies above costs time and shows nothing */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char place[PATH_MAX]; /* nftw(3) hands nothing on */

static void must(bool holds)
{
	if (!holds)
		abort();
}

static int look(const char *path, const struct stat *st, int type, struct FTW *where)
{
	char end[PATH_MAX];
	size_t len = strlen(place);

	(void)st;
	(void)where;
	must(type != FTW_DNR && type != FTW_NS);
	if (type == FTW_SL && realpath(path, end))
		must(strncmp(end, place, len) == 0 && (end[len] == '/' || end[len] == '\0'));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(tmpdir_done) struct tmpdir s = {.fd = -1};
	_cleanup_(str_free) char *text = size < SIZE_MAX_HERE ? malloc(size + 1) : NULL;
	struct err err = {""};

	if (!text || tmpdir_make(&s, &err) < 0)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (replay(&s, "F", text, &err) < 0)
		must(str_starts(err.text, "F:"));
	(void)str_copy(place, sizeof(place), s.path);
	must(nftw(s.path, look, OPEN_AT_ONCE, FTW_PHYS) == 0);
	return 0;
}
