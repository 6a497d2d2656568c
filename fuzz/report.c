/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as report.json, as what an EFI variable remembers of boots, and as a record of the
 * kernel log. What is taken for a report has all that its reader needs, and what is
 * remembered can be written again, bit by bit.
 */
#include "cli/report_parse.h"
#include "core/bootcount.h"
#include "host/kmsg.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_report(const char *text, size_t len)
{
	struct report p;
	struct err err = {""};
	int r = report_parse(&p, text, len, &err);

	must(r == 0 || ((r == -EINVAL || r == -EFBIG) && err.text[0] != '\0'));
	if (r < 0)
		return;
	for (size_t i = 0; i < p.n; i++)
		must(p.devices[i].address && p.devices[i].action);
	for (size_t i = 0; i < p.n_errors; i++)
		must(p.errors[i] != NULL);
	report_done(&p);
}

static void check_boots(const uint8_t *data, size_t size)
{
	struct boot_history b;
	uint8_t again[BOOT_HISTORY_SIZE];
	bool changed;

	if (!boot_history_decode(&b, data, size))
		return;
	boot_history_encode(&b, again);
	must(size == BOOT_HISTORY_SIZE && memcmp(data, again, size) == 0);
	for (unsigned limit = 1; limit <= BOOT_HISTORY_LIMIT_MAX; limit++) {
		struct boot_history now = b;
		enum boot_verdict word = boot_history_begin(&now, b.plan, limit, &changed);
		(void)boot_history_reached(&now, b.plan, limit, word == PLAN_BLOCKED);
		(void)boot_history_wait(&now);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Exactly: the sanitizer sees the first byte behind the NUL. */
	char *text = malloc(size + 1);
	long long usec = -1;

	must(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	check_report(text, size);
	check_boots(data, size);
	must(!kmsg_matches(text, "e1000e", "0000:01:00.0", &usec) || usec >= 0);
	free(text);
	return 0;
}
