/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_OWN_IMAGE_H
#define BOOTCFG_OWN_IMAGE_H

#include "bootcfg/commands.h"
#include "shared/root.h"

/*
 * --refresh-image FILE: gives a unified kernel image, as its builder has made it, a profile for
 * each of the list of entries of our own (loader/own_entries.h): the image's line and its words.
 * ukify has no key for that in uki.conf (--join-profile; systemd 257 to 262), so kernel-install's
 * plugin has the image built once more of its own sections, which are the same bytes afterwards.
 * -EINVAL, and the image as it was, where that can't be done: an older stub, profiles of its own, a
 * section that has to be made anew, a signature whose key is not known.
 */
enum cmd_result cmd_refresh_image(const struct args *a, const struct root *r, struct err *err);

#endif
