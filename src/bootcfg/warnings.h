/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_WARNINGS_H
#define BOOTCFG_WARNINGS_H

#include "bootcfg/format/file_edit.h"
#include "bootcfg/loader/karg_sources.h"
#include "shared/root.h"

/*
 * What a person should know about one command line and what they asked for: words that are without
 * effect, that contradict each other, that stay although they may have meant them. Adds sentences
 * to `to`, each once.
 */
int warnings_words(const struct strings *before, const struct strings *after,
	const struct karg_ops *r, struct strings *to) _must_check_;

/* The same about the system: a disk's key that is bound to the measured command line, an image that
 * needs a signature. */
int warnings_system(const struct root *r, const struct loaders *l, struct strings *to) _must_check_;

/* And about the files that change: names they share with others. */
int warnings_files(
	const struct root *r, const struct file_edits *s, struct strings *to) _must_check_;

#endif
