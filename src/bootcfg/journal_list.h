/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_JOURNAL_LIST_H
#define BOOTCFG_JOURNAL_LIST_H

#include "bootcfg/root.h"

/* One change as --history shows it. */
struct journal_entry {
	unsigned id;
	char *when, *what;
	struct strings paths;
};
struct journal_list {
	struct journal_entry *v;
	size_t n;
};
int journal_read(const struct root *r, struct journal_list *ret, struct err *err) _must_check_;
void journal_list_done(struct journal_list *l);

#endif
