/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_FORMAT_LOAD_OPTION_H
#define BOOTCFG_FORMAT_LOAD_OPTION_H

#include <stdbool.h>
#include <stddef.h>

/* A boot entry of the firmware, Boot#### (UEFI 2.10, section 3.1.3, EFI_LOAD_OPTION). */
struct load_option {
	bool active;
	char *title; /* of ASCII letters; others are a `?` */
	char *path;  /* of its program on its partition, with slashes, none before it; NULL: none */
	/* What the program is started with, if that is text (UTF-16 of ASCII letters); NULL: none.
	 */
	char *options;
	bool options_unread; /* it is started with something else */
};

/* Reads the data of the variable. -EINVAL: it is not whole. *ret is to be emptied in each case. */
int load_option_read(const char *data, size_t len, struct load_option *ret);
void load_option_done(struct load_option *o);

#endif
