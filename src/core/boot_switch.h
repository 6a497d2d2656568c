/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_BOOT_SWITCH_H
#define CORE_BOOT_SWITCH_H

#include "base/kcmdline.h"

#include <stdbool.h>
#include <stdint.h>

/* The words on the kernel command line that concern vfio-bind. */
struct boot_switch {
	enum boot_mode { BOOT_BIND, BOOT_OFF, BOOT_DRY_RUN } mode;
	char reason[96];  /* why not BOOT_BIND, as a sentence */
	bool debug;       /* vfio_bind.debug */
	bool has_profile; /* vfio_bind.profile=, the last one */
	char profile[40]; /* its value, perhaps cut; no profile has so long a name */
	char network[64]; /* the word for a root file system on the network, or "" */
	/* A hash of the words that name what the host boots from: root, resume, keys and peers, in
	 * their order. 0 if the command line is not known. */
	uint64_t host_words;
};

/*
 * Reads vfio_bind=off, vfio_bind=dry-run, vfio_bind.profile=NAME and vfio_bind.debug; a boot for
 * troubleshooting (a table in the .c: rescue and recovery, a shell as init, a breakpoint, a crash
 * kernel) counts as off. The switch may be typed without a visible screen: of two values the more
 * careful one wins; an unknown value is off. Words after a bare "--" count, too: init gets them,
 * and `single` is one of its own.
 */
struct boot_switch boot_switch_parse(const char *cmdline);

/* True if the word sets up the network before root is mounted, or names a root on the network. */
bool kernel_word_is_network(const char *word);

#endif
