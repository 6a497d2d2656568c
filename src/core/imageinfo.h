/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_IMAGEINFO_H
#define CORE_IMAGEINFO_H

#include "base/err.h"
#include "core/config.h"
#include "core/kmod.h"
#include "core/protected.h"

#include <stddef.h>

/* Set by the build; readers of sources have none. */
#ifndef VERSION
#define VERSION "unknown"
#endif

/*
 * /etc/vfio-bind.image in an image: what was known when the image was made. A fact a line, its kind
 * before it:
 *
 *	version 1
 *	kernel VERSION
 *	program VERSION       (of vfio-bind; not where it is 0.2.0 or older)
 *	config DIGEST FILE    (not where the config could not be read)
 *	keep ...              (what the host stands on: core/protected)
 *	error FILE:LINE: ...  (a package manager's image is made all the same)
 *	missing MODULE        (wanted, and the kernel has none)
 *
 * Who reads it passes over kinds that it doesn't know, so that an older program in an older image
 * and a newer one on the host understand each other.
 */
#define IMAGE_RECORD_NAME "vfio-bind.image"
#define IMAGE_RECORD_MAX 65536

#define IMAGE_DIGEST_MAX 17

/*
 * Tells whether a config has changed, and nothing else: 16 hexadecimal digits of its bytes (FNV-1a,
 * 64 bits). -errno where it can't be read.
 */
int imageinfo_digest(char ret[IMAGE_DIGEST_MAX], const char *path, struct err *err) _must_check_;

/*
 * Writes it below root, the directory that becomes the image; `kernel` is a version, `digest` that
 * of the config or "", `missing` the modules that this kernel has not. What does not fit into
 * IMAGE_RECORD_MAX is left out from the end, in whole lines. 0 or -errno.
 */
int imageinfo_save(const char *root, const struct config *c, const char *digest,
	const struct strv *missing, const struct protected_list *keep, const char *kernel,
	struct err *err) _must_check_;

struct imageinfo {
	char *data;
	size_t len, at;
};

/*
 * Reads the record that stands beside the config of that path. -ENOENT where there is none, -EPERM
 * where others than root may have written it: see file_read_trusted.
 */
int imageinfo_read(struct imageinfo *ret, const char *config, struct err *err) _must_check_;
void imageinfo_done(struct imageinfo *r);

/*
 * The value of the next fact of that kind: a string of the record's. Behind the last one NULL, and
 * from there on the first again, so that a loop over one kind may follow on another.
 */
const char *imageinfo_next(struct imageinfo *r, const char *kind);

/*
 * Is the image that this boot came from of the config as it is now? By the report in report_dir.
 * 1 or 0, or -errno with a text: -ENODATA where the report doesn't say (vfio_bind=off, or an image
 * of an older vfio-bind), -ENOENT where there is no report or no config.
 */
int imageinfo_is_of_config(
	const char *report_dir, const char *config, struct err *err) _must_check_;

#endif
