/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BIND_POOLS_H
#define BIND_POOLS_H

#include "bind/hostdevs_search.h"

/* Needs the disks of a ZFS pool; "": of all. */
void pool_look(struct hostdevs_search *f, const char *pool);

#endif
