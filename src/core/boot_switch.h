/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_BOOT_SWITCH_H
#define CORE_BOOT_SWITCH_H

#include <stdbool.h>
#include <stdint.h>

/* COMMAND_LINE_SIZE is 2048 on x86 and at most 4096 elsewhere (arch/.../include/asm/setup.h). */
#define KERNEL_CMDLINE_MAX 8192

/* The words on the kernel command line that concern vfio-bind. */
struct boot_switch {
	enum boot_mode { BOOT_BIND, BOOT_OFF, BOOT_DRY_RUN } mode;
	char reason[96];  /* why not BOOT_BIND, as a sentence */
	bool debug;       /* vfio_bind.debug */
	char network[64]; /* the word for a root file system on the network, or "" */
	/* A hash of the words that name what the host boots from: root, resume, keys and peers, in
	 * their order. 0 if the command line is not known. */
	uint64_t host_words;
};

/*
 * Reads vfio_bind=off, vfio_bind=dry-run and vfio_bind.debug; a boot for troubleshooting (a table
 * in the .c: rescue and recovery, a shell as init, a breakpoint, a crash kernel) counts as off. The
 * switch may be typed without a visible screen: of two values the more careful one wins; an unknown
 * value is off. Words after a bare "--" count, too: init gets them, and `single` is one of its own.
 */
struct boot_switch boot_switch_parse(const char *cmdline);

#define KERNEL_WORD_MAX 256

/* Copies the next word of *s as the kernel splits them, without its quotes, and moves *s past it;
 * false at the end. */
bool kernel_word_next(const char **s, char buf[static KERNEL_WORD_MAX]);

/* True if the word is this parameter, with or without a value. The kernel treats - and _ as equal;
 * name has _. */
bool kernel_word_is(const char *word, const char *name);

/* True if the word sets up the network before root is mounted, or names a root on the network. */
bool kernel_word_is_network(const char *word);

#endif
