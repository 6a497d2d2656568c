/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a LUKS2 header, and as the JSON in one. */
#include "bootcfg/format/luks2.h"
#include "bootcfg_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BINARY_SIZE 4096

static void header_read(const char *header, size_t len)
{
	struct luks2_tpm tpm;
	size_t size = luks2_size(header, len);

	must(size == 0 || (size > BINARY_SIZE && size <= LUKS2_HEADER_MAX));
	int rc = luks2_tpm_read(header, len, &tpm);
	must(rc == 0 || rc == -EINVAL || rc == -ENOMEM);
	must(rc < 0 || (size > 0 && size <= len));
	must(tpm.any || (!tpm.pcrs && !tpm.signed_pcrs && !tpm.pcrlock));
	must((tpm.pcrs | tpm.signed_pcrs) < 1U << 24);
	must(rc == 0 || !tpm.any);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char magic[] = {'L', 'U', 'K', 'S', (char)0xba, (char)0xbe, 0, 2};
	size_t len = BINARY_SIZE + size;
	char *whole = calloc(1, len);

	must(whole != NULL);
	header_read((const char *)data, size);
	memcpy(whole, magic, sizeof(magic));
	for (size_t i = 0; i < 8; i++)
		whole[8 + i] = (char)(len >> (56 - 8 * i) & 0xff);
	if (size > 0)
		memcpy(whole + BINARY_SIZE, data, size);
	header_read(whole, len);
	free(whole);
	return 0;
}
