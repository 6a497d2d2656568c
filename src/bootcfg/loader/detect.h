/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_DETECT_H
#define BOOTCFG_LOADER_DETECT_H

#include "bootcfg/loader/esp.h"
#include "shared/root.h"

/* How the system boots, according to its files. Facts only; loaders.c draws the conclusions. */
struct detect {
	const struct root *root;
	char *os_id, *os_like;    /* of os-release; "" where unknown */
	char *machine_id, *token; /* NULL where unknown */
	struct strings roots;     /* names of its root file system, as root= has them: UUID=… */
	struct strings boots;     /* directories that may be $BOOT or the ESP: boot, efi, … */
	struct strings unmounted; /* mount points in fstab that are empty or missing */
	bool root_read_only;      /* fstab mounts / so */
	struct esps esps;         /* boot partitions of the running system, by type */
	bool systemd_boot;        /* its binary or its loader.conf exists */
	char *grub_cfg;           /* the menu of this system; NULL: none */
	bool grub_mkconfig;       /* the program exists */
	bool grub2;               /* … and its name is grub2-mkconfig */
	bool grub_menu;           /* grub.cfg contains menu entries */
	bool grub_bls;            /* grub.cfg reads entries at boot, or that is enabled */
	bool grub_complete; /* grub-mkconfig made grub.cfg, or the program that makes one exists */
	bool grub_defaults; /* /etc/default/grub exists */
	bool grub_dropins;  /* this grub-mkconfig reads /etc/default/grub.d (Debian's patch) */
	bool grub_dropins_sure; /* … false: that is not known */
	bool sh_is_bash;        /* or may be: += works in files sourced by sh */
};

int detect_make(const struct root *r, struct detect *ret, struct err *err) _must_check_;
void detect_done(struct detect *s);

/* The value of a variable in a shell file, or NULL: unset, unknown, no such file. Allocated. */
char *detect_shell_value(const struct root *r, const char *path, const char *name);

/* The first of these names (NULL-terminated) that is a file below a directory with boot files:
 * allocated, or NULL. */
char *detect_below_boots(const struct detect *s, const char *const *names);

/* The path of the first entry (a file .conf) in loader/entries of the directories with boot files
 * for which `wanted` is true: allocated, or NULL. `with` is passed to it. */
typedef bool detect_wanted(
	const struct root *r, const char *name, const char *path, const void *with);
char *detect_entry(const struct detect *s, detect_wanted *wanted, const void *with);

/* True if there is one whose name ends so. */
bool detect_has_entry(const struct detect *s, const char *suffix);

/*
 * Adds the files of these names in these directories (both NULL-terminated) below each directory
 * with boot files: "" is that one itself, "EFI/\*" each directory below EFI. Case does not count,
 * as on the FAT of an ESP; a file with two paths is added once. 0 or -ENOMEM.
 */
int detect_boot_files(const struct detect *s, const char *const *dirs, const char *const *names,
	struct strings *to) _must_check_;

/* True if ID or ID_LIKE of os-release has this distribution. */
bool detect_is_like(const struct detect *s, const char *id);

#endif
