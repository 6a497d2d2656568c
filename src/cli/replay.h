/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_REPLAY_H
#define CLI_REPLAY_H

#include "base/err.h"
#include "core/protected.h"
#include "shared/tmpdir.h"

/*
 * Creates a tree like /sys from the text that `record` writes and tests/unit/tree reads, whose
 * format is described there: [directory], name = text, name | line, name @offset : bytes, name ->
 * link. Attributes of a PCI function that the kernel derives may be missing in the text and are
 * created as far as vfio-bind reads them. -EINVAL, or another negative errno, with a text:
 * "FILE:LINE: ...".
 */
int replay(struct tmpdir *to, const char *file, const char *text, struct err *err) _must_check_;

/* The protected devices that `record` found on the machine, from the tree: takes the place of a
 * search. */
protected_find replay_protected;

#endif
