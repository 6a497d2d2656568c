/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_SETUP_VM_H
#define CLI_SETUP_VM_H

#include "cli/cards_select.h"
#include "cli/one_card.h"
#include "cli/setup_state.h"
#include "cli/vm_edit.h"

/*
 * The step of `setup --vm`: the devices that boot will bind are put into a VM, and those that setup
 * has put there before and that boot will not bind any more are taken out.
 */
struct setup_vm {
	char *target; /* the domain's name, or the whole path of a file */
	struct vm vm;
	struct guest guest;             /* what the VM gets */
	struct pci_addr out[GUEST_MAX]; /* ... and what it loses */
	size_t n_out;
	struct vm_change change; /* the VM's new text, by both */
	size_t added;            /* functions that it gets by it, for messages */
};

/* Finds the VM. To be freed with setup_vm_done in each case. */
enum cmd_result setup_vm_open(struct setup_vm *ret, const char *target, struct err *err);
void setup_vm_done(struct setup_vm *s);

/*
 * Makes the change, and writes nothing: what the plan binds, or, if cards are named, these alone.
 * CMD_NOT_ALL, with a text, if another VM has a device of it, the VM's text does not take it, or
 * nothing is to be bound. Another machine's devices (w) are in no VM of this one.
 */
enum cmd_result setup_vm_plan(struct setup_vm *s, const struct plan *plan,
	const struct cards *cards, const struct setup_state *before, const struct sysroot *w,
	struct err *err);

/*
 * The same for one graphics card that the VM gets when it starts: that of the operand, or, without
 * one, the only one of the machine. CMD_USAGE for a VM that is not a domain's name, or if there are
 * several cards. *ret_card: its first function.
 */
enum cmd_result setup_vm_plan_single(struct setup_vm *s, char **operands, int n,
	const struct sysroot *w, struct pci_addr *ret_card, struct err *err);

/* Prints what the VM gets; logs what of it hinders that (cli/vm_advice). */
void setup_vm_show(const struct setup_vm *s);
void setup_vm_advise(const struct setup_vm *s);

/* Notes in the state what the change adds, and takes out, for setup_vm_undo. */
int setup_vm_note(
	const struct setup_vm *s, struct setup_state *state, struct err *err) _must_check_;
/* Notes the hook, before it is written. */
int setup_vm_note_hook(const struct setup_vm *s, const struct one_card *hook,
	struct setup_state *state, struct err *err) _must_check_;

/*
 * Removes the hook, if there is one, and takes everything out that setup has put into a VM of the
 * state, and compares the rest with what it was before: where it differs, others have changed it,
 * which stays and is logged. A VM that does not exist any more has nothing of ours.
 */
int setup_vm_undo(const struct setup_vm_state *of, struct err *err) _must_check_;

#endif
