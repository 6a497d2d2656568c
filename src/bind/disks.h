/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BIND_DISKS_H
#define BIND_DISKS_H

#include "bind/hostdevs_search.h"

/*
 * Needs a disk by its number, or by what a table calls it (/dev/…, UUID=, LABEL=, PARTUUID=,
 * PARTLABEL=, ID=). False where that names none that is there now.
 */
bool disk_need_number(struct hostdevs_search *f, unsigned major, unsigned minor);
bool disk_need_spec(struct hostdevs_search *f, const char *spec);

/*
 * Needs each disk that a text names in any place: the options of a mount ("rw,logdev=/dev/sda3"), a
 * word of the kernel command line ("cryptkey=/dev/sdc1:vfat:/key"), a field of crypttab
 * ("/key:UUID=…"). part: logs, headers and keys. Of these one that is not there now makes the
 * search unknown: a stick with a key is taken out after the boot.
 */
void disks_need_named(struct hostdevs_search *f, const char *text, bool part);

/* Keeps what a disk hangs on, and needs what it is made of: of what kind PENDING_DISK is, the other
 * disks of its file system too. name: as in /sys/class/block. */
void disk_look(struct hostdevs_search *f, enum pending_kind kind, const char *name);

#endif
