/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_FORMAT_MENU_H
#define BOOTCFG_FORMAT_MENU_H

#include "base/err.h"
#include "base/strings.h"
#include "bootcfg/kargs/tokens.h"

#include <stdbool.h>
#include <stddef.h>

/* Menus that are written by hand: each entry has a command line of its own. */
enum menu_kind {
	MENU_LIMINE,       /* limine.conf, and limine.cfg of before 9.0 */
	MENU_EXTLINUX,     /* extlinux.conf, syslinux.cfg */
	MENU_REFIND_LINUX, /* refind_linux.conf */
	MENU_REFIND_CONF,  /* the stanzas of refind.conf and of the files that it includes */
};

struct menu_entry {
	char *title;  /* with those of the menus around it: "Arch/linux" */
	char *kernel; /* the path as the file spells it; NULL: none, or not in this file */
	struct strings initrds; /* … each as a path of its own */
	size_t line;            /* where it begins, from 1 */
	bool is_linux;          /* false: a program that takes no kernel parameters */
	bool is_way_back;       /* by its title, those around it, its kernel or its initrd */
	bool inherits;          /* it has the line of the entry around it, and none of its own */
	size_t own;             /* … and where one would be written: an offset in the text */
	struct tokens words;    /* as the kernel gets them, each byte with its place in the file */
};

struct menu_entries {
	struct menu_entry *v;
	size_t n;
};
void menu_entries_done(struct menu_entries *o);

/*
 * Reads a menu. Disabled entries are left out. Pure. -EINVAL with NAME:LINE for a line that its
 * reader would take otherwise than it looks; -ENOMEM without a text.
 */
int menu_read(enum menu_kind kind, const char *name, const char *text, size_t len,
	struct menu_entries *ret, struct err *err) _must_check_;

/* Why an entry is left alone; NULL: it is this system's, and edited. `roots`: the names of this
 * system's root file system. */
const char *menu_entry_left(const struct menu_entry *e, const struct strings *roots);

#endif
