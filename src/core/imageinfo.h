/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_IMAGEINFO_H
#define CORE_IMAGEINFO_H

#include "base/err.h"
#include "core/config.h"
#include "core/kmod.h"
#include "core/protected.h"

#include <stddef.h>
#include <stdint.h>

/* Set by the build; tools that only parse the source do not have it. */
#ifndef VERSION
#define VERSION "unknown"
#endif

/*
 * /etc/vfio-bind.image in an image: data known when the image was made. One item per line, after
 * its kind:
 *
 * version 1
 * kernel VERSION        (more than one in an archive that serves several kernels)
 * program VERSION       (of vfio-bind; not with 0.2.0 or older)
 * config DIGEST FILE    (not if the config could not be read)
 * host DIGEST           (words of the kernel command line: host_words in core/boot_switch)
 * keep ...              (protected devices: core/protected)
 * error FILE:LINE: ...  (a package manager makes the image despite errors)
 * missing MODULE        (wanted, but not in the kernel)
 *
 * A reader skips unknown kinds, so that an older program in an older image and a newer one on the
 * host understand each other.
 */
#define IMAGE_RECORD_NAME "vfio-bind.image"
#define IMAGE_RECORD_MAX 65536

#define IMAGE_DIGEST_MAX 17

/*
 * Tells whether a config has changed, and nothing else: 16 hexadecimal digits of its bytes (FNV-1a,
 * 64 bits). -errno where it can't be read.
 */
int imageinfo_digest(char ret[IMAGE_DIGEST_MAX], const char *path, struct err *err) _must_check_;

/* What is known when an image is made. */
struct imageinfo_data {
	const struct config *config;
	const char *digest;            /* of the config, or "" */
	const struct strings *kernels; /* versions */
	const struct strings *missing; /* modules that this kernel does not have */
	const struct protected_list *protected;
	uint64_t host_words; /* core/boot_switch; 0: not known */
};

/* Appends the record. What does not fit into IMAGE_RECORD_MAX is left out from the end, in whole
 * lines. ret->failed: out of memory. */
void imageinfo_format(struct text *ret, const struct imageinfo_data *data);

/* Writes it below root, the directory that becomes the image. 0 or -errno. */
int imageinfo_save(const char *root, const struct text *record, struct err *err) _must_check_;

/* The same for another file beside it. */
int imageinfo_save_as(const char *root, const char *name, const struct text *content,
	struct err *err) _must_check_;

struct imageinfo {
	char *data;
	size_t len, at;
};

/*
 * Reads the record in the directory of the config. -ENOENT if there is none, -EPERM if users other
 * than root may have written it: see file_read_trusted.
 */
int imageinfo_read(struct imageinfo *ret, const char *config, struct err *err) _must_check_;
void imageinfo_done(struct imageinfo *r);

/*
 * The value of the next item of that kind, a string owned by the record. NULL after the last; then
 * it starts over, so that a loop over another kind may follow.
 */
const char *imageinfo_next(struct imageinfo *r, const char *kind);

/*
 * Returns 1 if an image whose record has this digest was made from the config, 0 if not (also for
 * NULL: the config could not be read then); or -errno with a text: -ENOENT if there is no config.
 */
int imageinfo_is_of_config(const char *digest, const char *config, struct err *err) _must_check_;

#endif
