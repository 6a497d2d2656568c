/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/entries.h"

#include "bootcfg/format/file_edit.h"
#include "bootcfg/kargs/entry_rules.h"
#include "bootcfg/kargs/karg.h"
#include "bootcfg/loader/bls_own.h"
#include "bootcfg/loader/booted.h"
#include "bootcfg/loader/kernel_install.h"
#include "bootcfg/loader/loader.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void entries_done(struct entries *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->v[i].path);
	free(e->v);
	strings_done(&e->notes);
	*e = (struct entries){0};
}

char *entries_setting(const struct root *r, const char *boot, const char *key)
{
	_cleanup_(str_free) char *text = NULL;
	char path[1024];
	size_t len, n = strlen(key);

	(void)snprintf(path, sizeof(path), "%s/loader/loader.conf", boot);
	if (root_read(r, path, &text, &len, NULL) < 0)
		return NULL;
	char *rest = text;
	for (char *line; (line = strsep(&rest, "\n"));) {
		line += strspn(line, " \t");
		if (!str_starts(line, key) || !kcmdline_is_blank(line[n]))
			continue;
		line += n + strspn(line + n, " \t");
		line[strcspn(line, " \t\r")] = '\0';
		return strdup(line);
	}
	return NULL;
}

size_t entry_stem(const char *name)
{
	size_t len = strlen(name) - strlen(".conf"), plus = len;

	while (plus > 0 && strchr("0123456789-", name[plus - 1]))
		plus--;
	return plus > 0 && plus < len && name[plus - 1] == '+' ? plus - 1 : len;
}

char *entry_id(const char *name)
{
	char *id = NULL;
	return asprintf(&id, "%.*s.conf", (int)entry_stem(name), name) < 0 ? NULL : id;
}

int entry_id_compare(const char *a, const char *b)
{
	size_t same = 0;

	while (a[same] && a[same] == b[same])
		same++;
	if ((a[same] == '~') != (b[same] == '~'))
		return a[same] == '~' ? -1 : 1;
	return strverscmp(a, b);
}

bool entry_matches(const char *id, const char *pattern)
{
	_cleanup_(str_free) char *conf = NULL;

	if (fnmatch(pattern, id, FNM_CASEFOLD) == 0)
		return true;
	return asprintf(&conf, "%s.conf", pattern) >= 0 && fnmatch(conf, id, FNM_CASEFOLD) == 0;
}

static bool is_hex32(const char *s)
{
	return strspn(s, "0123456789abcdef") >= 32;
}

bool entry_is_foreign(const struct detect *s, const char *name, const struct bls_entry *e)
{
	if (!s->machine_id && !s->token)
		return false;
	if (e->machine_id && e->machine_id[0])
		return !s->machine_id || strcasecmp(e->machine_id, s->machine_id) != 0;
	if (!is_hex32(name) || name[32] != '-')
		return false;
	if (s->machine_id && strncasecmp(name, s->machine_id, 32) == 0)
		return false;
	return !s->token || strncasecmp(name, s->token, strlen(s->token)) != 0;
}

static bool is_fallback(const char *name, const struct bls_entry *e)
{
	return entry_is_way_back(name) || (e->title && entry_is_way_back(e->title)) ||
	       (e->initrd && entry_is_way_back(e->initrd)) ||
	       (e->linux_path && entry_is_way_back(e->linux_path));
}

/* The words of the options, without the quotes around the whole. -ENOMEM. */
static int options_words(const struct bls_entry *e, struct strings *ret)
{
	for (const char *p = e->options; p && *p;) {
		while (kcmdline_is_blank(*p) || *p == '"')
			p++;
		const char *end = kcmdline_word_end(p);
		if (end > p && strings_take(ret, strndup(p, (size_t)(end - p))) < 0)
			return -ENOMEM;
		p = end;
	}
	return 0;
}

static bool has_root(const struct bls_entry *e)
{
	_cleanup_(strings_done) struct strings words = {0};

	if (options_words(e, &words) < 0)
		return false;
	for (size_t i = 0; i < words.n; i++)
		if (str_starts(words.v[i], "root="))
			return true;
	return false;
}

