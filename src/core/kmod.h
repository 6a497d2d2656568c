/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_KMOD_H
#define CORE_KMOD_H

#include "base/err.h"
#include "base/strings.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * In an image that `vfio-bind image` serves: the modules that it brings for the kernel RELEASE and
 * an index of them are in the directory RELEASE here. kmod_new(3) takes any directory.
 */
#define ARCHIVE_DIR "/usr/local/lib/vfio-bind"
#define ARCHIVE_MODULES ARCHIVE_DIR "/modules"
#define ARCHIVE_PROGRAM ARCHIVE_DIR "/vfio-bind-boot"
#define ARCHIVE_INIT ARCHIVE_DIR "/init" /* the value of rdinit= */

/*
 * Loads a kernel module with its dependencies, its soft dependencies, and the options from
 * modprobe.d and the kernel command line. "install" lines of modprobe.d are not run: they need a
 * shell, which an image may not have. A loaded or built-in module is a success.
 *
 * vfio-pci, loaded by name or as a dependency, gets `vfio_options` (or NULL) after those, and after
 * all an empty "ids=": it gets devices by their driver_override alone, and would otherwise bind, as
 * soon as it is loaded, every device without a driver whose id is left in modprobe.d or on the
 * kernel command line. pci-stub, which does the same, gets that, too.
 *
 * Blocks as long as the kernel takes. Returns 0, or -errno with modprobe's message and a remedy.
 * Only this file uses libkmod; this function reads the real /sys, /proc, /lib/modules, and
 * ARCHIVE_MODULES for what /lib/modules does not have.
 */
int module_load(const char *name, const char *vfio_options, struct err *err) _must_check_;

/*
 * What VFIO needs to open a device for a VM, and not to bind it: a soft dependency of vfio which
 * module_load leaves out, as loading it takes a fifth of the time. This function loads it, if vfio
 * is loaded; 0 also if this kernel has none, or an "install" line of modprobe.d replaces it.
 */
#define VFIO_IOMMU_DRIVER "vfio_iommu_type1"
int module_load_iommu(struct err *err) _must_check_;

/* True for a module with a parameter "ids", by which it binds devices as soon as it is loaded. */
bool module_takes_ids(const char *name);

/*
 * Loads what udev would load for a device: every module with an alias that matches its modalias,
 * except those blacklisted by modprobe.d. Returns their number, built-in ones included, or -errno
 * with a text if none of them could be loaded.
 */
int module_load_for(const char *modalias, struct err *err) _must_check_;

/*
 * Adds to *names every module that loading `name` needs with the kernel of this directory,
 * dependencies and soft dependencies included, in the order of loading. Built-in modules are left
 * out. -ENOENT if the kernel's index has no such module.
 */
int modules_needed(struct strings *names, const char *directory, const char *name,
	struct err *err) _must_check_;

/*
 * The file of a module of the kernel of this directory, an allocated path, or NULL: built in,
 * unknown, or out of memory.
 */
char *module_file(const char *directory, const char *name);

/*
 * Adds to *names the shared libraries of this program, by the paths they were loaded from,
 * including libkmod's decoder for the modules of that kernel, which is loaded only when needed. A
 * static program has none.
 */
int modules_libraries(struct strings *names, const char *directory, struct err *err) _must_check_;

/*
 * Looks up the running kernel's modules for a device. Open it once for many lookups; -errno if the
 * kernel's modules are missing.
 */
struct module_index {
	struct kmod_ctx *ctx;
};
int module_index_open(struct module_index *ret, struct err *err) _must_check_;
/* The names, separated by blanks, which the caller frees; NULL for none. */
char *module_index_drivers(struct module_index *index, const char *modalias);
void module_index_done(struct module_index *index);

/* True if the names are equal; - and _ are the same in module names. */
bool module_same(const char *a, const char *b);

#endif
