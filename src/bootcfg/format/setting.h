/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_FORMAT_SETTING_H
#define BOOTCFG_FORMAT_SETTING_H

#include "bootcfg/format/file_edit.h"

/*
 * `KEY VALUE` in a line of a file that is read line by line (loader.conf; DEFAULT of SYSLINUX):
 * each line with that key gets this value, so that it does not matter which of them counts; without
 * one there is a new line at the end, or where `first` is true at the beginning. `nocase`: the
 * reader takes KEY in any case.
 */
struct setting {
	const char *key, *value;
	bool nocase, first;
};
int setting_set(struct file_edit *f, const struct setting *s, struct err *err) _must_check_;

#endif
