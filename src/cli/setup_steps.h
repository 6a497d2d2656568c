/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_SETUP_STEPS_H
#define CLI_SETUP_STEPS_H

#include "base/err.h"
#include "base/interrupt.h"
#include "base/str.h"
#include "cli/config_file.h"
#include "cli/setup_state.h"
#include "cli/setup_vm.h"

#include <stdbool.h>

/* The program that makes the images, and puts them back. */
#define SETUP_IMAGES "/usr/lib/vfio-bind/setup"

enum setup_step { STEP_CONFIG, STEP_PARAMETERS, STEP_VM, STEP_HOOK, STEP_IMAGES, SETUP_STEPS };

/* One run of `setup`, on this machine. The caller holds the interrupts (interrupt_hold). */
struct setup_run {
	bool needed[SETUP_STEPS]; /* what is not yet as it is to be */
	bool done[SETUP_STEPS];   /* what setup_do has done of it */
	const struct config_file *file;
	const struct text *body; /* of the config to be written */
	bool trial;              /* the parameters for one boot */
	bool archive;            /* no image is made: the boot entries load an archive */
	bool to_stderr;          /* standard output is for data */
	bool ask;                /* whether edits of the config may be lost by an undo */
	bool images_begun;
	struct setup_vm *vm; /* of --vm, or NULL; its change is made */
	bool vm_begun;
	struct one_card *hook; /* of --single, or NULL */
	bool hook_begun;
	struct interrupt interrupt;
	struct setup_state state; /* as it is on disk */
};

/* Which of the steps parameters and images is needed, asked of vfio-bootcfg and of the images of
 * each boot entry. What can't be found out is needed. */
void setup_find_needed(struct setup_run *s);

/*
 * Does the needed steps, and tells each on standard error. If one fails, or an interrupt comes
 * before the images are begun, what this run did is undone, and no more; images that are begun are
 * finished. 0; -EINTR with a text: interrupted and undone; another negative errno with a text,
 * undone as far as the log says.
 */
int setup_do(struct setup_run *s, struct err *err) _must_check_;

/*
 * Undoes all that setup has done on this machine, and compares the config with what was there
 * before. Can be run again after an interrupt (-EINTR) or an error.
 */
int setup_undo(struct setup_run *s, struct err *err) _must_check_;

#endif
