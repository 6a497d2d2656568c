/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_DETECT_H
#define BOOTCFG_LOADER_DETECT_H

#include "bootcfg/loader/esp.h"
#include "shared/root.h"

/* What the files of a system say about how it boots. Facts only; loaders.c concludes. */
struct detect {
	const struct root *root;
	char *os_id, *os_like;    /* of os-release; "" where unknown */
	char *machine_id, *token; /* NULL where unknown */
	struct strings boots;     /* directories that may be $BOOT or the ESP: boot, efi, … */
	struct strings unmounted; /* those fstab mounts there and that are empty */
	struct esps esps;         /* boot partitions of the running system, by type */
	bool systemd_boot;        /* its binary or its loader.conf is there */
	char *grub_cfg;           /* NULL: none */
	bool grub_mkconfig;       /* the program is there */
	bool grub_menu;           /* grub.cfg holds menu entries */
	bool grub_bls;            /* grub.cfg has entries read at boot, or it is switched on */
	bool grub_defaults;       /* /etc/default/grub is there */
	bool grub_dropins;      /* this grub-mkconfig reads /etc/default/grub.d (Debian's patch) */
	bool grub_dropins_sure; /* … or nobody can tell */
	bool sh_is_bash;        /* or may be: += works in files that sh sources */
	char *loader_type;      /* LOADER_TYPE of openSUSE, or NULL */
};

int detect_make(const struct root *r, struct detect *ret, struct err *err) _must_check_;
void detect_done(struct detect *s);

/* The value a shell file gives a variable, or NULL: unset, unknown, no such file. Allocated. */
char *detect_shell_value(const struct root *r, const char *path, const char *name);

/* Distribution by os-release's ID or ID_LIKE. */
bool detect_is_like(const struct detect *s, const char *id);

#endif
