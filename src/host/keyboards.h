/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_KEYBOARDS_H
#define HOST_KEYBOARDS_H

#include "pci/devpath.h"

/* An input device with the keys of a keyboard. */
struct keyboard {
	char name[64];
	char device[DEVPATH_MAX];         /* "/devices/pci0000:00/…/input/input5" */
	unsigned usb_vendor, usb_product; /* both 0 if it is on no USB bus */
};

/*
 * Calls each(keyboard, to) for the keyboards in the text of /proc/bus/input/devices, which is
 * modified. A security key or a mouse with many buttons may be among them, for its keys are the
 * same; a power button is not.
 */
void keyboards_each(char *text, void (*each)(const struct keyboard *k, void *to), void *to);

/* True if it is on no hardware: a Bluetooth or a remote keyboard, which no prompt at boot has. */
bool keyboard_is_virtual(const struct keyboard *k);

#endif
