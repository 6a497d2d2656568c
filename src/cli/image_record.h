/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_IMAGE_RECORD_H
#define CLI_IMAGE_RECORD_H

#include "core/ctx.h"
#include "core/imageinfo.h"

/*
 * Appends the record of an image (core/imageinfo) for these kernels, with what the system of this
 * sysroot boots from. What can't be found is logged, and counted as needed by the guards at boot.
 * 0, or -ENOMEM with a text.
 */
int image_record_make(struct text *ret, const struct sysroot *of, const struct config *c,
	const char *digest, const struct strings *kernels, const struct strings *missing,
	struct err *err) _must_check_;

#endif
