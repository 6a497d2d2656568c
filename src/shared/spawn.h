/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHARED_SPAWN_H
#define SHARED_SPAWN_H

#include "base/err.h"

/*
 * Runs another program of the system (our own setup, vfio-bootcfg) for a person who asked for it,
 * with standard input, output and error of ours and a PATH that is nobody's to choose, and waits
 * for it: it asks and tells for itself. argv ends in NULL; no shell reads it. Returns its exit
 * status (128 + the signal that ended it), or a negative errno where it could not be started.
 */
int spawn_program(const char *const argv[], struct err *err) _must_check_;

/* The same for a question to a program: it reads nothing, and what it prints is nobody's business.
 */
int spawn_silently(const char *const argv[], struct err *err) _must_check_;

#endif
