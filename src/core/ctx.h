/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_CTX_H
#define CORE_CTX_H

#include "base/err.h"
#include "core/boot_switch.h"
#include "core/bootcount.h"
#include "core/config.h"
#include "core/guard.h"
#include "core/plan.h"
#include "core/probe.h"
#include "core/profile.h"
#include "core/protected.h"
#include "core/run_state.h"
#include "core/variant.h"
#include "pci/sysfs.h"

#include <stdbool.h>

/*
 * Adds the variant drivers that this kernel, of the system below root, has for the devices of a
 * plan whose driver is chosen automatically. 0 or -ENOMEM.
 */
typedef int variants_of(struct variant_list *ret, const struct plan *p, const char *root);

/* The files and directories to read: the options of `boot` and `plan`. NULL: this machine's. */
struct sysroot {
	const char *config;
	const char *sysfs;
	const char *root;
	const char *cmdline;
	const char *replayed; /* the config of the record that sysfs is, or where it would lie */
	bool acts;            /* what the config says is done, and not only looked at */
	bool boots;           /* before any driver of a display: it is an initramfs */
	bool screens;         /* a person chooses: connected screens tell what nothing else does */
	/* Searches the running system for what it boots from (host/hostdevs); NULL in an image,
	 * whose record says it. */
	protected_find *find;
	/* Looks the kernel's drivers for VMs up; NULL in an image, which has a list of them. */
	variants_of *variants;
	/* What boot has left, for `hotplug`: its protected devices are taken out of it. Or NULL. */
	struct run_state *state;
};

/* The rows of struct option_row for a struct sysroot `w`. */
#define SYSROOT_OPTIONS(w)                                                                         \
	{"config", 'c', "FILE", "read FILE instead of " CONFIG_PATH, &(w)->config, NULL, NULL,     \
		NULL},                                                                             \
		{"sysfs", 0, "DIR", "let DIR stand for /sys", &(w)->sysfs, NULL, NULL, NULL},      \
		{"root", 0, "DIR", "let DIR stand for / where the host's disks are looked for",    \
			&(w)->root, NULL, NULL, NULL},                                             \
	{                                                                                          \
		"cmdline", 0, "STRING", "let STRING stand for the kernel command line",            \
			&(w)->cmdline, NULL, NULL, NULL                                            \
	}

/* The kernel command line's word on us. A line that can't be read is off: it may have said so. */
struct boot_switch sysroot_switch(const struct sysroot *w);

/* Where the boot display of a sysroot is searched for. */
struct boot_display_from sysroot_display(const struct sysroot *w);

/* The config whose image record is read. */
const char *sysroot_config_file(const struct sysroot *w);

/* Config, host and the plan for them. */
struct ctx {
	struct config config;
	struct sysfs sysfs;
	struct probe host;
	struct plan plan;
	/* plan.off if the profile of this boot binds nothing: it is `none`, or does not exist. */
	char profile_reason[PROFILE_NAMES_MAX + 128];
	bool profile_unknown;            /* it does not exist */
	bool groups_by_slots;            /* ctx_plan_preview found none on this machine */
	struct bootcount bootcount;      /* what plan.standing points to, once `boot` has asked */
	struct variant_list variants;    /* of the devices that the plan binds */
	struct protected_list protected; /* as far as the plan needed it */
	struct groups groups;            /* what plan.groups points to, after ctx_read_groups */
};

/*
 * Reads what the switch allows, and plans. 0, -EINVAL for an invalid config (its errors are in the
 * plan's config), or another negative errno with a text; s->plan is valid in each case. A profile
 * that does not exist is no error: it binds nothing (profile_unknown). To be emptied with ctx_done.
 */
int ctx_read(struct ctx *ret, const struct sysroot *w, const struct boot_switch *b,
	struct err *err) _must_check_;
/* Only the plan, for a config that s already has. */
int ctx_plan(struct ctx *s, const struct sysroot *w, const struct boot_switch *b,
	struct err *err) _must_check_;
/*
 * Plans for a config in memory (operands, the proposal of `init`); `name` is used as its path and,
 * like `text`, is kept by reference. is_file: the text is to be a file, and may have the bytes of
 * one. The switch is ignored: a command that is typed is meant. A machine without any IOMMU group
 * is planned as if each function had one, so that all other guards are evaluated.
 */
int ctx_plan_preview(struct ctx *ret, const struct sysroot *w, const char *name, const char *text,
	size_t len, bool is_file, struct err *err) _must_check_;
/*
 * Whether the config may select a function of this card, or bring it along, decided from the config
 * and the card alone. 1 or 0, or a negative errno with a text. A config with errors selects
 * nothing.
 */
int ctx_may_match(const struct sysroot *w, const struct boot_switch *b, struct pci_addr addr,
	struct err *err) _must_check_;

/*
 * Puts the profile of a boot into effect, for a command that is typed in it. Where it does not
 * exist (any more), the default one. 0 or -ENOMEM.
 */
int ctx_choose_profile(struct config *c, const struct boot_switch *b) _must_check_;

/*
 * The crash kernel, which saves the memory of a crashed one, binds nothing (plan.off), whatever its
 * command line says: some machines show it by firmware tables alone. Checked only on a running
 * machine, by one system call, if a device would be bound.
 */
void ctx_ask_crash(struct ctx *s, const struct sysroot *w);

void ctx_done(struct ctx *s);

/* Reads which IOMMU groups the plan takes only in part (core/guard), once, into the plan. */
void ctx_read_groups(struct ctx *s, enum groups_of who);

/* Logs every error of the config, up to a limit. */
void ctx_log_errors(const struct config *c);

#endif
