/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include "base/command.h"
#include "core/ctx.h"
#include "core/plan.h"
#include "pci/sysfs.h"

#include <stdbool.h>

/*
 * The commands of the image's program (vfio-bind-boot), which vfio-bind has, too. What only a host
 * can do is given by the caller: vfio-bind passes its functions, vfio-bind-boot passes NULL.
 */
struct boot_host {
	/* Searches the running system for what it boots from. */
	protected_find *find;
	/* Looks the kernel's drivers for VMs up. */
	variants_of *variants;
	/* Lets --sysfs name the file of a record. *ret is for record_close; 0 or -errno. */
	int (*record_open)(struct sysroot *w, void **ret, struct err *err);
	void (*record_close)(void *record);
	/* plan_print, as wide as the terminal. */
	void (*print_plan)(const struct plan *p, FILE *f);
	/* Refuses what the plan would take from a host driver while it is in use. 0 or -ENOMEM. */
	int (*refuse_in_use)(struct plan *p, struct sysfs *s, bool live, struct err *err);
};

/*
 * Refuses what the plan would take from a host driver while it is in use; without a host, on a
 * system that has left its initramfs, what has a host driver at all. 0 or -ENOMEM.
 */
int boot_refuse_in_use(struct plan *p, struct sysfs *s, bool live, const struct boot_host *host,
	struct err *err) _must_check_;

enum cmd_result boot_run(int argc, char **argv, const struct boot_host *host, struct err *err);
enum cmd_result plan_run(int argc, char **argv, const struct boot_host *host, struct err *err);
enum cmd_result hotplug_run(int argc, char **argv, const struct boot_host *host, struct err *err);

#endif
