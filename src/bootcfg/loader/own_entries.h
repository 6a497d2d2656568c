/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_OWN_ENTRIES_H
#define BOOTCFG_LOADER_OWN_ENTRIES_H

#include "bootcfg/format/file_edit.h"
#include "shared/root.h"

/*
 * Boot entries of our own beside those of each kernel, which start the same with some words more.
 * The list of them is a file: a line each, the tail of its name, then its words; `#` begins a
 * comment, and `loader NAME` is the --boot-loader that was needed. What makes the entries of a
 * kernel reads it: a script in /etc/grub.d, and the plugins of kernel-install by way of
 * `vfio-bootcfg --refresh`. So they come and go with their kernels.
 */
#define OWN_ENTRIES_LIST "etc/kernel/vfio-bind.entries"
#define OWN_LOADER "loader"
#define OWN_PROFILE_TAIL "vfio-profile-" /* … and the name of the profile */
#define OWN_MAIN "main"                  /* the profile of an image that is the image without any */
#define OWN_PROFILE_WORD "vfio_bind.profile="

struct own_entry {
	char *tail;            /* in the name of the entry, and its mark in the menu: [a-z0-9-] */
	struct karg_ops words; /* KARG_OP_ADD */
};
struct own_entries {
	struct own_entry *v;
	size_t n;
	char *loader; /* or NULL */
};
void own_entries_done(struct own_entries *o);

/* Reads the list; none if there is no file. -EINVAL with FILE:LINE for a line that is not of this
 * form. *ret is to be emptied in each case. */
int own_entries_read(const struct root *r, struct own_entries *ret, struct err *err) _must_check_;

/* Adds one with this word, unless there is one of this tail. */
int own_entries_add(
	struct own_entries *o, const char *tail, const char *word, struct err *err) _must_check_;

/* The list as a file. */
void own_entries_print(const struct own_entries *o, struct text *to);

/* True if the path of a kernel or initrd has a version: a digit, a dot, and a digit. */
bool own_has_version(const char *path);

#endif
