/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_FORMAT_SHELL_ENCODE_H
#define BOOTCFG_FORMAT_SHELL_ENCODE_H

#include "base/str.h"
#include "bootcfg/kargs/tokens.h"

/* The context of a src_byte: the quotes around it. */
enum shell_context { SHELL_BARE, SHELL_DOUBLE, SHELL_SINGLE, SHELL_DOLLAR_SINGLE };

/* Writes text in a context: an edit_encode. */
int shell_encode(uint8_t context, const char *text, enum dialect dialect, struct text *ret,
	struct err *err) _must_check_;

/* Writes a word for GRUB's script; -EINVAL: GRUB cannot pass `"`, `'` and `\` to the kernel. */
int grub_encode(const char *word, struct text *ret, struct err *err) _must_check_;

#endif
