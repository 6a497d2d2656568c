/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "cli/check_ctx.h"

/* The topics of check_images and check_others, whose findings a record contains. NULL-terminated.
 */
extern const char *const check_recorded_topics[];

/* The checks, a file each; each adds its findings. */
void check_iommu(const struct check_ctx *c);
void check_plan(const struct check_ctx *c);
void check_images(const struct check_ctx *c);
void check_others(const struct check_ctx *c);

#endif
