/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_TPM_H
#define BOOTCFG_TPM_H

#include "bootcfg/loader/karg_sources.h"

/*
 * Warnings about disk keys in the TPM: which are bound to a register that the kernel command line
 * is measured into, so that the next boot asks for the passphrase, and what to run. The key slots
 * of a LUKS2 header tell, on the running system and where the device can be read: a key that is
 * bound to other registers (7 alone) is no warning. 0 or -ENOMEM.
 */
int tpm_warnings(const struct root *r, const struct loaders *l, struct strings *to) _must_check_;

#endif
