/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_MENU_H
#define BOOTCFG_MENU_H

#include "bootcfg/args.h"
#include "bootcfg/edit.h"
#include "bootcfg/loader/boot_entries.h"

/*
 * --menu NAME…: for each of these profiles of /etc/vfio-bind.conf an entry beside that of each
 * kernel (loader/own_entries.h), with vfio_bind.profile=NAME. What there is already stays.
 */

/* Plans it: *ret has the list and the files of generators, before and after. -EINVAL where the
 * entries would not follow their kernels; LOADERS_OWNED where they are another tool's. */
int menu_plan(const struct args *a, const struct root *r, struct loaders *l, struct edit_set *ret,
	struct err *err) _must_check_;

/* -EIO unless each profile has an entry with its word, and one beside the default. */
int menu_verify(
	const struct args *a, const struct boot_entries *after, struct err *err) _must_check_;

/* True if the entries are known and menu_verify would fail. */
bool menu_lacks(const struct args *a, const struct boot_entries *o);

/* A line for each entry of these profiles. */
void menu_print(const struct args *a, const struct boot_entries *o, FILE *f);

#endif
