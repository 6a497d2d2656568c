/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_PRESETS_H
#define BOOTCFG_PRESETS_H

#include "bootcfg/kargs/karg_ops.h"
#include "shared/root.h"

/*
 * The words of the passthrough guides, each with the check that the guides leave out. They add to
 * the request; what a person should know goes to notes. -EINVAL for a bad value, or one that this
 * machine (when r is the running system) could not boot with.
 */

/* SIZE:COUNT, as 1G:8. */
int presets_hugepages(const struct root *r, struct karg_ops *to, const char *pages,
	struct strings *notes, struct err *err) _must_check_;

/* A list of processors as the kernel takes it, 2-5,8. */
int presets_isolate(const struct root *r, struct karg_ops *to, const char *cpus,
	struct strings *notes, struct err *err) _must_check_;

/* downstream, multifunction, or both. */
int presets_acs(
	struct karg_ops *to, const char *what, struct strings *notes, struct err *err) _must_check_;

/* Nothing, with the reason, for a kernel whose vfio-pci does it itself. */
int presets_framebuffer(const struct root *r, struct karg_ops *to, struct strings *notes,
	struct err *err) _must_check_;

#endif
