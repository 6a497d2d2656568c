/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_OWNERS_H
#define BOOTCFG_OWNERS_H

#include "bootcfg/request.h"
#include "bootcfg/survey.h"

/*
 * Systems where the kernel command line belongs to a deployment or a declaration, and an edit of
 * the boot files would be lost or would do harm. LOADERS_OWNED, and err tells how it is done there.
 */
int owners_check(const struct survey *s, const struct request *r, struct err *err) _must_check_;

#endif
