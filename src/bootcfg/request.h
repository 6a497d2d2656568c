/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_REQUEST_H
#define BOOTCFG_REQUEST_H

#include "base/err.h"
#include "bootcfg/kword.h"

#include <stdbool.h>
#include <stddef.h>

enum cpu { CPU_UNKNOWN, CPU_INTEL, CPU_AMD };

enum want_kind {
	WANT_ADD,            /* K or K=V is in effect, appended where it is not */
	WANT_SET,            /* K=V is the only K=… */
	WANT_REMOVE_WORD,    /* no K (a flag), or no K=V with that value */
	WANT_REMOVE_KEY,     /* no K=… whatever the value */
	WANT_REMOVE_ELEMENT, /* no V in the comma list of any K=… */
};

/* One thing that is wanted of a kernel command line. */
struct want {
	enum want_kind kind;
	char *text;     /* the word in kernel spelling; for the last two kinds the key or `K=V` */
	struct kword k; /* the same, decoded */
};

/* Everything wanted, in the order it was asked for. Zero-initialised is empty. */
struct request {
	struct want *v;
	size_t n;
};

void request_done(struct request *r);

/*
 * Takes --add, --remove (K, K=V, K=), --set K=V. More than one word in text (blanks outside of
 * quotes) is taken word by word. -EINVAL for a bad word or one that contradicts an earlier want.
 */
int request_add(struct request *r, const char *text, struct err *err) _must_check_;
int request_remove(struct request *r, const char *text, struct err *err) _must_check_;
int request_set(struct request *r, const char *text, bool force, struct err *err) _must_check_;

/* A want of this kind as it is, for a request that was kept. */
int request_take(
	struct request *r, enum want_kind kind, const char *text, struct err *err) _must_check_;

/*
 * What turns the IOMMU on: Intel `intel_iommu=on`, both `iommu=pt` unless no_pt; the words that
 * switch it off go. Never amd_iommu=on: the kernel knows no such value (drivers/iommu/amd/init.c,
 * parse_amd_iommu_options), AMD's is on when the firmware enables it.
 */
int request_iommu(struct request *r, enum cpu cpu, bool no_pt, struct err *err) _must_check_;

#endif
