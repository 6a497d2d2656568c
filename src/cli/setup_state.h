/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_SETUP_STATE_H
#define CLI_SETUP_STATE_H

#include "base/err.h"

#include <stdbool.h>

/*
 * What `setup` has done on this machine, in /var/lib/vfio-bind/setup, a step a line, so that
 * `setup --undo` takes back that and nothing else. Written before each step, and gone when nothing
 * is left to take back.
 */
#define SETUP_STATE_DIR "/var/lib/vfio-bind"

struct setup_state {
	bool config;     /* it wrote the config */
	unsigned change; /* the number of vfio-bootcfg's change, 0: none */
	bool images;     /* it had the images made */
};

/* 0, also where there is no such file: then nothing was done. */
int setup_state_read(struct setup_state *ret, struct err *err) _must_check_;
/* A state in which nothing was done removes the file. */
int setup_state_write(const struct setup_state *s, struct err *err) _must_check_;

/* The number of vfio-bootcfg's last change on this machine (its journal's directories), 0: none. */
unsigned setup_last_change(void);

#endif
