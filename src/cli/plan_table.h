/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_PLAN_TABLE_H
#define CLI_PLAN_TABLE_H

#include "core/plan.h"

#include <stdio.h>

/* plan_print, with columns as wide as what is in them, and lines no wider than the terminal. */
void plan_table_print(const struct plan *p, FILE *f);

#endif
