/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/unpack.h"

#include "base/dir.h"
#include "base/file.h"
#include "base/str.h"
#include "shared/spawn.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The largest modules, those of GPU drivers, have some 30 MiB. */
#define MODULE_MAX (256U << 20)

/* The kernel's own choice (scripts/Makefile.modinst). */
static const struct {
	const char *suffix, *program;
} decompressors[] = {{".ko.xz", "xz"}, {".ko.zst", "zstd"}, {".ko.gz", "gzip"}};
#define N_DECOMPRESSORS (sizeof(decompressors) / sizeof(*decompressors))

static const char *decompressor(const char *name, size_t *ret_len)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < N_DECOMPRESSORS; i++) {
		size_t n = strlen(decompressors[i].suffix);
		if (len > n && str_equal(name + len - n, decompressors[i].suffix)) {
			*ret_len = len - n + strlen(".ko");
			return decompressors[i].program;
		}
	}
	return NULL;
}

static int decompress(struct text *ret, const char *program, const char *file, struct err *err)
{
	const char *const argv[] = {program, "-dc", file, NULL};
	int status = spawn_read(argv, ret, MODULE_MAX, err);

	if (status < 0)
		return status;
	if (status > 0 || ret->len < SELFMAG || memcmp(ret->data, ELFMAG, SELFMAG) != 0)
		return err_set(err, EIO, "%s: %s can't decompress it", file, program);
	return 0;
}

/* lib is a link to usr/lib in all but old images. */
static int open_updates(const char *root, const char *kernel, struct err *err)
{
	_cleanup_(str_free) char *lib = NULL, *path = NULL;
	struct stat st;

	if (asprintf(&lib, "%s/lib", root) < 0)
		return err_set(err, ENOMEM, "out of memory");
	bool own = lstat(lib, &st) == 0 && S_ISDIR(st.st_mode);
	if (asprintf(&path, "%s/%slib/modules/%s/updates/vfio-bind", root, own ? "" : "usr/",
		    kernel) < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (dir_make(path, err) < 0)
		return -EIO;
	int fd = open(path, O_DIRECTORY | O_PATH | O_CLOEXEC);
	return fd >= 0 ? fd : err_set(err, errno, "%s: can't open it: %s", path, strerror(errno));
}

int module_unpack(const char *root, const char *kernel, const char *file, struct err *err)
{
	_cleanup_(text_done) struct text content = {0};
	_cleanup_(str_free) char *name = NULL;
	size_t len = 0;
	const char *slash = strrchr(file, '/'), *program = decompressor(file, &len);

	if (!program)
		return 0;
	name = strndup(slash ? slash + 1 : file, len - (slash ? (size_t)(slash + 1 - file) : 0));
	if (!name)
		return err_set(err, ENOMEM, "out of memory");
	int r = decompress(&content, program, file, err);
	if (r < 0)
		return r;
	_cleanup_(fd_close) int dir = open_updates(root, kernel, err);
	if (dir < 0)
		return dir;
	r = file_replace_volatile(dir, name, content.data, content.len, 0644, err);
	return r < 0 ? r : 1;
}
