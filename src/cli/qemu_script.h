/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_QEMU_SCRIPT_H
#define CLI_QEMU_SCRIPT_H

#include "base/str.h"
#include "base/strings.h"
#include "cli/guest.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Words of vfio-bind in a shell script that starts QEMU: a pure editor, text in, text out, of which
 * nothing is run. They are between two marks, which expand to nothing; every other byte stays, and
 * removing them restores the first text.
 *
 * The words are put where QEMU gets them: between the lines that a generator left for them in an
 * array; else behind the name of the program, in the one command, array or string in which the
 * script has it.
 */

/*
 * Removes the words of vfio-bind and, if words (n of them, "-device" and its value by turns) are
 * given, inserts them again: at the same place, and the same words twice change nothing. `name` is
 * for messages.
 *
 * With NAME:LINE where there is one: -ENOENT if nothing in the text tells where QEMU is started,
 * -ENOTUNIQ if it is started at more than one place, -EINVAL for text that is not understood, or a
 * mark without the other one: then the lines were edited, and their end is not known. -ENOMEM.
 */
int script_edit(struct text *ret, const char *name, const char *script, size_t len,
	const char *const *words, size_t n, struct err *err) _must_check_;

/*
 * The functions of vfio-bind in the script, in their order; ROM files are added to *roms, which
 * keeps them. At most GUEST_MAX. -EINVAL for a mark without the other one, -ENOMEM.
 */
int script_functions(struct guest_function *ret, size_t *ret_n, struct strings *roms,
	const char *name, const char *script, size_t len, struct err *err) _must_check_;

/* What the script says of the machine. */
enum script_machine { SCRIPT_PCIE, SCRIPT_PCI, SCRIPT_UNKNOWN };
enum script_machine script_machine(const char *script, size_t len);

/* The line, from 1, of a vfio-pci device for this address, or 0; for a script without words of
 * vfio-bind. */
unsigned script_has(const char *script, size_t len, struct pci_addr addr);

#endif
