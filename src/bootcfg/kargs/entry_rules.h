/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_KARGS_ENTRY_RULES_H
#define BOOTCFG_KARGS_ENTRY_RULES_H

#include "base/strings.h"

#include <stdbool.h>

/* What sets apart the boot entries that are left alone: the same for every loader. */

/*
 * True if a title, an id, or the path of a kernel or initrd is that of a way back: fallback,
 * rescue, recovery, safe mode, a snapshot, and the copies that this program makes. Case does not
 * count.
 */
bool entry_is_way_back(const char *name);
/* … and which one: "fallback", "safe mode", …; NULL: it is none. */
const char *entry_way_back(const char *name);

enum entry_root { ROOT_UNKNOWN, ROOT_OURS, ROOT_FOREIGN };

/*
 * Compares root= of a command line with the names of this system's root file system (UUID=…,
 * PARTUUID=…, LABEL=…, /dev/…, ZFS=…). Only names of one kind are compared: a UUID says nothing
 * about a label. ROOT_UNKNOWN also for a line without root=.
 */
enum entry_root entry_root_compare(const struct strings *words, const struct strings *ours);

/* The same for one name as root= has it. */
enum entry_root root_name_compare(const char *name, const struct strings *ours);

#endif
