/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/unbind.h"

#include "base/str.h"

#include <errno.h>

int device_unbind(struct sysfs *s, struct pci_addr addr, bool live, bool force,
	char reason[static IN_USE_REASON_MAX])
{
	_cleanup_(in_use_done) struct in_use u;
	char address[PCI_ADDR_MAX];

	reason[0] = '\0';
	in_use_ask(&u, s, addr, live);
	if (u.kind == IN_USE_CLAIMED || (u.kind == IN_USE_NETWORK && !force)) {
		(void)str_copy(reason, IN_USE_REASON_MAX, u.reason);
		return -EBUSY;
	}
	return sysfs_write(s, addr, "driver/unbind", pci_addr_format(addr, address));
}
