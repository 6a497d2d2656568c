/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_VM_ADVICE_H
#define CLI_VM_ADVICE_H

#include "cli/domain.h"
#include "cli/guest.h"

/*
 * What of a VM hinders the devices that it gets, which does not show before it runs; each is
 * logged with what to do:
 *
 * - a graphics card: an emulated display beside it, on which the guest may show alone; no keyboard
 *   but that of a viewer's window, or none, with the lines for the keyboards of this host;
 * - BARs that are larger than the window which the VM's firmware has for them.
 *
 * target is the VM in messages. `domain` is what it was before, or that of a script, without XML;
 * the guest has the functions of each slot that was edited. The keyboards are those of the
 * sysroot's root; of a tree alone (--sysfs) none are known.
 */
void vm_advise(const char *target, const struct domain *domain, const struct guest *guest);

#endif
