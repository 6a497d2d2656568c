/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_PROTECTED_H
#define CORE_PROTECTED_H

#include "base/err.h"
#include "base/str.h"
#include "core/config.h"
#include "pci/scan.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What the host stands on: the PCI functions without which it would not boot, or could not be
 * unlocked. Found on the running system (host/hostdevs), written into the image when it is made,
 * read at boot. In the record of the image (core/imageinfo) each is a fact of the kind "keep":
 *
 *	keep storage 0000:03:00.0 144d:a80a 010802 0000:00:01.2/00.0 root / is on it (/dev/sda)
 *	keep network 0000:06:00.0 8086:1533 020000 0000:00:1c.4/00.0 root / comes over it (eno1)
 *	keep keyboard 0000:00:14.0 8086:a36d 0c0330 0000:00:14.0 a passphrase may be typed on it (…)
 *	keep route 0000:05:00.0 8086:1533 020000 0000:00:1c.3/00.0 the default route goes over it
 *(eno2) keep elsewhere a keyboard that is on no PCI function keep route-elsewhere the default route
 *goes over a NIC that is on no PCI function keep unknown root / is of type fuse, which does not say
 *where it lies keep unknown-network root / comes over the network, and no route says by which NIC
 *	keep unknown-route nothing has a default route
 *	keep unknown-keyboard a passphrase may have to be typed, and there is no keyboard
 *	keep end
 *
 * The last means that what stands before it is all there is. A kind that is not known, in a record
 *of a later vfio-bind, makes it unknown.
 */
enum protected_kind { PROTECTED_STORAGE, PROTECTED_NETWORK, PROTECTED_KEYBOARD, PROTECTED_ROUTE };

/* What is not known where the rest is: of "keep unknown-network …" and so on. */
enum protected_unknown {
	UNKNOWN_NETWORK,  /* by which NIC something comes over the network: no NIC may go */
	UNKNOWN_ROUTE,    /* which NIC the default route goes over */
	UNKNOWN_KEYBOARD, /* on which keyboard a passphrase may be typed */
	UNKNOWN_KINDS,
};

#define PROTECTED_REASON_MAX 160
#define PROTECTED_MAX 256

struct protected_dev {
	enum protected_kind kind;
	struct pci_addr addr;
	struct pci_id id; /* vendor and device */
	uint32_t class;
	struct selector path; /* SELECT_PATH; no steps where the way is not known */
	char reason[PROTECTED_REASON_MAX];
	/* Where a function with its id stands now (keep_locate in core/probe). It may be both: then
	 * one is a twin that came, and nobody knows which. */
	bool at_addr, at_path;
	struct pci_addr path_addr;
};

struct protected_list {
	struct protected_dev *at;
	size_t n, size;
	bool keyboard_elsewhere;
	bool route_elsewhere; /* the default route goes over a NIC that is on no PCI function */
	bool ended;           /* the record is whole, or the search came to its end */
	/* What could not be found out, "" for nothing. */
	char unknown[PROTECTED_REASON_MAX];
	char doubts[UNKNOWN_KINDS][PROTECTED_REASON_MAX];
};

void protected_done(struct protected_list *k);

struct sysfs;
/*
 * Finds what the system below root is booted from; cmdline NULL: the running kernel's. What can't
 * be found out is noted as unknown. 0, or -ENOMEM with a text. host/hostdevs does it; what boots
 * only reads what that has found.
 */
typedef int protected_find(struct protected_list *ret, const char *root, const char *cmdline,
	struct sysfs *s, struct err *err);

/* Reads a way as it is written; "" or what is none leaves one->way without steps. */
void protected_set_path(struct protected_dev *one, const char *path);

/* Adds a function unless it is there in the same kind: the first reason stays. 0 or -ENOMEM. */
int protected_add(struct protected_list *k, const struct protected_dev *one) _must_check_;

/* The first thing that is unknown stays. */
void protected_set_unknown(struct protected_list *k, const char *fmt, ...) _printf_(2, 3);

void protected_set_unknown_kind(
	struct protected_list *k, enum protected_unknown what, const char *fmt, ...) _printf_(3, 4);

/* Is there everything there is to know? Doubts aside. */
bool protected_is_complete(const struct protected_list *k);

/* The doubt, or NULL. A record that says nothing of the default route is one. */
const char *protected_unknown_kind(const struct protected_list *k, enum protected_unknown what);

bool protected_has(const struct protected_list *k, enum protected_kind kind);

/* Writes all of it as lines "keep …". */
void protected_format(const struct protected_list *k, struct text *t);

/* Takes what stands behind "keep " in a line. A line that isn't understood makes it unknown. */
int protected_parse(struct protected_list *k, const char *line) _must_check_;

#endif
