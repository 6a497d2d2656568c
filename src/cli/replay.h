/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_REPLAY_H
#define CLI_REPLAY_H

#include "base/err.h"
#include "shared/tmpdir.h"

/*
 * Makes a tree like /sys of the text that `record` writes and tests/unit/tree reads, where the form
 * is told: [directory], name = text, name | line, name @offset : bytes, name -> link. What of a PCI
 * function the text need not say, because the kernel derives it, is made as far as we read it.
 * -EINVAL, or another negative errno, with a text: "FILE:LINE: ...".
 */
int replay(
	const struct tmpdir *to, const char *file, const char *text, struct err *err) _must_check_;

#endif
