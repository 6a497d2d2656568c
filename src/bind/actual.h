/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BIND_ACTUAL_H
#define BIND_ACTUAL_H

#include "base/err.h"
#include "bind/modules.h"
#include "bind/report_read.h"
#include "bind/unfinished.h"
#include "bind/usable.h"
#include "pci/sysfs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What a device that was asked for is now. The first three are as they should be. */
enum fate {
	FATE_HOLDS,
	FATE_EXCLUDED,   /* [exclude] wins, as asked */
	FATE_RELEASED,   /* `release` gave it back to the host since, as its owner wished */
	FATE_UNUSABLE,   /* vfio-pci has it, and no VM can open it */
	FATE_UNVERIFIED, /* vfio-pci has it; whether a VM can open it can't be found out */
	FATE_OFF,        /* nothing was touched at this boot */
	FATE_REFUSED,    /* a guard left it to the host */
	FATE_ABSENT,     /* it was not there */
	FATE_GONE,       /* it was there, and is not any more */
	FATE_TAKEN,      /* another driver has it */
	FATE_DRIVERLESS, /* no driver has it */
};

struct row {
	const struct past_device *asked;
	bool later; /* told by `added`, for a device that came after the boot had its look */
	enum fate fate;
	char now[32];                  /* its driver, "" for none */
	enum usable usable;            /* of one that vfio-pci has */
	char unusable[USABLE_WHY_MAX]; /* why not, or why that is not known */
	bool since; /* taken or driverless: it was not so when vfio-bind was done with it */
	long long first_usec; /* of a thief: klog_first */
};

/* Asked for against actual: the reports of this boot, and sysfs as it is now. */
struct actual {
	struct past boot;
	struct past *later; /* each device's report that `added` wrote */
	size_t n_later;
	struct row *rows; /* in the order of addresses, the boot's own order behind those */
	size_t n;
	struct unfinished *unfinished; /* of no row: nobody has reported it */
	size_t n_unfinished;
	int config_changed; /* 1: the config is another than the image has; 0; -1: not known */
	unsigned waits;     /* boots that a plan which stood down still waits for */
	/* Devices that vfio-pci has by ids which others gave it, a sentence each. Nobody asked a
	 * guard about them. Who reads the settings of others adds them. */
	struct names strays;
	bool confirmed; /* this boot was on trial, and has reached its end since */
};

/*
 * Reads DIR/report.json, DIR/ADDRESS/report.json and sysfs below a directory (NULL: /sys). -ENOENT
 * where the boot has left no report, or another negative errno, with a text; to be emptied with
 * actual_done in each case.
 */
int actual_read(struct actual *ret, const char *dir, const char *sysfs, const char *config,
	struct err *err) _must_check_;
void actual_done(struct actual *a);

/* Is everything that was asked for as it was asked? */
bool actual_holds(const struct actual *a);
bool row_holds(const struct row *r);

const char *fate_name(enum fate fate);

#define ROW_TEXT_MAX 512

/* One of `unfinished` in words. */
const char *actual_unfinished_text(const struct unfinished *u, char buf[static ROW_TEXT_MAX]);

/* One row's verdict in words: what it is, who did it, and when. */
const char *row_text(const struct row *r, const struct actual *a, char buf[static ROW_TEXT_MAX]);

/* How the boots before this one bear on it, in one sentence; "" where there is nothing to say. */
#define STANDING_TEXT_MAX 400
const char *actual_standing_text(const struct actual *a, char buf[static STANDING_TEXT_MAX]);

/* All of it, for people and as JSON. */
void actual_print(const struct actual *a, FILE *f);
void actual_print_json(const struct actual *a, FILE *f);

#endif
