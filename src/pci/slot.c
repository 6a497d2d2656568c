/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pci/slot.h"

#include "base/str.h"

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

static char *put_hex(char *at, uint32_t value, unsigned min_digits)
{
	unsigned digits = min_digits;

	while (digits < 8 && value >> 4 * digits)
		digits++;
	for (unsigned n = digits; n-- > 0;)
		*at++ = "0123456789abcdef"[value >> 4 * n & 0xf];
	return at;
}

/* By hand, for it is done for every device of the machine before any is reserved (see str_copy). */
const char *slot_format(struct slot slot, char buf[static SLOT_MAX])
{
	char *at = put_hex(buf, slot.domain, 4);

	*at++ = ':';
	at = put_hex(at, slot.bus, 2);
	*at++ = ':';
	at = put_hex(at, slot.device & 0x1fU, 2);
	*at++ = '.';
	at = put_hex(at, slot.function & 7U, 1);
	*at = '\0';
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
