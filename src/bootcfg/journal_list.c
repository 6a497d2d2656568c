/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/journal_list.h"

#include "bootcfg/journal_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

void journal_list_done(struct journal_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].when);
		free(l->v[i].what);
		strings_done(&l->v[i].paths);
	}
	free(l->v);
	*l = (struct journal_list){0};
}

int journal_read(const struct root *r, struct journal_list *ret, struct err *err)
{
	_cleanup_(store_close) struct store st = STORE_CLOSED;
	unsigned *ids = NULL;
	size_t n = 0;

	st.root = r;
	st.dir = root_fd(r, JOURNAL_DIR, O_RDONLY | O_DIRECTORY);
	if (st.dir == -ENOENT)
		return 0;
	int rc = st.dir < 0 ? st.dir : store_ids(&st, &ids, &n);
	if (rc < 0)
		return err_set(err, -rc, "/%s: can't read it: %s", JOURNAL_DIR, strerror(-rc));
	ret->v = calloc(n + 1, sizeof(*ret->v));
	for (size_t i = 0; i < n && ret->v && rc == 0; i++) {
		_cleanup_(stored_done) struct stored s = {0};
		rc = store_read(&st, ids[i], &s, err);
		if (rc < 0)
			break;
		struct journal_entry *e = &ret->v[ret->n++];
		*e = (struct journal_entry){.id = s.id, .when = s.when, .what = s.what};
		s.when = s.what = NULL;
		for (size_t f = 0; f < s.files && rc == 0; f++)
			rc = strings_add(&e->paths, s.file[f].path);
	}
	free(ids);
	return ret->v ? rc : err_set(err, ENOMEM, "out of memory");
}
