/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_GRUB_SCRIPTS_H
#define BOOTCFG_LOADER_GRUB_SCRIPTS_H

#include "bootcfg/format/line_index.h"
#include "shared/root.h"

#include <stdbool.h>

/*
 * Which script of /etc/grub.d printed a line of grub.cfg: grub-mkconfig puts its path before and
 * behind what it prints ("### BEGIN /etc/grub.d/10_linux ###").
 */
struct grub_scripts {
	char *text; /* of the menu; NULL: it cannot be read */
	size_t len;
	struct line_index lines;
	bool marked; /* it has such lines at all */
};
int grub_scripts_read(struct grub_scripts *s, const struct root *r, const char *menu) _must_check_;
void grub_scripts_done(struct grub_scripts *s);

/* The script of this line, without a leading slash: allocated, or NULL: none printed it. */
char *grub_scripts_of(const struct grub_scripts *s, size_t line);

/* The number of the line of the script that is this line of the menu; 0: it has no such line. */
size_t grub_scripts_copied(
	const struct grub_scripts *s, const struct root *r, const char *script, size_t line);

#endif
