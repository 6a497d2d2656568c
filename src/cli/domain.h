/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_DOMAIN_H
#define CLI_DOMAIN_H

#include "base/str.h"
#include "cli/guest.h"
#include "cli/xml.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A domain of libvirt (https://libvirt.org/formatdomain.html) as text, and the PCI functions of the
 * host in it: a pure editor, text in, text out. What vfio-bind adds has an <alias> of its own
 * ("ua-": one that the user chose, which libvirt keeps); every other byte stays.
 */
struct domain_function {
	struct pci_addr addr;
	const char *rom; /* its ROM file, or NULL; by reference */
	size_t element;  /* in the XML */
	bool ours;       /* added by vfio-bind */
};

struct domain {
	const char *text; /* by reference */
	size_t len;
	struct xml xml;
	const char *name;                  /* by reference; "" if it has none */
	size_t devices;                    /* the element <devices> */
	bool pcie;                         /* of a machine with PCI Express: q35, virt */
	bool known;                        /* the machine is one of these, or i440fx */
	struct domain_function *functions; /* in the order of the text */
	size_t n, size;
};

/*
 * -ENOMSG for XML that is not a domain; -EINVAL for text that is not XML, or a domain whose
 * <devices> can't be found, with the line; -EFBIG, -ENOMEM. *ret is to be freed with domain_done in
 * each case.
 */
int domain_read(struct domain *ret, const char *text, size_t len, struct err *err) _must_check_;
void domain_done(struct domain *d);

/* The function of this address, or NULL. */
const struct domain_function *domain_find(const struct domain *d, struct pci_addr addr);

/* The line of an element, from 1. */
unsigned domain_line(const struct domain *d, const struct domain_function *f);

/*
 * Lets the domain have exactly the functions of `list` (laid out by guest_lay_out, n of them) in
 * the host's slots for which touched(addr, to) is true: those of vfio-bind in these slots that are
 * not in the list go, and the list's are added, each slot as one card below a root port of its own
 * (PCI Express), or in a free slot of bus 0 (i440fx). Slots that have what the list says already
 * stay as they are. The result is parsed again, and holds what was asked for.
 *
 * -EEXIST for an address that the domain has by other means, with its line; -ENOTSUP for a machine
 * of another kind; -ENOSPC if there is no bus or slot left; -EINVAL; -ENOMEM.
 */
int domain_edit(struct text *ret, const struct domain *d, const struct guest_function *list,
	size_t n, bool (*touched)(struct pci_addr addr, const void *to), const void *to,
	struct err *err) _must_check_;

#endif
