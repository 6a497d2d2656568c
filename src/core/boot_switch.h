/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_BOOT_SWITCH_H
#define CORE_BOOT_SWITCH_H

#include <stdbool.h>

/* What the kernel command line says about us. */
struct boot_switch {
	enum boot_mode { BOOT_BIND, BOOT_OFF, BOOT_DRY_RUN } mode;
	char reason[96];  /* why not BOOT_BIND, for people */
	bool debug;       /* vfio_bind.debug */
	char network[64]; /* the word that says that the root file system is on the network, or ""
			   */
};

/*
 * Reads vfio_bind=off, vfio_bind=dry-run and vfio_bind.debug; a boot that is not ours (a table in
 * the .c: rescue and recovery, a shell as init, a breakpoint, a crash kernel) counts as off.
 * Whoever types the switch stands before a black screen: said twice, the more careful word wins; a
 * value we don't know is off. Words behind a bare "--" count too: init gets them, and `single` is
 * one of its own.
 */
struct boot_switch boot_switch_parse(const char *cmdline);

#define KERNEL_WORD_MAX 256

/* Takes the next word off *s as the kernel cuts them, without its quotes; false at the end. */
bool kernel_word_next(const char **s, char buf[static KERNEL_WORD_MAX]);

/* Is the word this parameter, with a value or without? For the kernel - and _ are one; name has _.
 */
bool kernel_word_is(const char *word, const char *name);

/* Does the word have the network set up before root is mounted, or name a root that is on it? */
bool kernel_word_is_network(const char *word);

#endif
