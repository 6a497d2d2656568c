/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BIND_KEYBOARDS_H
#define BIND_KEYBOARDS_H

#include "bind/finder.h"

/* Keeps the functions that keyboards hang on. */
void keyboards_keep(struct finder *f);

#endif
