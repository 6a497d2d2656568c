/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_WARNINGS_H
#define BOOTCFG_WARNINGS_H

#include "bootcfg/format/file_edit.h"
#include "bootcfg/loader/karg_sources.h"
#include "shared/root.h"

/*
 * Warnings about one command line and the request: parameters without effect, parameters that
 * contradict each other, parameters that stay although the request may have meant them. Adds
 * sentences to `to`, each once.
 */
int warnings_words(const struct strings *before, const struct strings *after,
	const struct karg_ops *r, struct strings *to) _must_check_;

/* Warnings about the system: a disk key that is bound to the measured command line, an image that
 * needs a signature. */
int warnings_system(const struct root *r, const struct loaders *l, struct strings *to) _must_check_;

/* Warnings about changed files: hard links. */
int warnings_files(
	const struct root *r, const struct file_edits *s, struct strings *to) _must_check_;

#endif
