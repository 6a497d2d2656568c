/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_ADVICE_H
#define BOOTCFG_ADVICE_H

#include "bootcfg/places.h"
#include "bootcfg/root.h"
#include "bootcfg/source.h"

/*
 * What a person should know about one command line and what they asked for: words that are without
 * effect, that contradict each other, that stay although they may have meant them. Adds sentences
 * to `to`, each once.
 */
int advice_words(const struct strings *before, const struct strings *after, const struct request *r,
	struct strings *to) _must_check_;

/* The same about the system: a disk's key that is bound to the measured command line, an image that
 * needs a signature. */
int advice_system(const struct root *r, const struct loaders *l, struct strings *to) _must_check_;

/* And about the files that change: names they share with others. */
int advice_files(const struct root *r, const struct sources *s, struct strings *to) _must_check_;

#endif