/* True if root= names another file system than this system's. */
static bool has_foreign_root(const struct detect *s, const struct bls_entry *e)
{
	_cleanup_(strings_done) struct strings words = {0};

	return options_words(e, &words) == 0 &&
	       entry_root_compare(&words, &s->roots) == ROOT_FOREIGN;
}

static int note(struct entries *to, const char *path, const char *reason)
{
	struct text t = {0};
	text_print(&t, "/%s: %s", path, reason);
	return strings_take(&to->notes, t.data);
}

static bool name_has_token(const struct detect *s, const char *name)
{
	return (s->machine_id && str_starts(name, s->machine_id)) ||
	       (s->token && str_starts(name, s->token));
}

struct search {
	const struct detect *s;
	const char *pick, *dir;
	char *pattern;   /* of the default entry */
	char system[33]; /* the machine of the first entry */
};

static int entry_add(struct search *q, const char *name, const char *path,
	const struct bls_entry *e, struct entries *to)
{
	_cleanup_(str_free) char *id = entry_id(name);
	struct entry *v = realloc(to->v, (to->n + 1) * sizeof(*v));
	char *copy = v ? strdup(path) : NULL;

	if (v)
		to->v = v;
	if (!copy || !id) {
		free(copy);
		return -ENOMEM;
	}
	v[to->n++] = (struct entry){.path = copy,
		.is_default = q->pattern && entry_matches(id, q->pattern),
		.kernelopts = e->options && strstr(e->options, "kernelopts"),
		.generated = e->machine_id || name_has_token(q->s, name)};
	return 0;
}

/* Why an entry is not edited; NULL: it is edited. */
static const char *reason_to_skip(
	struct search *q, const char *name, const struct bls_entry *e, struct entries *to)
{
	_cleanup_(str_free) char *id = entry_id(name);
	bool picked = q->pick && !str_equal(q->pick, "all") && !str_equal(q->pick, "default");

	if (picked && (!id || !entry_matches(id, q->pick)))
		return "";
	if (q->pick && str_equal(q->pick, "default") &&
		(!id || !q->pattern || !entry_matches(id, q->pattern)))
		return "";
	if (e->efi && strcasestr(e->efi, "/microsoft/"))
		return "left alone: starts Windows";
	if (!e->linux_path && (e->efi || e->uki) && !has_root(e)) {
		to->skipped_uki++;
		return "left alone: options here would take the place of the command line inside the image it starts";
	}
	if (!e->linux_path && !e->efi && !e->uki)
		return "left alone: starts no kernel";
	if (!picked && entry_is_foreign(q->s, name, e))
		return "left alone: belongs to another system";
	if (!picked && has_foreign_root(q->s, e))
		return "left alone: belongs to another system: its root= is not the root file system here (/etc/fstab)";
	if (strstr(name, "-before-vfio.conf"))
		return "left alone: the way back that --once-fallback made";
	if (!picked && strstr(name, "-" TRIAL_ID ".conf"))
		return "left alone: a copy that this program made";
	if (!q->pick && is_fallback(name, e))
		return "left alone as the way back; --entry all edits it, too";
	return NULL;
}

static int entry_look(struct search *q, const char *name, struct entries *to, struct err *err)
{
	_cleanup_(str_free) char *text = NULL;
	_cleanup_(bls_entry_done) struct bls_entry e = {0};
	char path[2048];
	size_t len;

	if (name[0] == '.' || str_starts(name, "auto-"))
		return 0;
	to->seen++;
	(void)snprintf(path, sizeof(path), "%s/%s", q->dir, name);
	if (root_is_link(q->s->root, path))
		return note(to, path, "left alone: a symlink, which loaders must ignore");
	int rc = root_read(q->s->root, path, &text, &len, err);
	if (rc < 0)
		return rc;
	if (bls_read(text, len, &e) < 0)
		return -ENOMEM;
	const char *reason = bls_own_is_copy(name, text, len)
				     ? q->pick ? ""
					       : "left alone: made anew from the entry beside it"
				     : reason_to_skip(q, name, &e, to);
	if (reason)
		return reason[0] ? note(to, path, reason) : 0;
	const char *system = e.machine_id                        ? e.machine_id
			     : is_hex32(name) && name[32] == '-' ? name
								 : NULL;
	if (system && !q->s->machine_id && !q->s->token) {
		if (q->system[0] && strncasecmp(q->system, system, 32) != 0)
			return err_set(err, EMLINK,
				"/%s: the entries are of several systems, and without /etc/machine-id it is not known which are of this one; --entry selects them",
				path);
		(void)snprintf(q->system, sizeof(q->system), "%.32s", system);
	}
	return entry_add(q, name, path, &e, to);
}

