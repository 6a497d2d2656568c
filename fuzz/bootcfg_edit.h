/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FUZZ_BOOTCFG_EDIT_H
#define FUZZ_BOOTCFG_EDIT_H

#include "bootcfg/kword.h"
#include "bootcfg/source.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What holds for every format and any bytes: refused, or edited so that a second edit does nothing
 * and the words are the old ones, less the removed, plus the added. */
typedef int (*fuzz_format)(struct sources *s, const struct request *r, struct err *err);

static inline void must(bool holds)
{
	if (!holds)
		abort();
}

static inline void request_fill(struct request *r)
{
	must(request_add(r, "iommu=pt", NULL) == 0);
	must(request_add(r, "dyndbg=\"file x +p\"", NULL) == 0);
	must(request_remove(r, "quiet", NULL) == 0);
	must(request_remove(r, "splash=", NULL) == 0);
}

static inline void source_fill(struct sources *s, const char *text, size_t len)
{
	char *copy = malloc(len + 1);
	must(copy != NULL);
	memcpy(copy, text, len);
	copy[len] = '\0';
	must(sources_add(s, "file", copy, len) == 0);
}

static inline int fuzz_edit(const uint8_t *data, size_t size, fuzz_format edit)
{
	struct sources once = {0}, twice = {0}, read = {0};
	struct request r = {0}, none = {0};
	struct err err = {0};
	size_t len;

	request_fill(&r);
	source_fill(&once, (const char *)data, size);
	source_fill(&read, (const char *)data, size);
	int rc = edit(&once, &r, &err);
	must(rc <= 0);
	must(rc == 0 || err.text[0] || rc == -ENOMEM);
	must(edit(&read, &none, &err) <= 0 && !sources_changed(&read));
	if (rc == 0 && sources_changed(&once)) {
		const char *text = source_text(&once.v[0], &len);
		source_fill(&twice, text, len);
		must(edit(&twice, &r, &err) == 0);
		must(!sources_changed(&twice));
		must(once.added.n + once.removed.n > 0);
	}
	sources_done(&once);
	sources_done(&twice);
	sources_done(&read);
	request_done(&r);
	return 0;
}

#endif
