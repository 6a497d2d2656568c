/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_SITUATION_H
#define CMD_SITUATION_H

#include "base/err.h"
#include "base/tmpdir.h"
#include "bind/bootcount.h"
#include "bind/config.h"
#include "bind/groups.h"
#include "bind/kernel_cmdline.h"
#include "bind/plan.h"
#include "bind/probe.h"
#include "pci/sysfs.h"

#include <stdbool.h>

/* Where the world is: the options that `boot` and `plan` share. NULL: this machine. */
struct world {
	const char *config;
	const char *sysfs;
	const char *root;
	const char *cmdline;
	const char *replayed; /* the config of the record that sysfs is, or where it would lie */
	bool acts;            /* what the config says is done, and not only looked at */
	bool boots;           /* before any driver of a display: it is an initramfs */
	bool screens;         /* a person chooses: connected screens tell what nothing else does */
};

/* The rows of struct option_row for a world `w`. */
#define WORLD_OPTIONS(w)                                                                           \
	{"config", 'c', "FILE", "read FILE instead of " CONFIG_PATH, &(w)->config, NULL, NULL,     \
		NULL},                                                                             \
		{"sysfs", 0, "DIR", "let DIR stand for /sys", &(w)->sysfs, NULL, NULL, NULL},      \
		{"root", 0, "DIR", "let DIR stand for / where the host's disks are looked for",    \
			&(w)->root, NULL, NULL, NULL},                                             \
	{                                                                                          \
		"cmdline", 0, "STRING", "let STRING stand for the kernel command line",            \
			&(w)->cmdline, NULL, NULL, NULL                                            \
	}

/*
 * Lets --sysfs name what `record` wrote: a file becomes a tree that goes when the command ends, and
 * in a tree that a record became, its config, command line and root stand for those that were not
 * named. For commands that only look. To be ended with world_done in each case.
 */
struct world_record {
	struct tmpdir scratch;
	char *config, *cmdline, *root;
};
int world_unfold(struct world *w, struct world_record *ret, struct err *err) _must_check_;
void world_done(struct world_record *r);

/* The kernel command line's word on us. A line that can't be read is off: it may have said so. */
struct boot_switch world_switch(const struct world *w);

/*
 * Reads the config of a world, told by its path (/etc/vfio-bind.conf of one in a record). As
 * config_read.
 */
int world_config(struct config *ret, const struct world *w) _must_check_;

/* Where the boot display of a world is looked for. */
struct boot_display_from world_display(const struct world *w);

/* The config beside which the record of an image is to be looked for. */
const char *world_config_file(const struct world *w);

/* Config, host and the plan made of them. */
struct situation {
	struct config config;
	struct sysfs sysfs;
	struct probe host;
	struct plan plan;
	bool groups_imagined;      /* situation_imagine found none on this machine */
	struct bootcount standing; /* what plan.standing points to, once `boot` has asked */
	struct groups groups;      /* what plan.groups points to, once somebody has looked */
};

/*
 * Reads what the switch lets be read, and plans. 0, -EINVAL where the config is in error (the
 * errors are in the plan's config), or another negative errno with a text; s->plan is valid in each
 * case. To be emptied with situation_done.
 */
int situation_read(struct situation *ret, const struct world *w, const struct boot_switch *b,
	struct err *err) _must_check_;
/* The rest of it, for a config that s holds already, and nothing else. */
int situation_plan(struct situation *s, const struct world *w, const struct boot_switch *b,
	struct err *err) _must_check_;
/*
 * Plans for a config that stands in memory (operands, what `init` proposes) and not in a file;
 * `name` stands for its path and, as `text`, is kept by reference. The off switch is not asked:
 * whoever types a command means it. With imagine_groups a machine on which no function has an IOMMU
 * group is planned for as if each had one, so that all other guards have their say.
 */
int situation_imagine(struct situation *ret, const struct world *w, const char *name,
	const char *text, size_t len, bool imagine_groups, struct err *err) _must_check_;
/*
 * May the config mean a function of this card, or bring it along? Told from the config and the card
 * alone. 1 or 0, or a negative errno with a text. A config with errors means nothing.
 */
int situation_mentions(const struct world *w, struct pci_addr addr, struct err *err) _must_check_;

/*
 * The kernel that saves a crashed one's memory binds nothing (plan.off), whatever its command line
 * says: some machines tell it by firmware tables alone. Asked of a running machine only, with one
 * system call, where a device would be bound.
 */
void situation_ask_crash(struct situation *s, const struct world *w);

void situation_done(struct situation *s);

/* Looks which IOMMU groups the plan takes in part (bind/groups), once, and leaves it in the plan.
 */
void situation_look_at_groups(struct situation *s, enum groups_of who);

/* Tells the log every error of the config, or as many as help. */
void situation_tell_errors(const struct config *c);

#endif
