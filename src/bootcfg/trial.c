/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/trial.h"

#include "bootcfg/kargs/karg.h"
#include "bootcfg/loader/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The loaders with a boot for one time, by name. */
static void oneshot_names(struct text *ret)
{
	for (const struct loader *const *l = loader_table; *l; l++)
		if ((*l)->oneshot)
			text_print(ret, "%s%s", ret->len > 0 ? ", " : "", (*l)->name);
}

int trial_plan(const struct root *r, struct loaders *l, const struct karg_ops *req,
	struct edit_set *ret, struct err *err)
{
	_cleanup_(edit_set_done) struct edit_set p = {.set = calloc(2, sizeof(*p.set))};
	const struct loader *loader = l->found_n > 0 ? l->found[0] : NULL;
	_cleanup_(text_done) struct text names = {0};

	if (!p.set)
		return err_set(err, ENOMEM, "out of memory");
	strings_done(&l->next);
	if (!loader || !loader->oneshot) {
		oneshot_names(&names);
		return err_set(err, EINVAL,
			"--trial knows the one-time boot of %s, and this is %s: nothing is changed",
			names.data ? names.data : "no boot loader",
			loader ? loader->name : "none of them");
	}
	int rc = loader->oneshot(r, l, req, &p.set[p.n++], err);
	if (rc < 0)
		return rc;
	*ret = p;
	p = (struct edit_set){0};
	return 0;
}

int trial_keep(const struct root *r, const struct loaders *l, struct edit_set *to, struct err *err)
{
	const struct loader *loader = l->found_n > 0 ? l->found[0] : NULL;

	if (!loader || !loader->keep)
		return err_set(err, EINVAL,
			"--once-fallback copies the default entry, which is not known of %s",
			loader ? loader->name : "this boot loader");
	struct file_edits *set = calloc(to->n + 1, sizeof(*set));
	if (!set)
		return err_set(err, ENOMEM, "out of memory");
	/* Written first: the copy exists before anything changes. */
	memcpy(set + 1, to->set, to->n * sizeof(*set));
	free(to->set);
	to->set = set;
	to->n++;
	return loader->keep(r, l, &set[0], err);
}

int oneshot_cancel(
	const struct root *r, const struct undone *u, struct strings *next, bool *ret_trial)
{
	int rc = 0;

	*ret_trial = false;
	for (size_t i = 0; i < u->n && rc == 0; i++)
		for (const struct loader *const *l = loader_table; *l && rc == 0; l++)
			if ((*l)->oneshot_cancel)
				rc = (*l)->oneshot_cancel(r, u->v[i].path, next, ret_trial);
	return rc;
}

int trial_words_read(const char *text, struct karg_ops *ret, struct err *err)
{
	static const struct {
		const char *verb;
		enum karg_op_kind kind;
	} verbs[] = {{"--add", KARG_OP_ADD}, {"--set", KARG_OP_SET},
		{"--remove", KARG_OP_REMOVE_WORD}, {"--remove-item", KARG_OP_REMOVE_ELEMENT}};

	for (const char *at = text; *at;) {
		const char *cmd_end = karg_end(at), *word = cmd_end + (*cmd_end == ' ');
		const char *end = karg_end(word);
		_cleanup_(str_free) char *verb = strndup(at, (size_t)(cmd_end - at));
		_cleanup_(str_free) char *copy = strndup(word, (size_t)(end - word));
		size_t i = 0, n = sizeof(verbs) / sizeof(*verbs);
		if (!verb || !copy)
			return err_set(err, ENOMEM, "out of memory");
		while (i < n && !str_equal(verbs[i].verb, verb))
			i++;
		int rc = i == n ? err_set(err, EBADMSG, "the journal's %s can't be read", verb)
				: karg_ops_take(ret, verbs[i].kind, copy, err);
		if (rc < 0)
			return rc;
		at = end + (*end == ' ');
	}
	return 0;
}
