/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BIND_NICS_H
#define BIND_NICS_H

#include "bind/hostdevs_search.h"

/* Looks for a numeric address in a text like "10.0.0.1:/srv" or "[fd00::1]:/srv": into r->peer, and
 * the NIC of "fe80::1%eth0" into r->nic. What has none is left as it is. */
void nics_find_peer(const char *text, struct remote *r);

/* Needs what a word of the kernel command line says of the network (kernel_word_is_network). */
void nics_need_word(struct hostdevs_search *f, const char *word);

/*
 * Keeps the functions behind the NICs over which something comes (f->remotes), each by the route to
 * its peer or by the NIC that is named; where none leads to one there is a doubt. And those behind
 * the default route of each family, the one with the lowest metric that leads to a device.
 */
void nics_keep(struct hostdevs_search *f);

#endif
