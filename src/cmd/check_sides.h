/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_CHECK_SIDES_H
#define CMD_CHECK_SIDES_H

#include "cmd/judged.h"

/* The topics of what check_images finds, which can't be found in a record. Behind them NULL. */
extern const char *const check_image_topics[];

/* The sides of a machine, a file each; each adds what it finds. */
void check_iommu(const struct judged *c);
void check_plan(const struct judged *c);
void check_images(const struct judged *c);
void check_others(const struct judged *c);

#endif
