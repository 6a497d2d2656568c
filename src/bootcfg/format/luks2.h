/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_FORMAT_LUKS2_H
#define BOOTCFG_FORMAT_LUKS2_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a key in the TPM is bound to, over all tokens of a LUKS2 header. */
struct luks2_tpm {
	bool any;             /* there is such a token, of systemd-cryptenroll or clevis */
	uint32_t pcrs;        /* bit N: PCR N has to be as it was */
	uint32_t signed_pcrs; /* … or as a signature says, which the image has */
	bool pcrlock;         /* … or as the policy of systemd-pcrlock says */
};

#define LUKS2_HEADER_MAX (4U << 20) /* LUKS2 On-Disk Format Specification 1.1.1, section 2.2 */

/* The size of a header by its first 4096 bytes, JSON with it; 0: this is no LUKS2. */
size_t luks2_size(const char *binary, size_t len);

/* Reads the tokens of a whole header. Pure. -EINVAL for JSON that cannot be read. */
int luks2_tpm_read(const char *header, size_t len, struct luks2_tpm *ret) _must_check_;

#endif
