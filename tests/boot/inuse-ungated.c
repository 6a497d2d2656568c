/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gate of core/in_use, answered with "free": linked into the program by --wrap, it makes the
 * twin of tests/boot/inuse, in which what holds a disk is lost.
 */
#include "core/in_use.h"

void __wrap_in_use_ask(struct in_use *ret, struct sysfs *s, struct pci_addr addr, bool live);
enum in_use_kind __wrap_in_use_look(
	struct sysfs *s, struct pci_addr addr, bool live, char reason[static IN_USE_REASON_MAX]);

void __wrap_in_use_ask(struct in_use *ret, struct sysfs *s, struct pci_addr addr, bool live)
{
	(void)s;
	(void)addr;
	(void)live;
	*ret = (struct in_use){0};
}

enum in_use_kind __wrap_in_use_look(
	struct sysfs *s, struct pci_addr addr, bool live, char reason[static IN_USE_REASON_MAX])
{
	(void)s;
	(void)addr;
	(void)live;
	reason[0] = '\0';
	return IN_USE_FREE;
}
