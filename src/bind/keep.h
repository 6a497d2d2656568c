/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BIND_KEEP_H
#define BIND_KEEP_H

#include "base/err.h"
#include "base/str.h"
#include "bind/config.h"
#include "pci/scan.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What the host stands on: the PCI functions without which it would not boot, or could not be
 * unlocked. Found on the running system (bind/footing), written into the image when it is made,
 * read at boot. In the record of the image (bind/image_record) each is a fact of the kind "keep":
 *
 *	keep storage 0000:03:00.0 144d:a80a 010802 0000:00:01.2/00.0 root / is on it
 *(/dev/nvme0n1p2) keep network 0000:06:00.0 8086:1533 020000 0000:00:1c.4/00.0 root / comes over it
 *(eno1) keep keyboard 0000:00:14.0 8086:a36d 0c0330 0000:00:14.0 a passphrase may be typed on it
 *(…) keep elsewhere a keyboard that is on no PCI function keep unknown root / is of type fuse,
 *which does not say where it lies keep end                                         what stands
 *before it is all there is
 */
enum keep_kind { KEEP_STORAGE, KEEP_NETWORK, KEEP_KEYBOARD };

#define KEEP_WHY_MAX 160
#define KEEP_MAX 256

struct kept {
	enum keep_kind kind;
	struct slot slot;
	struct pci_id id; /* vendor and device */
	uint32_t class;
	struct selector way; /* SELECT_PATH; no steps where the way is not known */
	char why[KEEP_WHY_MAX];
	/* Where a function with its id stands now (keep_locate in bind/host). It may be both: then
	 * one is a twin that came, and nobody knows which. */
	bool at_slot, at_way;
	struct slot way_slot;
};

struct keep {
	struct kept *at;
	size_t n, size;
	bool keyboard_elsewhere;
	bool ended; /* the record is whole, or the search came to its end */
	/* What could not be found out, "" for nothing. */
	char unknown[KEEP_WHY_MAX];
};

void keep_done(struct keep *k);

/* Reads a way as it is written; "" or what is none leaves one->way without steps. */
void keep_set_way(struct kept *one, const char *way);

/* Adds a function unless it is there in the same kind: the first reason stays. 0 or -ENOMEM. */
int keep_add(struct keep *k, const struct kept *one) _must_check_;

/* The first thing that is unknown stays. */
void keep_unknown(struct keep *k, const char *fmt, ...) _printf_(2, 3);

/* Is there everything there is to know? */
bool keep_is_whole(const struct keep *k);

bool keep_has(const struct keep *k, enum keep_kind kind);

/* Writes all of it as lines "keep …". */
void keep_write(const struct keep *k, struct text *t);

/* Takes what stands behind "keep " in a line. A line that isn't understood makes it unknown. */
int keep_read(struct keep *k, const char *line) _must_check_;

#endif
