/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/luks2.h"

#include "base/str.h"
#include "shared/json_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BINARY_SIZE 4096 /* before the JSON */

size_t luks2_size(const char *binary, size_t len)
{
	static const char magic[] = {'L', 'U', 'K', 'S', (char)0xba, (char)0xbe, 0, 2};
	uint64_t size = 0;

	if (len < BINARY_SIZE || memcmp(binary, magic, sizeof(magic)) != 0)
		return 0;
	for (size_t i = 8; i < 16; i++)
		size = size << 8 | (unsigned char)binary[i];
	return size > BINARY_SIZE && size <= LUKS2_HEADER_MAX ? (size_t)size : 0;
}

static uint32_t pcrs_of(const struct json_object *list)
{
	uint32_t pcrs = 0;

	for (size_t i = 0; i < json_count(list); i++) {
		long long n;
		if (json_number_of(json_element(list, i), &n) && n >= 0 && n < 24)
			pcrs |= 1U << n;
	}
	return pcrs;
}

static int base64_digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

/* The protected header of JSON Web Encryption, base64url (RFC 7515). Allocated, or NULL. */
static char *base64_decode(const char *text)
{
	struct text out = {0};
	uint32_t bits = 0;
	unsigned n = 0;

	for (; base64_digit(*text) >= 0; text++) {
		bits = bits << 6 | (uint32_t)base64_digit(*text);
		n += 6;
		if (n < 8)
			continue;
		n -= 8;
		text_add(&out, &(char){(char)(bits >> n & 0xff)}, 1);
	}
	return out.data;
}

/* clevis: {"clevis":{"pin":"tpm2","tpm2":{"pcr_ids":"7,8",…}}}; without pcr_ids it binds to none.
 */
static void clevis_read(struct json_object *token, struct luks2_tpm *ret)
{
	_cleanup_(str_free) char *coded = json_text_of(
		json_member(json_member(token, "jwe"), "protected"));
	_cleanup_(str_free) char *text = coded ? base64_decode(coded) : NULL;
	_cleanup_(json_done) struct json_object *head = NULL;

	if (!text || json_parse(&head, text, strlen(text), NULL) < 0)
		return;
	const struct json_object *tpm = json_member(json_member(head, "clevis"), "tpm2");
	if (!tpm)
		return;
	ret->any = true;
	_cleanup_(str_free) char *ids = json_text_of(json_member(tpm, "pcr_ids"));
	for (char *at = ids; at && *at; at += strcspn(at, ","), at += *at == ',') {
		unsigned long n = strtoul(at, NULL, 10);
		if (*at >= '0' && *at <= '9' && n < 24)
			ret->pcrs |= 1U << n;
	}
}

static void systemd_read(struct json_object *token, struct luks2_tpm *ret)
{
	ret->any = true;
	ret->pcrs |= pcrs_of(json_member(token, "tpm2-pcrs"));
	ret->signed_pcrs |= pcrs_of(json_member(token, "tpm2_pubkey_pcrs"));
	ret->pcrlock |= json_is_true(json_member(token, "tpm2_pcrlock"));
}

int luks2_tpm_read(const char *header, size_t len, struct luks2_tpm *ret)
{
	_cleanup_(json_done) struct json_object *top = NULL;
	size_t size = luks2_size(header, len);

	*ret = (struct luks2_tpm){0};
	if (size == 0 || size > len)
		return -EINVAL;
	/* The rest of the area is filled with NUL. */
	_cleanup_(str_free) char *json = strndup(header + BINARY_SIZE, size - BINARY_SIZE);
	if (!json)
		return -ENOMEM;
	int rc = json_parse(&top, json, strlen(json), NULL);
	if (rc < 0)
		return rc == -ENOMEM ? rc : -EINVAL;
	const struct json_object *tokens = json_member(top, "tokens");
	char number[16];
	/* LUKS2_TOKENS_MAX of libcryptsetup */
	for (unsigned i = 0; i < 32; i++) {
		(void)snprintf(number, sizeof(number), "%u", i);
		struct json_object *token = json_member(tokens, number);
		_cleanup_(str_free) char *type = json_text_of(json_member(token, "type"));
		if (type && str_equal(type, "systemd-tpm2"))
			systemd_read(token, ret);
		else if (type && str_equal(type, "clevis"))
			clevis_read(token, ret);
	}
	return 0;
}
