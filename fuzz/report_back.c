/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A report that report_print wrote with any words in its texts comes back from report_parse as it
 * was. Words that are no UTF-8 are left out here: fuzz/json_read has what becomes of them.
 */
#include "base/str.h"
#include "cli/report_parse.h"
#include "core/report.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool is_utf8(const char *s)
{
	while (*s) {
		size_t len = str_utf8_length(s);
		if (len == 0)
			return false;
		s += len;
	}
	return true;
}

static void come_back(const char *words)
{
	struct selector asked = {.kind = SELECT_ID, .line = 7};
	struct verdict v = {.action = ACTION_ABSENT, .selector = &asked, .driver = "vfio-pci"};
	struct config c = {.path = "/nowhere/conf", .file = "/nowhere/conf"};
	struct bootcount bootcount = {
		.state = BOOT_BAD, .plan = 0x1234abcd, .tries = 2, .limit = 3};
	struct plan p = {
		.config = &c, .verdicts = &v, .n = 1, .off = words, .bootcount = &bootcount};
	struct report last;
	char *text = NULL;
	size_t len = 0;

	(void)str_copy(asked.text, sizeof(asked.text), "1234:5678");
	(void)str_copy(v.reason, sizeof(v.reason), words);
	(void)str_copy(bootcount.reason, sizeof(bootcount.reason), words);
	if (!is_utf8(words) || !is_utf8(v.reason) || !is_utf8(bootcount.reason))
		return;
	FILE *f = open_memstream(&text, &len);
	must(f != NULL);
	report_print(&p, NULL, words, f);
	must(fclose(f) == 0 && report_parse(&last, text, len, NULL) == 0);
	must(last.n == 1 && strcmp(last.devices[0].address, "1234:5678") == 0);
	must(strcmp(last.devices[0].action, "absent") == 0);
	must(strcmp(last.devices[0].asked, "/nowhere/conf:7") == 0);
	must(strcmp(last.devices[0].reason, v.reason) == 0 && last.devices[0].usec == -1);
	must(!last.devices[0].driver && !last.devices[0].before && !last.devices[0].after);
	must(strcmp(last.off, words) == 0);
	must(last.n_errors >= 1 && strcmp(last.errors[0], words) == 0);
	must(last.has_bootcount && last.bootcount.state == bootcount.state);
	must(last.bootcount.plan == bootcount.plan && last.bootcount.tries == 2);
	must(last.bootcount.limit == 3 && strcmp(last.bootcount.reason, bootcount.reason) == 0);
	report_done(&last);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	come_back(text);
	free(text);
	return 0;
}
