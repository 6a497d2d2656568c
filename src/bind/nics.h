/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BIND_NICS_H
#define BIND_NICS_H

#include "bind/finder.h"

/* Keeps the functions behind the interfaces over which f->network comes. */
void nics_keep(struct finder *f);

#endif
