/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_KARGS_KARG_OPS_H
#define BOOTCFG_KARGS_KARG_OPS_H

#include "base/err.h"
#include "bootcfg/kargs/karg.h"

#include <stdbool.h>
#include <stddef.h>

enum cpu { CPU_UNKNOWN, CPU_INTEL, CPU_AMD };

enum karg_op_kind {
	KARG_OP_ADD,            /* K or K=V is in effect, appended where it is not */
	KARG_OP_SET,            /* K=V is the only K=… */
	KARG_OP_REMOVE_WORD,    /* no K (a flag), or no K=V with that value */
	KARG_OP_REMOVE_KEY,     /* no K=… whatever the value */
	KARG_OP_REMOVE_ELEMENT, /* no V in the comma list of any K=… */
};

/* One thing that is wanted of a kernel command line. */
struct karg_op {
	enum karg_op_kind kind;
	char *text;    /* the word in kernel spelling; for the last two kinds the key or `K=V` */
	struct karg k; /* the same, decoded */
};

/* Everything wanted, in the order it was asked for. Zero-initialised is empty. */
struct karg_ops {
	struct karg_op *v;
	size_t n;
};

void karg_ops_done(struct karg_ops *r);

/*
 * Takes --add, --remove (K, K=V, K=), --set K=V. More than one word in text (blanks outside of
 * quotes) is taken word by word. -EINVAL for a bad word or one that contradicts an earlier want.
 */
int karg_ops_add(struct karg_ops *r, const char *text, struct err *err) _must_check_;
int karg_ops_remove(struct karg_ops *r, const char *text, struct err *err) _must_check_;
int karg_ops_set(struct karg_ops *r, const char *text, bool force, struct err *err) _must_check_;

/* A want of this kind as it is, for a request that was kept. */
int karg_ops_take(
	struct karg_ops *r, enum karg_op_kind kind, const char *text, struct err *err) _must_check_;

/*
 * What turns the IOMMU on: Intel `intel_iommu=on`, both `iommu=pt` unless no_pt; the words that
 * switch it off go. Never amd_iommu=on: the kernel knows no such value (drivers/iommu/amd/init.c,
 * parse_amd_iommu_options), AMD's is on when the firmware enables it.
 */
int karg_ops_iommu(struct karg_ops *r, enum cpu cpu, bool no_pt, struct err *err) _must_check_;

#endif
