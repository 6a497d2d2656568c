/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_BOOT_IMAGES_H
#define HOST_BOOT_IMAGES_H

#include "base/err.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* What the images of one boot entry hold. */
enum boot_image_state {
	BOOT_IMAGE_UNKNOWN, /* `why` says why */
	BOOT_IMAGE_WITHOUT, /* nothing of vfio-bind */
	BOOT_IMAGE_OTHER,   /* vfio-bind with another config than the one on the disk, or none */
	BOOT_IMAGE_KERNEL,  /* that of another kernel than the one of the entry */
	BOOT_IMAGE_HOLDS,   /* vfio-bind with this config */
};

/* A boot entry of this system that starts Linux, as vfio-bootcfg reads it. */
struct boot_image {
	char *title;
	char *path; /* "/boot/initrd.img-6.1": the image that `state` is about; NULL: it has none */
	bool way_back; /* a fallback or rescue entry, which must not hold it */
	bool shared;   /* an entry that is no way back starts the same image */
	enum boot_image_state state;
	char *why;     /* or NULL */
	char *profile; /* of its word vfio_bind.profile=; NULL: it has none */
};
struct boot_images {
	struct boot_image *at;
	size_t n;
};

/*
 * Asks vfio-bootcfg (the one beside this program, else the one of PATH) for the boot entries of the
 * system below root ("/" for this one), and reads their images: initramfs images and unified kernel
 * images, each once. `config` is the file that they have to hold; NULL: none. -ENOENT with a text
 * if no entry is known: no boot loader was found, or vfio-bootcfg is not there. -ENOMEM. The caller
 * empties *ret with boot_images_done in each case.
 */
int boot_images_read(struct boot_images *ret, const char *root, const char *config,
	struct err *err) _must_check_;
void boot_images_done(struct boot_images *b);

/* The vfio-bootcfg that came with this program: beside it, as in a build or in /usr/local, else the
 * name alone. */
const char *boot_images_bootcfg(char path[static PATH_MAX]);

/*
 * Is it as it should be? WITH: held by each entry but the ways back; WITHOUT: by none; NO_OTHER:
 * held or not, as before a setup that was undone, but not with another config. An image that could
 * not be read is not wrong.
 */
enum boot_image_want { BOOT_IMAGE_WANT_WITH, BOOT_IMAGE_WANT_WITHOUT, BOOT_IMAGE_WANT_NO_OTHER };
bool boot_image_is(const struct boot_image *b, enum boot_image_want want);

/* What it holds, as the end of a sentence that begins with its path: " holds vfio-bind, …". */
const char *boot_image_text(const struct boot_image *b);

#endif
