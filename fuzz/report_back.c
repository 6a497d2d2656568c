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
	struct verdict v = {.action = ACTION_ABSENT, .asked = &asked, .driver = "vfio-pci"};
	struct config c = {.path = "/nowhere/conf", .file = "/nowhere/conf"};
	struct bootcount standing = {.state = BOOT_BAD, .plan = 0x1234abcd, .tries = 2, .limit = 3};
	struct plan p = {.config = &c, .verdicts = &v, .n = 1, .off = words, .standing = &standing};
	struct report past;
	char *text = NULL;
	size_t len = 0;

	(void)str_copy(asked.text, sizeof(asked.text), "1234:5678");
	(void)str_copy(v.why, sizeof(v.why), words);
	(void)str_copy(standing.why, sizeof(standing.why), words);
	if (!is_utf8(words) || !is_utf8(v.why) || !is_utf8(standing.why))
		return;
	FILE *f = open_memstream(&text, &len);
	must(f != NULL);
	report_print(&p, NULL, words, f);
	must(fclose(f) == 0 && report_parse(&past, text, len, NULL) == 0);
	must(past.n == 1 && strcmp(past.devices[0].address, "1234:5678") == 0);
	must(strcmp(past.devices[0].action, "absent") == 0);
	must(strcmp(past.devices[0].asked, "/nowhere/conf:7") == 0);
	must(strcmp(past.devices[0].why, v.why) == 0 && past.devices[0].usec == -1);
	must(!past.devices[0].driver && !past.devices[0].before && !past.devices[0].after);
	must(strcmp(past.off, words) == 0);
	must(past.n_errors >= 1 && strcmp(past.errors[0], words) == 0);
	must(past.has_standing && past.standing.state == standing.state);
	must(past.standing.plan == standing.plan && past.standing.tries == 2);
	must(past.standing.limit == 3 && strcmp(past.standing.why, standing.why) == 0);
	report_done(&past);
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
