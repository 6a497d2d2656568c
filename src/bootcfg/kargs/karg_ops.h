/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_KARGS_KARG_OPS_H
#define BOOTCFG_KARGS_KARG_OPS_H

#include "base/err.h"
#include "bootcfg/kargs/karg.h"

#include <stdbool.h>
#include <stddef.h>

enum cpu { CPU_UNKNOWN, CPU_INTEL, CPU_AMD, CPU_ARM };

enum karg_op_kind {
	KARG_OP_ADD,            /* K or K=V is in effect, appended if it is not */
	KARG_OP_ADD_WEAK,       /* default_hugepagesz=V comes before the pair that is added next,
				   unless there are pages of another size */
	KARG_OP_SET,            /* K=V is the only K=… */
	KARG_OP_REMOVE_WORD,    /* no K (a flag), or no K=V with that value */
	KARG_OP_REMOVE_KEY,     /* no K=… whatever the value */
	KARG_OP_REMOVE_ELEMENT, /* no V in the comma list of any K=… */
};

/* One request for a kernel command line. */
struct karg_op {
	enum karg_op_kind kind;
	char *text; /* the parameter in kernel spelling; for the last two kinds the key or `K=V` */
	struct karg k; /* the same, decoded */
};

/* All requests, in order. Zero-initialised is empty. */
struct karg_ops {
	struct karg_op *v;
	size_t n;
};

void karg_ops_done(struct karg_ops *r);

/* True for an operation that may add a parameter. */
bool karg_op_adds(const struct karg_op *w);

/*
 * Takes --add, --remove (K, K=V, K=), --set K=V. Several words in text (blanks outside of quotes)
 * are taken one by one, if none of them may be the rest of a value with blanks in it. -EINVAL for
 * an invalid word or one that contradicts an earlier request.
 */
int karg_ops_add(struct karg_ops *r, const char *text, struct err *err) _must_check_;
int karg_ops_remove(struct karg_ops *r, const char *text, struct err *err) _must_check_;
int karg_ops_set(struct karg_ops *r, const char *text, bool force, struct err *err) _must_check_;

/* Adds a request of this kind, as read from the journal. */
int karg_ops_take(
	struct karg_ops *r, enum karg_op_kind kind, const char *text, struct err *err) _must_check_;

/*
 * Turns the IOMMU on: Intel `intel_iommu=on`, both `iommu=pt`, or with no_pt none of its spellings;
 * the parameters that turn it off are removed. Never amd_iommu=on: the kernel has no such value
 * (drivers/iommu/amd/init.c, parse_amd_iommu_options), AMD's IOMMU is on if the firmware enables
 * it.
 *
 * Arm: `iommu.passthrough=1` (iommu_set_def_domain_type in drivers/iommu/iommu.c), for `iommu=pt`
 * is of x86 alone; an SMMU that the firmware describes is on, and no parameter turns it on.
 */
int karg_ops_iommu(struct karg_ops *r, enum cpu cpu, bool no_pt, struct err *err) _must_check_;

#endif
