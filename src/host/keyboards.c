/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/keyboards.h"

#include "base/str.h"
#include "shared/tabfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The keys from Escape to S: a keyboard has all of them, a power button does not
 * (udev-builtin-input_id.c in systemd). */
#define LETTERS 0xfffffffeUL

/* "B: KEY=" has words of a long in hexadecimal, the lowest last (input_seq_print_bitmap in
 * drivers/input/input.c). */
static bool has_letters(const char *keys)
{
	const char *last = strrchr(keys, ' ');

	return (strtoul(last ? last + 1 : keys, NULL, 16) & LETTERS) == LETTERS;
}

/* The value of a line like `N: Name="…"`, or NULL. */
static const char *value_of(const char *line, const char *key)
{
	return str_starts(line, key) ? line + strlen(key) : NULL;
}

/* "Bus=0003 Vendor=046d Product=c52b Version=0111" begins a device (input_seq_print in
 * drivers/input/input.c); bus 3 is USB (BUS_USB in include/uapi/linux/input.h). */
static void begin(struct keyboard *k, const char *id)
{
	*k = (struct keyboard){.name = ""};
	if (sscanf(id, "Bus=0003 Vendor=%4x Product=%4x", &k->usb_vendor, &k->usb_product) != 2)
		k->usb_vendor = k->usb_product = 0;
}

void keyboards_each(char *text, void (*each)(const struct keyboard *k, void *to), void *to)
{
	struct keyboard k = {.name = ""};

	for (char *line; (line = tabfile_line(&text, false));) {
		const char *name = value_of(line, "N: Name=\"");
		const char *device = value_of(line, "S: Sysfs=");
		const char *keys = value_of(line, "B: KEY=");
		const char *id = value_of(line, "I: ");
		if (id)
			begin(&k, id);
		if (name)
			(void)snprintf(
				k.name, sizeof(k.name), "%.*s", (int)strcspn(name, "\""), name);
		if (device)
			(void)snprintf(k.device, sizeof(k.device), "%s", device);
		if (keys && has_letters(keys))
			each(&k, to);
	}
}

bool keyboard_is_virtual(const struct keyboard *k)
{
	return str_starts(k->device, "/devices/virtual/");
}
