/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/keyboards.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The keys from Escape to S, all of which a keyboard has and a power button hasn't
 * (udev-builtin-input_id.c in systemd). */
#define LETTERS 0xfffffffeUL

/* "B: KEY=" has words of a long in hexadecimal, the lowest last (input_seq_print_bitmap in
 * drivers/input/input.c). */
static bool has_letters(const char *keys)
{
	const char *last = strrchr(keys, ' ');

	return (strtoul(last ? last + 1 : keys, NULL, 16) & LETTERS) == LETTERS;
}

struct keyboard {
	char name[64];
	char device[DEVPATH_MAX];
};

static void keep_keyboard(struct hostdevs_search *f, const struct keyboard *k)
{
	char why[PROTECTED_REASON_MAX];

	(void)snprintf(why, sizeof(why), "a passphrase may have to be typed on it (%s)", k->name);
	/* What is virtual (Bluetooth, a remote one) is not there when a passphrase is asked for. */
	if (hostdevs_search_protect(f, PROTECTED_KEYBOARD, k->device, why) == 0 &&
		!str_starts(k->device, "/devices/virtual/"))
		f->keep->keyboard_elsewhere = true;
}

/* The value of a line like `N: Name="…"`, or NULL. */
static const char *value_of(const char *line, const char *key)
{
	return str_starts(line, key) ? line + strlen(key) : NULL;
}

void keyboards_keep(struct hostdevs_search *f)
{
	_cleanup_(str_free) char *text = NULL;
	struct keyboard k = {.name = ""};

	if (!hostdevs_search_read(f, "proc/bus/input/devices", &text)) {
		protected_set_unknown_kind(
			f->keep, UNKNOWN_KEYBOARD, "proc/bus/input/devices can't be read");
		return;
	}
	for (char *rest = text, *line; (line = tabfile_line(&rest, false));) {
		const char *name = value_of(line, "N: Name=\"");
		const char *device = value_of(line, "S: Sysfs=");
		const char *keys = value_of(line, "B: KEY=");
		if (value_of(line, "I: "))
			k = (struct keyboard){.name = ""};
		if (name)
			(void)snprintf(
				k.name, sizeof(k.name), "%.*s", (int)strcspn(name, "\""), name);
		if (device)
			(void)snprintf(k.device, sizeof(k.device), "%s", device);
		if (keys && has_letters(keys))
			keep_keyboard(f, &k);
	}
	if (!f->keep->keyboard_elsewhere && !protected_has(f->keep, PROTECTED_KEYBOARD))
		protected_set_unknown_kind(
			f->keep, UNKNOWN_KEYBOARD, "no keyboard is plugged in now");
}
