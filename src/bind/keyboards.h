/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BIND_KEYBOARDS_H
#define BIND_KEYBOARDS_H

#include "bind/hostdevs_search.h"

/* Keeps the functions that keyboards hang on. */
void keyboards_keep(struct hostdevs_search *f);

#endif
