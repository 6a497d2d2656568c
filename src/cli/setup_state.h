/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_SETUP_STATE_H
#define CLI_SETUP_STATE_H

#include "base/err.h"

#include <stdbool.h>

/*
 * The steps that `setup` has done on this machine, in /var/lib/vfio-bind/setup, one per line, so
 * that `setup --undo` undoes these and nothing else. Written before each step, and removed when no
 * step is left to undo.
 */
#define SETUP_STATE_DIR "/var/lib/vfio-bind"

struct setup_state {
	bool config;     /* the config is written */
	unsigned change; /* the number of vfio-bootcfg's change, 0: none */
	bool images;     /* the images are built */
};

/* 0, also if the file does not exist: then nothing was done. */
int setup_state_read(struct setup_state *ret, struct err *err) _must_check_;
/* A state without a step removes the file. */
int setup_state_write(const struct setup_state *s, struct err *err) _must_check_;

/* The number of vfio-bootcfg's last change on this machine (its journal's directories), 0: none. */
unsigned setup_last_change(void);

#endif
