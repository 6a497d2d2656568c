/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_PROTECTED_H
#define CORE_PROTECTED_H

#include "base/err.h"
#include "base/str.h"
#include "core/config.h"
#include "pci/device.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The protected devices: the PCI functions without which the host would not boot, or could not be
 * unlocked. Found on the running system (host/hostdevs), written into the image when it is made,
 * read at boot. In the record of the image (core/imageinfo) each is a line of the kind "keep":
 *
 * keep storage 0000:03:00.0 144d:a80a 010802 0000:00:01.2/00.0 root / is on it (/dev/sda)
 * keep network 0000:06:00.0 8086:1533 020000 0000:00:1c.4/00.0 root / comes over it (eno1)
 * keep keyboard 0000:00:14.0 8086:a36d 0c0330 0000:00:14.0 a passphrase may be typed on it (…)
 * keep route 0000:05:00.0 8086:1533 020000 0000:00:1c.3/00.0 the default route goes over it
 * keep elsewhere a keyboard that is on no PCI function
 * keep route-elsewhere the default route goes over a NIC that is on no PCI function
 * keep unknown root / is of type fuse, which does not say where it lies
 * keep unknown-network root / comes over the network, and no route says by which NIC
 * keep unknown-route nothing has a default route
 * keep unknown-keyboard a passphrase may have to be typed, and there is no keyboard
 * keep end
 *
 * "keep end" marks a complete list. An unknown kind, in the record of a later vfio-bind, makes it
 * unknown.
 */
enum protected_kind { PROTECTED_STORAGE, PROTECTED_NETWORK, PROTECTED_KEYBOARD, PROTECTED_ROUTE };

/* What is unknown while the rest is known: from "keep unknown-network …" and so on. */
enum protected_unknown {
	UNKNOWN_NETWORK,  /* the NIC that something comes over: by default no NIC is bound */
	UNKNOWN_ROUTE,    /* the NIC of the default route */
	UNKNOWN_KEYBOARD, /* the keyboard for a passphrase */
	UNKNOWN_KINDS,
};

#define PROTECTED_REASON_MAX 160
#define PROTECTED_MAX 256

struct protected_dev {
	enum protected_kind kind;
	struct pci_addr addr;
	struct pci_id id; /* vendor and device */
	uint32_t class;
	struct selector path; /* SELECT_PATH; no steps if the path is unknown */
	char reason[PROTECTED_REASON_MAX];
	/* Where a function with its id is now (protected_locate in core/probe). If both, one is a
	 * second device of the same id, and it is unknown which. */
	bool at_addr, at_path;
	struct pci_addr path_addr;
};

struct protected_list {
	struct protected_dev *at;
	size_t n, size;
	bool keyboard_elsewhere;
	bool route_elsewhere; /* the default route goes over a NIC that is not on a PCI function */
	bool ended;           /* the record is complete, or the search has finished */
	/* What could not be found, "" for nothing. */
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

/* Adds a function unless the list has it with the same kind: the first reason stays. Returns 0 or
 * -ENOMEM. */
int protected_add(struct protected_list *k, const struct protected_dev *one) _must_check_;

/* The first unknown item stays. */
void protected_set_unknown(struct protected_list *k, const char *fmt, ...) _printf_(2, 3);

void protected_set_unknown_kind(
	struct protected_list *k, enum protected_unknown what, const char *fmt, ...) _printf_(3, 4);

/* True if the list is complete, apart from the doubts. */
bool protected_is_complete(const struct protected_list *k);

/* The doubt, or NULL. A record without a line about the default route counts as one. */
const char *protected_unknown_kind(const struct protected_list *k, enum protected_unknown what);

bool protected_has(const struct protected_list *k, enum protected_kind kind);

/* Writes the list as lines "keep …". */
void protected_format(const struct protected_list *k, struct text *t);

/* Parses the rest of a line after "keep ". A line that does not parse makes the list unknown. */
int protected_parse(struct protected_list *k, const char *line) _must_check_;

#endif
