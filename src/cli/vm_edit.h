/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_VM_EDIT_H
#define CLI_VM_EDIT_H

#include "base/command.h"
#include "cli/domain.h"
#include "cli/guest.h"
#include "cli/script_file.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A VM that exists, and the change of the host's functions that it has: a domain of libvirt by its
 * name (its persistent config), the XML file of one, or a shell script that starts QEMU.
 */
enum vm_kind { VM_DOMAIN, VM_XML, VM_SCRIPT };

struct vm {
	const char *target; /* NAME or FILE, as given; by reference */
	const char *uri;    /* libvirt's connection; by reference */
	enum vm_kind kind;
	struct text text;
	struct domain domain;       /* of that text; of a script its functions alone */
	struct script_file *script; /* or this */
};

/* True for a word with a slash, and for the name of an existing file. */
bool vm_is_file(const char *target);

/*
 * Reads it. CMD_NOT_ALL for a text that is no VM, or not understood; CMD_SYSTEM for one that can't
 * be read, and for a domain that libvirt does not know. To be freed with vm_done in each case.
 */
enum cmd_result vm_open(struct vm *ret, const char *uri, const char *target, struct err *err);
void vm_done(struct vm *v);

/* Its bytes now. */
const char *vm_text(const struct vm *v, size_t *ret_len);

/*
 * Whether another domain of the same libvirt has one of the functions: CMD_NOT_ALL, with a text.
 * For a file, a libvirt that is not there or does not answer is no obstacle unless it `must` be
 * asked.
 */
enum cmd_result vm_is_shared(const struct vm *v, const struct guest *g, bool must, struct err *err);

/* A change that is not written. */
struct vm_change {
	struct guest *guest; /* by reference: what the VM has in the slots that are edited */
	struct pci_addr at[GUEST_MAX]; /* a function of each of these slots, or more */
	size_t n;
	struct text text; /* the VM's new bytes */
	bool differs;     /* ... from those of now */
};
void vm_change_done(struct vm_change *c);

/*
 * The VM with the functions of `guest`, and without those of `out`. What vfio-bind has put into the
 * same slots before stays: it is added to the guest, which is laid out. CMD_NOT_ALL where the VM's
 * text does not take it (of a script the words are printed then) or has a function by other means.
 */
enum cmd_result vm_change_make(struct vm_change *ret, const struct vm *v, struct guest *guest,
	const struct pci_addr *out, size_t n_out, struct err *err);

/* Writes a change that differs, and reads back what libvirt made of it. A VM that runs is logged.
 */
enum cmd_result vm_change_write(const struct vm *v, const struct vm_change *c, struct err *err);

/* Puts the bytes back that the VM had when it was opened. `c` was written, or was begun to be. */
int vm_change_revert(const struct vm *v, const struct vm_change *c, struct err *err) _must_check_;

#endif
