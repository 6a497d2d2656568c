/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_FORMAT_MENU_H
#define BOOTCFG_FORMAT_MENU_H

#include "bootcfg/format/file_edit.h"

/* One command line in a menu: the range of its parameters, without the quotes of the format. */
struct menu_value {
	size_t begin, end;
	bool quoted; /* in double quotes, where `""` is a quote (rEFInd) */
};

/* The command lines of a menu, in order. -EINVAL with PATH:LINE for an invalid line. */
struct menu_values {
	struct menu_value *v;
	size_t n;
};
typedef int (*menu_scan)(
	const char *path, const char *text, size_t len, struct menu_values *ret, struct err *err);
int menu_value_add(struct menu_values *to, size_t begin, size_t end, bool quoted) _must_check_;

/* One line of a text, without newline and surrounding blanks. False at the end. */
struct menu_line {
	size_t begin, end, number;
};
bool menu_line_next(const char *text, size_t len, size_t *at, struct menu_line *ret);

/* True if the title is that of a fallback entry. */
bool menu_is_fallback(const char *text, size_t begin, size_t end);

int menu_edit(struct file_edits *s, menu_scan scan, const struct karg_ops *r,
	struct err *err) _must_check_;

#endif
