/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_KMOD_H
#define CORE_KMOD_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Loads a kernel module with what it depends on, its soft dependencies, and the options that
 * modprobe.d and the kernel command line give it. "install" lines of modprobe.d are not run: they
 * need a shell, which an image may not have. Loaded or built in already is success.
 *
 * vfio-pci, be it this module or one that comes along with it, gets `vfio_options` (or NULL) behind
 * those, and behind all an empty "ids=": devices are given to it by their driver_override alone,
 * and as soon as it loads it would claim every device without a driver that carries an id that
 * somebody left in modprobe.d or on the kernel command line. pci-stub, which does the same, gets
 * that too.
 *
 * Blocks for as long as the kernel takes. 0, or -errno with what modprobe would say and a hint.
 * libkmod lives behind the functions of this file; this one reads the real /sys, /proc and
 * /lib/modules.
 */
int module_load(const char *name, const char *vfio_options, struct err *err) _must_check_;

/* Has a module a parameter "ids", by which it claims devices as soon as it is loaded? */
bool module_takes_ids(const char *name);

/*
 * Loads what udev would load for a device: every module of which an alias matches its modalias, but
 * those that modprobe.d blacklists. Returns how many there are, built-in ones included, or -errno
 * with a text where none of them could be loaded.
 */
int module_load_for(const char *modalias, struct err *err) _must_check_;

/* A list of names, each once, in the order they came. Zero-initialised is empty. */
struct strv {
	char **name;
	size_t n, size;
};

/* Adds a copy, unless it is there. 0 or -ENOMEM. */
int strv_add_unique(struct strv *names, const char *name, struct err *err) _must_check_;
void strv_done(struct strv *names);

/*
 * Adds to *names every module that loading `name` takes in the kernel whose directory is given,
 * dependencies and soft dependencies included, in the order of loading. What is built in adds
 * nothing. -ENOENT where the kernel's index knows no such module.
 */
int modules_needed(
	struct strv *names, const char *directory, const char *name, struct err *err) _must_check_;

/*
 * Adds to *names the shared libraries that this program is made of, by the names it found them
 * under, libkmod's decoder for the modules of that kernel included, which is loaded at need only. A
 * static program has none.
 */
int modules_libraries(struct strv *names, const char *directory, struct err *err) _must_check_;

/*
 * The running kernel's answers to "who could drive this?". Open it once for many questions; -errno
 * where the kernel's modules are not there.
 */
struct module_index {
	struct kmod_ctx *ctx;
};
int module_index_open(struct module_index *ret, struct err *err) _must_check_;
/* The names, blanks between, for the caller to free; NULL for none. */
char *module_index_drivers(struct module_index *index, const char *modalias);
void module_index_done(struct module_index *index);

/* Modules are named with - and _ alike. */
bool module_same(const char *a, const char *b);

#endif
