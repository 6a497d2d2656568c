/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pci/address.h"

#include "base/str.h"

bool pci_addr_read_device(const char **s, struct pci_addr *ret)
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
	*ret = (struct pci_addr){.domain = first, .bus = (uint8_t)second, .device = (uint8_t)third};
	*s = p;
	return true;
}

bool pci_addr_parse(const char *s, struct pci_addr *ret)
{
	struct pci_addr addr;

	if (!pci_addr_read_device(&s, &addr) || s[0] < '0' || s[0] > '7' || s[1] != '\0')
		return false;
	addr.function = (uint8_t)(s[0] - '0');
	*ret = addr;
	return true;
}

static char *print_hex(char *at, uint32_t value, unsigned min_digits)
{
	unsigned digits = min_digits;

	while (digits < 8 && value >> 4 * digits)
		digits++;
	for (unsigned n = digits; n-- > 0;)
		*at++ = "0123456789abcdef"[value >> 4 * n & 0xf];
	return at;
}

/* Without printf: this runs for every device of the machine before any is reserved (see
 * str_copy). */
const char *pci_addr_format(struct pci_addr addr, char buf[static PCI_ADDR_MAX])
{
	char *at = print_hex(buf, addr.domain, 4);

	*at++ = ':';
	at = print_hex(at, addr.bus, 2);
	*at++ = ':';
	at = print_hex(at, addr.device & 0x1fU, 2);
	*at++ = '.';
	at = print_hex(at, addr.function & 7U, 1);
	*at = '\0';
	return buf;
}

static uint64_t slot_number(struct pci_addr addr)
{
	return (uint64_t)addr.domain << 16 | (uint64_t)addr.bus << 8 | (uint64_t)addr.device << 3 |
	       addr.function;
}

int pci_addr_compare(struct pci_addr a, struct pci_addr b)
{
	uint64_t x = slot_number(a), y = slot_number(b);
	return (x > y) - (x < y);
}

bool pci_addr_same_device(struct pci_addr a, struct pci_addr b)
{
	return slot_number(a) >> 3 == slot_number(b) >> 3;
}

bool pci_addr_same_bus(struct pci_addr a, struct pci_addr b)
{
	return a.bus == b.bus && a.domain == b.domain;
}
