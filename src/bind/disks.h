/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BIND_DISKS_H
#define BIND_DISKS_H

#include "bind/finder.h"

/*
 * Needs a disk by its number, or by what a table calls it (/dev/…, UUID=, LABEL=, PARTUUID=,
 * PARTLABEL=, ID=). False where that names none that is there now.
 */
bool disk_need_number(struct finder *f, unsigned major, unsigned minor);
bool disk_need_spec(struct finder *f, const char *spec);

/* Keeps what a disk hangs on, and needs what it is made of. name: as in /sys/class/block. */
void disk_look(struct finder *f, const char *name);

#endif
