/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/cmdline_place.h"

#include <errno.h>

int regular_files_add(const struct root *r, const char *dir, const char *suffix, struct strings *to)
{
	_cleanup_(strings_done) struct strings names = {0};
	int rc = root_list(r, dir, suffix, &names);

	for (size_t i = 0; i < names.n && rc == 0; i++) {
		struct text path = {0};
		text_print(&path, "%s/%s", dir, names.v[i]);
		if (path.data && !root_is_file(r, path.data))
			text_done(&path);
		else
			rc = strings_take(to, path.data);
	}
	return rc;
}

int kernel_cmdline_add(const struct detect *s, struct loaders *to, const char *drop_in_dir,
	const char *suffix, bool *ret_found)
{
	static const char own[] = "etc/kernel/cmdline", vendor[] = "usr/lib/kernel/cmdline";
	_cleanup_(strings_done) struct strings drops = {0};
	bool have = root_is_file(s->root, own), template = !have && root_is_file(s->root, vendor);

	if (drop_in_dir && regular_files_add(s->root, drop_in_dir, suffix, &drops) < 0)
		return -ENOMEM;
	*ret_found = have || template || drops.n > 0;
	if (!*ret_found || karg_source_known(to, own) ||
		(drops.n > 0 && karg_source_known(to, drops.v[0])))
		return 0;
	struct karg_source *p = karg_source_add(to, KARG_SOURCE_PLAIN, 20);
	if (!p)
		return -ENOMEM;
	/* A file in /etc replaces the vendor's completely, so it starts as a copy: with only the
	 * new words the next kernel would have no root=. */
	size_t len;
	if (template && root_read(s->root, vendor, &p->template, &len, NULL) < 0)
		return -EIO;
	int rc = have || template ? strings_add(&p->paths, own) : 0;
	for (size_t i = 0; i < drops.n && rc == 0; i++)
		rc = strings_add(&p->paths, drops.v[i]);
	p->home_file = have || template ? 0 : drops.n - 1;
	return rc;
}
