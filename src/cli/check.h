/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "cli/check_ctx.h"

/* The topics of what check_images finds, which can't be found in a record. Behind them NULL. */
extern const char *const check_image_topics[];

/* The sides of a machine, a file each; each adds what it finds. */
void check_iommu(const struct check_ctx *c);
void check_plan(const struct check_ctx *c);
void check_images(const struct check_ctx *c);
void check_others(const struct check_ctx *c);

#endif
