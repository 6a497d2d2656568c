/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/whole_line.h"

#include "bootcfg/loader/boot_entries.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The words without those that a loader adds by itself (BOOT_IMAGE=, initrd=); NULL: no memory. */
static char *entry_line(const struct boot_entry *e)
{
	struct text line = {0};

	text_add(&line, "", 0);
	for (size_t i = 0; i < e->words.n; i++)
		if (!str_equal(e->sources.v[i], "by the loader"))
			text_print(&line, "%s%s", line.len > 0 ? " " : "", e->words.v[i]);
	if (line.failed)
		text_done(&line);
	return line.data;
}

static bool has_root(const struct boot_entry *e)
{
	for (size_t i = 0; i < e->words.n && !str_equal(e->words.v[i], "--"); i++)
		if (str_starts(e->words.v[i], "root="))
			return true;
	return false;
}

int whole_line_find(const struct root *r, const struct loaders *l, char **ret)
{
	_cleanup_(boot_entries_done) struct boot_entries o = {0};
	_cleanup_(str_free) char *line = NULL;

	*ret = NULL;
	if (boot_entries_read(r, l, &o) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < o.n; i++) {
		const struct boot_entry *e = &o.v[i];
		if (!e->ours || e->no_linux || e->way_back)
			continue;
		if (e->unknown || !has_root(e))
			return 0;
		_cleanup_(str_free) char *one = entry_line(e);
		if (!one)
			return -ENOMEM;
		if (line && !str_equal(line, one))
			return 0;
		if (!line) {
			line = one;
			one = NULL;
		}
	}
	*ret = line;
	line = NULL;
	return 0;
}

int whole_line_pin(const struct root *r, struct loaders *to, const char *reader, bool *ret_found)
{
	static const char path[] = "etc/kernel/cmdline";
	_cleanup_(str_free) char *line = NULL;
	struct text whole = {0}, note = {0};

	*ret_found = false;
	int rc = whole_line_find(r, to->found_n > 0 ? to : NULL, &line);
	if (rc < 0 || !line)
		return rc;
	*ret_found = true;
	if (karg_source_known(to, path))
		return 0;
	struct karg_source *p = karg_source_add(to, plain_edit, 20, path);
	text_print(&whole, "%s\n", line);
	if (!p || whole.failed) {
		text_done(&whole);
		return -ENOMEM;
	}
	p->template = whole.data;
	text_print(&note,
		"%s takes the running kernel's line here; a change makes /%s with the whole line that the entries have, which then counts for the next kernel",
		reader, path);
	return strings_take(&to->notes, note.data);
}
