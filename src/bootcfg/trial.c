/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/trial.h"

#include "bootcfg/booted.h"
#include "bootcfg/karg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The entry that boots by default: the one loader.conf names, the only one, or the one that booted
 * this system. */
static const struct karg_source *default_find(const struct root *r, const struct loaders *l)
{
	const struct karg_source *only = NULL, *chosen = NULL, *booted = NULL;
	size_t n = 0;
	_cleanup_(booted_done) struct booted now = {0};

	(void)!booted_read(r, &now);
	for (size_t i = 0; i < l->places; i++) {
		const struct karg_source *p = &l->place[i];
		if (p->kind != KARG_SOURCE_BLS)
			continue;
		n++;
		only = p;
		const char *name = strrchr(p->paths.v[0], '/') + 1;
		if (p->is_default && !chosen)
			chosen = p;
		if (now.entry && strcasecmp(now.entry, name) == 0)
			booted = p;
	}
	return chosen ? chosen : n == 1 ? only : booted;
}

/* NAME.conf or NAME+3-1.conf becomes NAME-TAIL.conf: the copy counts no boots. */
static char *copy_name(const char *path, const char *tail)
{
	size_t len = strlen(path) - strlen(".conf"), plus = len;
	char *name = NULL;

	while (plus > 0 && strchr("0123456789-", path[plus - 1]))
		plus--;
	if (plus > 0 && plus < len && path[plus - 1] == '+')
		len = plus - 1;
	return asprintf(&name, "%.*s-%s.conf", (int)len, path, tail) < 0 ? NULL : name;
}

/* How long a line is without the blanks at its end. */
static size_t trimmed(const char *line, size_t len)
{
	while (len > 0 && karg_blank(line[len - 1]))
		len--;
	return len;
}

static bool key_is(const char *line, size_t len, const char *key)
{
	size_t n = strlen(key);
	return len > n && memcmp(line, key, n) == 0 && strchr(" \t", line[n]);
}

/* The copy says what it is, and sorts behind its model, so that it is never first by itself
 * (systemd-boot, boot_entry_compare: equal keys, then the greater id; `-` is less than `.`). */
static void copy_mark(const char *text, size_t len, const char *mark, struct text *to)
{
	for (size_t at = 0; at < len;) {
		const char *line = text + at, *nl = memchr(line, '\n', len - at);
		size_t n = nl ? (size_t)(nl - line) + 1 : len - at, end = trimmed(line, n);
		if (key_is(line, end, "sort-key"))
			text_print(to, "sort-key zz-vfio");
		else
			text_add(to, line, end);
		if (key_is(line, end, "title"))
			text_print(to, " (%s)", mark);
		text_add(to, line + end, n - end);
		at += n;
	}
}

static int copy_make(const struct root *r, const struct karg_source *model, const char *tail,
	const char *mark, struct file_edits *to, struct err *err)
{
	_cleanup_(str_free) char *text = NULL, *name = copy_name(model->paths.v[0], tail);
	_cleanup_(text_done) struct text copy = {0};
	size_t len = 0;

	if (!name)
		return err_set(err, ENOMEM, "out of memory");
	int rc = root_read(r, name, &text, &len, err);
	if (rc == 0) { /* there is one already: it is what is edited */
		char *have = text;
		text = NULL;
		return file_edits_add(to, name, have, len) < 0
			       ? err_set(err, ENOMEM, "out of memory")
			       : 0;
	}
	if (rc == -ENOENT)
		rc = root_read(r, model->paths.v[0], &text, &len, err);
	if (rc < 0)
		return rc;
	copy_mark(text, len, mark, &copy);
	if (file_edits_add(to, name, NULL, 0) < 0 || file_edit_take(&to->v[0], &copy) < 0)
		return err_set(err, ENOMEM, "out of memory");
	return 0;
}

