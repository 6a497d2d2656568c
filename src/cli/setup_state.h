/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_SETUP_STATE_H
#define CLI_SETUP_STATE_H

#include "base/err.h"
#include "pci/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The steps that `setup` has done on this machine, in /var/lib/vfio-bind/setup, one per line, so
 * that `setup --undo` undoes these and nothing else. Written before each step, and removed when no
 * step is left to undo.
 */
#define SETUP_STATE_DIR "/var/lib/vfio-bind"

/* What setup has put into one VM. */
#define SETUP_VM_FUNCTIONS 64
struct setup_vm_state {
	char target[256]; /* the domain's name, or the whole path of a file */
	uint64_t before;  /* str_hash of its bytes before the first of it */
	struct pci_addr functions[SETUP_VM_FUNCTIONS];
	size_t n;
	bool has_hook; /* of libvirt (cli/one_card) */
	uint64_t hook; /* str_hash of it */
	unsigned hook_dirs;
};

#define SETUP_VMS 8
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
	struct setup_vm_state vm[SETUP_VMS];
	size_t n_vms;
};

/* True if no step is done. */
bool setup_state_is_empty(const struct setup_state *s);

/* Adds a change. -ENOSPC with a text if there is no room for one more. */
int setup_state_add(struct setup_state *s, unsigned change, struct err *err) _must_check_;

/* What it has put into this VM, or NULL. */
const struct setup_vm_state *setup_state_vm(const struct setup_state *s, const char *target);
/* The same; without one, an empty one is added. NULL with a text if there is no room for it. */
struct setup_vm_state *setup_state_add_vm(
	struct setup_state *s, const char *target, uint64_t before, struct err *err);

/* 0, also if the file does not exist: then nothing was done. */
int setup_state_read(struct setup_state *ret, struct err *err) _must_check_;
/* A state without a step removes the file. The copy is as safe as the file: read back. */
int setup_state_write(const struct setup_state *s, struct err *err) _must_check_;

/* The number of vfio-bootcfg's last change on this machine (its journal's directories), 0: none. */
unsigned setup_last_change(void);
/* True if it is there: not yet undone. */
bool setup_change_exists(unsigned change);

#endif
