/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pci/id.h"

#include "base/str.h"

#include <stdio.h>

static bool part_parse(const char **s, bool may_be_any, uint32_t *ret)
{
	if (may_be_any && **s == '*') {
		(*s)++;
		*ret = PCI_ANY;
		return true;
	}
	const char *start = *s;
	return str_hex(s, 4, ret) && *s - start == 4;
}

bool pci_id_parse(const char *s, struct pci_id *ret)
{
	struct pci_id id = {.subvendor = PCI_ANY, .subdevice = PCI_ANY};

	if (!part_parse(&s, false, &id.vendor) || *s++ != ':' || !part_parse(&s, false, &id.device))
		return false;
	if (*s == ':') {
		s++;
		if (!part_parse(&s, true, &id.subvendor) || *s++ != ':' ||
			!part_parse(&s, true, &id.subdevice))
			return false;
	}
	if (*s != '\0')
		return false;
	*ret = id;
	return true;
}

static bool part_matches(uint32_t pattern, uint32_t value)
{
	return pattern == PCI_ANY || pattern == value;
}

bool pci_id_matches(const struct pci_id *pattern, const struct pci_id *id)
{
	return part_matches(pattern->vendor, id->vendor) &&
	       part_matches(pattern->device, id->device) &&
	       part_matches(pattern->subvendor, id->subvendor) &&
	       part_matches(pattern->subdevice, id->subdevice);
}

static const char *part_format(uint32_t value, char buf[static 5])
{
	if (value == PCI_ANY)
		return "*";
	(void)snprintf(buf, 5, "%04x", value & 0xffffU);
	return buf;
}

const char *pci_id_format(const struct pci_id *id, char buf[static PCI_ID_MAX])
{
	char a[5], b[5];

	if (id->subvendor == PCI_ANY && id->subdevice == PCI_ANY)
		(void)snprintf(
			buf, PCI_ID_MAX, "%04x:%04x", id->vendor & 0xffffU, id->device & 0xffffU);
	else
		(void)snprintf(buf, PCI_ID_MAX, "%04x:%04x:%s:%s", id->vendor & 0xffffU,
			id->device & 0xffffU, part_format(id->subvendor, a),
			part_format(id->subdevice, b));
	return buf;
}

/* A field has a fixed width: the letter after it may be a hexadecimal digit, too ("…1100bc03"). */
static bool field_read(const char **s, const char *name, unsigned digits, uint32_t *ret)
{
	const char *p = *s;

	for (; *name; name++, p++)
		if (*p != *name)
			return false;
	*s = p;
	return str_hex_fixed(s, digits, ret);
}

bool pci_modalias_parse(const char *s, struct pci_id *ret_id, uint32_t *ret_class)
{
	struct pci_id id;
	uint32_t base, sub, interface;

	if (!field_read(&s, "pci:v", 8, &id.vendor) || !field_read(&s, "d", 8, &id.device) ||
		!field_read(&s, "sv", 8, &id.subvendor) ||
		!field_read(&s, "sd", 8, &id.subdevice) || !field_read(&s, "bc", 2, &base) ||
		!field_read(&s, "sc", 2, &sub) || !field_read(&s, "i", 2, &interface))
		return false;
	*ret_id = id;
	*ret_class = base << 16 | sub << 8 | interface;
	return true;
}
