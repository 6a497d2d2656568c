/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any kernel command line: no crash, and off typed in front of it is off. */
#include "core/boot_switch.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char OFF[] = "vfio_bind=off ";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = malloc(strlen(OFF) + size + 1);

	if (!line)
		return 0;
	memcpy(line, OFF, strlen(OFF));
	if (size > 0)
		memcpy(line + strlen(OFF), data, size);
	line[strlen(OFF) + size] = '\0';

	struct boot_switch plain = boot_switch_parse(line + strlen(OFF));
	if (plain.mode != BOOT_BIND && plain.reason[0] == '\0')
		abort();
	if (!memchr(plain.reason, '\0', sizeof(plain.reason)))
		abort();
	struct boot_switch off = boot_switch_parse(line);
	if (off.mode != BOOT_OFF || off.debug != plain.debug)
		abort();
	free(line);
	return 0;
}
