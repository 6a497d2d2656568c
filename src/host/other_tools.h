/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_OTHER_TOOLS_H
#define HOST_OTHER_TOOLS_H

#include "base/err.h"
#include "pci/address.h"

#include <stdbool.h>

/* The configuration files of other tools that bind devices to vfio-pci: `check` reads them, and
 * `record` copies them for it. Paths below /, the last one NULL. */
extern const char *const other_tools_settings[]; /* directories of modprobe.d(5), in order */
#define OTHER_TOOLS_OVERRIDES "/etc/driverctl.d" /* driverctl(8) */

/* A line of modprobe.d(5) with a module: "options vfio-pci ids=10de:2204". */
struct modprobe_line {
	const char *path;    /* "/etc/modprobe.d/vfio.conf" */
	unsigned number;     /* of the first line, if it is continued */
	const char *command; /* "options", "softdep" */
	const char *module;
	char *rest; /* what follows; may be modified */
};

/*
 * Calls each for these lines in the five directories below root, without comments, and with lines
 * joined that end in a backslash. As for modprobe, files come in the order of their names, whatever
 * their directories, and of several of one name the one in the first directory counts
 * (conf_files_insert_sorted in libkmod/libkmod-config.c). Stops at the first non-zero result and
 * returns it; 0, or -ENOMEM.
 */
int other_tools_modprobe(
	int root, int (*each)(const struct modprobe_line *line, void *to), void *to) _must_check_;

/* What such a line does to devices, beside ids= and other options of vfio-pci. */
enum modprobe_gives {
	GIVES_NOTHING,
	GIVES_BY_PROGRAM, /* "install vfio-pci COMMAND", in place of loading it */
	GIVES_BY_ALIAS,   /* "alias pci:… vfio-pci": udev loads it for these devices */
	GIVES_TO_XEN,     /* "options xen-pciback hide=…" */
};
enum modprobe_gives other_tools_gives(const struct modprobe_line *line);

/* An override of driverctl(8): /etc/driverctl.d/pci-ADDRESS with the name of a driver. */
struct driver_override {
	const char *path;
	struct pci_addr addr;
	const char *driver;
};

/*
 * Calls each for these, or for the scripts that bind devices: those with a name from a guide, and
 * others in the places for such scripts whose text writes vfio-pci into driver_override; Unraid's
 * vfio-pci.cfg too. The same order, result and root as above. text is writable.
 */
int other_tools_overrides(
	int root, int (*each)(const struct driver_override *o, void *to), void *to) _must_check_;
int other_tools_scripts(
	int root, int (*each)(const char *path, char *text, void *to), void *to) _must_check_;

/*
 * A line of a file of settings that gives devices to vfio-pci in a way that needs a person: options
 * in /etc/modules, rules of udev in /etc, ids in the configuration of NixOS; and the devices of VMs
 * of Proxmox VE (hostpciN of qm.conf(5)), without those of snapshots.
 */
struct other_line {
	const char *path;
	unsigned number;
	char *text;       /* without blanks in front */
	const char *what; /* is wrong with it, and what to do */
	bool of_vm;       /* a device of a VM, which may stay */
};
int other_tools_lines(
	int root, int (*each)(const struct other_line *line, void *to), void *to) _must_check_;

/* The next address of a line of a VM; "01:00", a whole slot, is its function 0. *at is the text of
 * the line at first. False after the last one, and for a mapping, which has a name. */
bool other_line_device(const char **at, struct pci_addr *ret);

/* supergfxctl's setting: true if its mode is Vfio, in which the laptop's own card goes to vfio-pci.
 */
#define OTHER_TOOLS_SUPERGFX "/etc/supergfxd.conf"
bool other_tools_supergfx(int root);

/* The value of the next ids= in the options of a module, without quotes; NULL after the last.
 * Modifies *options and moves it. */
char *other_tools_ids(char **options);

#endif
