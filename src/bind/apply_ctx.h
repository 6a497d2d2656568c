/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BIND_APPLY_CTX_H
#define BIND_APPLY_CTX_H

#include "bind/apply.h"
#include "bind/in_use.h"
#include "bind/steps.h"

#include <stddef.h>
#include <stdint.h>

/*
 * What apply (who walks the steps), load (who loads the modules) and verify (who judges them)
 * share: the list of steps, and what came of them. Nobody else includes this.
 */
enum step_kind {
	STEP_OVERRIDE,
	STEP_DROP_SLOT,    /* once: a slot of which one function failed gives up its others */
	STEP_NOTIFY_READY, /* once: boot may go on (background) */
	STEP_NOTE_DRIVER,  /* who has it before a module comes */
	STEP_REBAR,
	STEP_BEFORE, /* once: the modules of [modules] before */
	STEP_LOAD,   /* once */
	STEP_UNBIND,
	STEP_PROBE,
	STEP_FRAMEBUFFER, /* of the one display that the firmware's lies on */
	STEP_RESTORE,
	STEP_RESTORE_UNBIND, /* from the driver that it was bound to */
	STEP_RESTORE_PROBE,
};

struct step {
	enum step_kind kind;
	size_t verdict; /* none for those that come once */
};

/* One device's part of what the children find out. Each is written by one child at a time. */
struct device_progress {
	int override_error, rebar_error, unbind_error, probe_error; /* 0 or a negative errno */
	int framebuffer_error;
	bool overridden; /* our override may stand */
	bool was_set;    /* driver_override named the driver already when we came */
	bool noted;   /* `before` is known; no driver can have been bound by us earlier than that */
	bool dropped; /* another function of its slot could not get its override */
	bool in_step; /* a child is in one of its steps, or ended there */
	unsigned usec;
	char former[FORMER_MAX]; /* driver_override as it read before; "" where it was not read */
	char before[32];
	char in_use[IN_USE_WHY_MAX]; /* why its driver was not asked to let it go, or "" */
};

/* In memory that parent and children share. */
struct progress {
	struct err modules; /* why a module could not be loaded, or "" */
	struct device_progress device[];
};

struct apply_ctx {
	const struct plan *plan;
	const struct apply_options *options;
	struct progress *progress;
	struct step *steps;
	size_t n_steps;
	uint8_t *state; /* enum step_state of each step, shared too */
	int64_t began;  /* microseconds */
};

/* apply.c: the override of somebody else that the device had before, or "". */
const char *apply_ctx_former(const struct device_progress *d, const struct verdict *v);

/* load.c: is the device to have no driver at all? */
bool load_is_none(const struct verdict *v);

/* Loads the modules of [modules] before. A module that is not to be had is told to the log. */
void load_before(const struct apply_ctx *j);

/* Loads each driver that somebody shall have; why one is not to be had is left in the progress. */
void load_drivers(const struct apply_ctx *j);

/* verify.c: does the driver link that is there now keep what the verdict promised? */
bool verify_holds(const struct apply_ctx *j, const struct verdict *v, const char *driver);

/* Reads the driver links back and says, for what does not hold, why. One outcome a verdict. */
void verify(const struct apply_ctx *j, struct apply_result *outcomes);

/* Reads who has the device now; "?" where that can't be told. */
void verify_driver(const struct apply_ctx *j, const struct verdict *v, char buf[static 32]);

/* The signal that ended the work, or 0. */
int verify_interrupted(const struct apply_ctx *j);

/* Has a child been left behind in the kernel in one of the verdict's steps? */
bool verify_hangs(const struct apply_ctx *j, size_t verdict);

#endif
