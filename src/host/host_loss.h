/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_HOST_LOSS_H
#define HOST_HOST_LOSS_H

#include "base/err.h"
#include "base/str.h"
#include "core/ctx.h"
#include "host/attached.h"
#include "pci/device.h"
#include "pci/sysfs.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What the host loses with functions that a VM gets, for all that ask for them or advise to.
 *
 * - disks that are mounted, used as swap or part of another device, and those that the host boots
 *   from;
 * - the NIC of the default route, and those that the host boots over;
 * - keyboards, the last one above all;
 * - a screen with a picture, or the one that the boot shows on;
 * - its own sound: an audio function that belongs to no display's card.
 */
enum host_loss_kind {
	HOST_LOSS_DISK,
	HOST_LOSS_NETWORK,
	HOST_LOSS_KEYBOARD,
	HOST_LOSS_SCREEN,
	HOST_LOSS_SOUND,
};

#define HOST_LOSS_TEXT_MAX 240

struct host_loss {
	enum host_loss_kind kind;
	struct pci_addr addr;
	bool guarded; /* the host boots from it, or is reached or unlocked by it: a guard keeps it
		       */
	char text[HOST_LOSS_TEXT_MAX]; /* "the disk nvme0n1 (/home)" */
};

/* Growing; zero-initialised is empty. */
struct host_losses {
	struct host_loss *at;
	size_t n, size;
};

/* A keyboard, and the function that it is attached to. */
struct host_keyboard {
	struct pci_addr addr;
	char name[64];
	bool on_pci;                      /* false: on a port of the board (PS/2) */
	unsigned usb_vendor, usb_product; /* 0: on no USB bus, or of a record */
};

/* What hangs on the PCI functions of a host, read once for any number of questions. */
struct host_uses {
	struct attached_list attached;
	struct protected_list protected;
	struct host_keyboard *keyboards;
	size_t n_keyboards, size_keyboards;
};

/*
 * Reads it from the machine of a sysroot. A tree without a root directory has no keyboards, mounts
 * and routes but those in its record: nothing is known of these then. The caller empties it with
 * host_uses_done in each case.
 */
int host_uses_read(struct host_uses *ret, struct sysfs *s, const struct sysroot *w,
	struct err *err) _must_check_;
void host_uses_done(struct host_uses *u);

/* Only the keyboards, which a record keeps (NOTES_DIRECTORY) in a line each: the address of the
 * function, or "-" for a port of the board, and the name. 0 or -ENOMEM. */
int host_keyboards_read(struct host_uses *u, struct sysfs *s, const struct sysroot *w) _must_check_;

/* Adds what the host loses if it loses all of these functions. 0 or -ENOMEM. */
int host_losses_find(struct host_losses *ret, const struct host_uses *u,
	const struct device *const *set, size_t n) _must_check_;
/* The same for what a plan binds, and one function besides; NULL: none. */
int host_losses_of_plan(struct host_losses *ret, const struct host_uses *u, const struct plan *p,
	const struct device *besides) _must_check_;
/* Adds those of one function. */
int host_losses_copy(
	struct host_losses *ret, const struct host_losses *from, struct pci_addr addr) _must_check_;
void host_losses_done(struct host_losses *l);

bool host_losses_guarded(const struct host_losses *l);

/* Adds them in one phrase: "the disk nvme0n1 (/home) and its last keyboard (Logitech)". */
void host_losses_format(const struct host_losses *l, struct text *t);

#endif