static int directory_look(const struct detect *s, const char *boot, const char *pick,
	struct entries *to, struct err *err)
{
	_cleanup_(strings_done) struct strings names = {0};
	_cleanup_(str_free) char *conf = entries_setting(s->root, boot, "default"), *srel = NULL;
	_cleanup_(str_free) char *variable = booted_variable(s->root, "LoaderEntryDefault");
	_cleanup_(str_free) char *preferred = booted_variable(s->root, "LoaderEntryPreferred");
	char *pattern = preferred && preferred[0] != '@' ? preferred
			: variable && variable[0] != '@' ? variable
							 : conf;
	char dir[1024], path[1100];
	size_t len;

	(void)snprintf(dir, sizeof(dir), "%s/loader/entries", boot);
	int rc = root_list(s->root, dir, ".conf", &names);
	if (rc < 0)
		return err_set(err, -rc, "/%s: can't list it: %s", dir, strerror(-rc));
	(void)snprintf(path, sizeof(path), "%s/loader/entries.srel", boot);
	if (root_read(s->root, path, &srel, &len, NULL) == 0 && names.n > 0) {
		srel[strcspn(srel, "\r\n")] = '\0';
		if (!str_equal(srel, "type1"))
			return err_set(err, EINVAL,
				"/%s: says %.40s: these entries follow rules other than type1",
				path, srel);
	}
	struct search q = {.s = s, .pick = pick, .dir = dir, .pattern = pattern};
	for (size_t i = 0; i < names.n && rc == 0; i++)
		rc = entry_look(&q, names.v[i], to, err);
	return rc;
}

int entries_find(const struct detect *s, const char *pick, struct entries *ret, struct err *err)
{
	for (size_t i = 0; i < s->boots.n; i++) {
		int rc = directory_look(s, s->boots.v[i], pick, ret, err);
		if (rc == -ENOMEM)
			return err_set(err, ENOMEM, "out of memory");
		if (rc < 0)
			return rc;
	}
	if (pick && !str_equal(pick, "all") && ret->n == 0 && ret->seen > 0)
		return err_set(err, ENOENT, "%s: no such boot entry%s%.300s", pick,
			ret->notes.n > 0 ? "; " : "", ret->notes.n > 0 ? ret->notes.v[0] : "");
	return 0;
}

/* Adds /etc/kernel/cmdline, from which kernel-install writes the entries of the next kernel. */
static int next_kernel_add(const struct entries *e, const struct detect *s, struct loaders *to)
{
	bool generated = root_is_file(s->root, "etc/kernel/install.conf"), have = false;

	for (size_t i = 0; i < e->n; i++)
		generated |= e->v[i].generated;
	if (!generated && !root_is_file(s->root, "etc/kernel/cmdline"))
		return 0;
	int rc = kernel_cmdline_add(s->root, to, NULL, NULL, &have);
	if (!have)
		to->next_running = kernel_installer;
	return rc;
}

int entries_add(struct entries *e, const struct detect *s, enum bls_reader reader, bool kernelopts,
	struct loaders *to)
{
	int rc = next_kernel_add(e, s, to);

	for (size_t i = 0; i < e->n && rc == 0; i++) {
		struct karg_source *p = karg_source_add(
			to, bls_edit, e->v[i].is_default ? 40 : 30, e->v[i].path);
		if (!p)
			return -ENOMEM;
		p->format.reader = reader;
		p->format.kernelopts = kernelopts;
		p->generated = e->v[i].generated;
	}
	e->read = true;
	return rc;
}
