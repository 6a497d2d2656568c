/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_PRESETS_H
#define BOOTCFG_PRESETS_H

#include "bootcfg/kargs/karg_ops.h"
#include "shared/root.h"

/*
 * The parameters of passthrough guides, each with the check that the guides leave out. They are
 * added to the request; messages for the user go to notes. -EINVAL for an invalid value, or one
 * that this machine (if r is the running system) could not boot with.
 */

/* Each SIZE:COUNT, as 1G:8. */
int presets_hugepages(const struct root *r, struct karg_ops *to, const struct strings *pages,
	struct err *err) _must_check_;

/* A list of processors as the kernel takes it, 2-5,8. */
int presets_isolate(const struct root *r, struct karg_ops *to, const char *cpus,
	struct strings *notes, struct err *err) _must_check_;

/* downstream, multifunction, or both. */
int presets_acs(
	struct karg_ops *to, const char *what, struct strings *notes, struct err *err) _must_check_;

/* Adds only a note with the reason for a kernel whose vfio-pci releases the framebuffer itself. */
int presets_framebuffer(const struct root *r, struct karg_ops *to, struct strings *notes,
	struct err *err) _must_check_;

/*
 * Builds vfio-pci.ids= for a vfio-pci that is built into the kernel, from /etc/vfio-bind.conf of
 * the same root: every id of [bind], and the ids after `=` of its addresses and paths. Merges them
 * with the ids on the command line. -EINVAL if the config is invalid or has no id; what an id
 * cannot express (an address alone, one of two identical cards, a subsystem) goes to notes.
 */
int ids_take(const struct root *r, struct karg_ops *to, struct strings *notes,
	struct err *err) _must_check_;

/* -EINVAL unless each of these is a profile of /etc/vfio-bind.conf of that root, or `none`. */
int presets_profiles(
	const struct root *r, const struct strings *names, struct err *err) _must_check_;

#endif
