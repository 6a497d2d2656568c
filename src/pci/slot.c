/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pci/slot.h"

#include "base/str.h"

#include <stdio.h>

bool slot_read_device(const char **s, struct slot *ret)
{
	const char *p = *s;
	uint32_t first, second, third;

	if (!str_hex(&p, 8, &first) || *p++ != ':' || !str_hex(&p, 2, &second))
		return false;
	if (*p == ':') {
		p++;
		if (!str_hex(&p, 2, &third))
			return false;
	} else {
		third = second;
		second = first;
		first = 0;
	}
	if (*p++ != '.' || second > 0xff || third > 0x1f)
		return false;
	*ret = (struct slot){.domain = first, .bus = (uint8_t)second, .device = (uint8_t)third};
	*s = p;
	return true;
}

bool slot_parse(const char *s, struct slot *ret)
{
	struct slot slot;

	if (!slot_read_device(&s, &slot) || s[0] < '0' || s[0] > '7' || s[1] != '\0')
		return false;
	slot.function = (uint8_t)(s[0] - '0');
	*ret = slot;
	return true;
}

const char *slot_format(struct slot slot, char buf[static SLOT_MAX])
{
	(void)snprintf(buf, SLOT_MAX, "%04x:%02x:%02x.%x", slot.domain, slot.bus,
		slot.device & 0x1fU, slot.function & 7U);
	return buf;
}

static uint64_t slot_number(struct slot slot)
{
	return (uint64_t)slot.domain << 16 | (uint64_t)slot.bus << 8 | (uint64_t)slot.device << 3 |
	       slot.function;
}

int slot_compare(struct slot a, struct slot b)
{
	uint64_t x = slot_number(a), y = slot_number(b);
	return (x > y) - (x < y);
}

bool slot_same_device(struct slot a, struct slot b)
{
	return slot_number(a) >> 3 == slot_number(b) >> 3;
}
