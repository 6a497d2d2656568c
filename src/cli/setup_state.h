/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_SETUP_STATE_H
#define CLI_SETUP_STATE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The steps that `setup` has done on this machine, in /var/lib/vfio-bind/setup, one per line, so
 * that `setup --undo` undoes these and nothing else. Written before each step, and removed when no
 * step is left to undo.
 */
#define SETUP_STATE_DIR "/var/lib/vfio-bind"

struct setup_state {
	bool config;         /* the config is written */
	bool knows_before;   /* by a version that noted `before` */
	uint64_t before;     /* str_hash of the file before setup; of no byte if there was none */
	bool had_file;       /* there was one */
	unsigned change[16]; /* the numbers of vfio-bootcfg's changes, in their order */
	size_t n_changes;
	bool trial;   /* the last of them is for one boot */
	bool images;  /* the images are built, or were begun to be */
	bool made;    /* they were built to their end */
	bool archive; /* ... no image: an archive that the boot entries load */
};

/* True if no step is done. */
bool setup_state_is_empty(const struct setup_state *s);

/* Adds a change. -ENOSPC with a text if there is no room for one more. */
int setup_state_add(struct setup_state *s, unsigned change, struct err *err) _must_check_;

/* 0, also if the file does not exist: then nothing was done. */
int setup_state_read(struct setup_state *ret, struct err *err) _must_check_;
/* A state without a step removes the file. The copy is as safe as the file: read back. */
int setup_state_write(const struct setup_state *s, struct err *err) _must_check_;

/* The number of vfio-bootcfg's last change on this machine (its journal's directories), 0: none. */
unsigned setup_last_change(void);
/* True if it is there: not yet undone. */
bool setup_change_exists(unsigned change);

#endif