/* With @saved what was booted last is the next default, the trial as well. */
static int default_check(const struct root *r, const char *path, struct err *err)
{
	const char *entries = strstr(path, "/entries/");
	char conf[1100];

	(void)snprintf(
		conf, sizeof(conf), "%.*s/loader.conf", (int)(entries ? entries - path : 0), path);
	if (root_holds(r, conf, "@saved"))
		return err_set(err, EINVAL,
			"/%s: says `default @saved', so the trial would boot again by itself; name an entry there first",
			conf);
	return 0;
}

static int systemd_boot_plan(const struct root *r, struct loaders *l, const struct karg_ops *req,
	struct edit_set *p, struct err *err)
{
	const struct karg_source *model = default_find(r, l);

	if (!model)
		return err_set(err, EINVAL,
			"nothing tells which entry boots by default; --entry ID says which to try");
	struct bls_format f = {.reader = BLS_SYSTEMD_BOOT};
	struct file_edits *s = &p->set[p->n++];
	int rc = default_check(r, model->paths.v[0], err);
	if (rc == 0)
		rc = copy_make(r, model, TRIAL_ID, "vfio-bootcfg trial", s, err);
	if (rc == 0)
		rc = bls_edit(s, &f, req, err);
	if (rc < 0)
		return rc;
	if (s->n == 0)
		return err_set(err, EINVAL, "the default entry has no file to copy");
	if (s->added.n == 0 && s->removed.n == 0)
		str_free(&s->v[0].text);
	if (!s->v[0].text && !s->v[0].old)
		return 0; /* it is so already */
	_cleanup_(text_done) struct text arm = {0};
	text_print(&arm, "bootctl set-oneshot %s", strrchr(s->v[0].path, '/') + 1);
	return arm.failed || strings_add(&l->next, arm.data) < 0
		       ? err_set(err, ENOMEM, "out of memory")
		       : 0;
}

int trial_plan(const struct root *r, struct loaders *l, const struct karg_ops *req,
	struct edit_set *ret, struct err *err)
{
	_cleanup_(edit_set_done) struct edit_set p = {.set = calloc(2, sizeof(*p.set))};
	const char *loader = l->found.n > 0 ? l->found.v[0] : "";
	int rc = -EINVAL;

	if (!p.set)
		return err_set(err, ENOMEM, "out of memory");
	strings_done(&l->next);
	if (str_equal(loader, "systemd-boot"))
		rc = systemd_boot_plan(r, l, req, &p, err);
	else if (str_equal(loader, "grub"))
		rc = trial_grub_plan(r, l, req, &p, err);
	else
		(void)err_set(err, EINVAL,
			"--trial knows the one-shot boot of systemd-boot's entries and of GRUB's menu, and this is %s: nothing is changed",
			loader);
	if (rc < 0)
		return rc;
	*ret = p;
	p = (struct edit_set){0};
	return 0;
}

int trial_keep(const struct root *r, const struct loaders *l, struct edit_set *to, struct err *err)
{
	const struct karg_source *model = default_find(r, l);

	if (!model || !str_equal(l->found.n > 0 ? l->found.v[0] : "", "systemd-boot"))
		return err_set(err, EINVAL,
			"--once-fallback copies the default entry of systemd-boot, and there is none that is known here");
	struct file_edits *set = calloc(to->n + 1, sizeof(*set));
	if (!set)
		return err_set(err, ENOMEM, "out of memory");
	/* First of all: it is there before anything changes. */
	memcpy(set + 1, to->set, to->n * sizeof(*set));
	free(to->set);
	to->set = set;
	to->n++;
	return copy_make(r, model, "before-vfio", "before vfio-bootcfg", &set[0], err);
}

int oneshot_cancel(
	const struct root *r, const struct undone *u, struct strings *next, bool *ret_trial)
{
	int rc = 0;

	*ret_trial = false;
	for (size_t i = 0; i < u->n && rc == 0; i++) {
		const char *path = u->v[i].path, *name = strrchr(path, '/');
		if (name && strstr(name, "-" TRIAL_ID ".conf"))
			*ret_trial = true;
		if (!name || !str_equal(name, "/custom.cfg"))
			continue;
		*ret_trial = true;
		rc = grub_oneshot_cancel(r, path, next);
	}
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
