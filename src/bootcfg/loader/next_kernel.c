/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/next_kernel.h"

#include "bootcfg/loader/booted.h"
#include "bootcfg/loader/kernel_install.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void next_kernel_done(struct next_kernel *k)
{
	free(k->generator);
	free(k->unknown);
	strings_done(&k->words);
	strings_done(&k->sources);
}

void next_kernels_done(struct next_kernels *o)
{
	for (size_t i = 0; i < o->n; i++)
		next_kernel_done(&o->v[i]);
	free(o->v);
	*o = (struct next_kernels){0};
}

static struct next_kernel *add(struct next_kernels *o, const char *generator)
{
	struct next_kernel *v = realloc(o->v, (o->n + 1) * sizeof(*v));

	if (!v)
		return NULL;
	o->v = v;
	v[o->n] = (struct next_kernel){.generator = strdup(generator)};
	return v[o->n].generator ? &v[o->n++] : NULL;
}

static int word_add(struct next_kernel *k, const char *word, const char *source)
{
	int rc = strings_add(&k->words, word);
	return rc < 0 ? rc : strings_add(&k->sources, source);
}

/* The line of the running kernel, less what a loader adds itself (90-loaderentry.install). */
static int running_add(const struct root *r, struct next_kernel *k)
{
	_cleanup_(booted_done) struct booted now = {0};
	int rc = booted_read(r, &now);

	k->running = true;
	if (rc == 0 && !now.cmdline)
		k->unknown = strdup(
			"the line of the system that runs when the kernel is installed");
	for (const char *p = now.cmdline ? now.cmdline : ""; *p && rc == 0;) {
		p += strspn(p, " \t\n");
		const char *end = kcmdline_word_end(p);
		_cleanup_(str_free) char *word = strndup(p, (size_t)(end - p));
		if (!word)
			return -ENOMEM;
		if (word[0] && !str_starts(word, "BOOT_IMAGE=") && !str_starts(word, "initrd="))
			rc = word_add(k, word, "/proc/cmdline");
		p = end;
	}
	return rc == 0 && !now.cmdline && !k->unknown ? -ENOMEM : rc;
}

/* The name of the program in a command. */
static char *program_of(const char *command)
{
	size_t len = strcspn(command, " ");
	return strndup(command, len);
}

static bool is_entry(const struct karg_source *s)
{
	return s->edit == bls_edit || s->edit == grubenv_edit || s->edit == limine_edit ||
	       s->edit == extlinux_edit || s->edit == refind_linux_edit ||
	       s->edit == refind_conf_edit;
}

static bool has_entries(const struct loaders *l)
{
	for (size_t i = 0; i < l->sources_n; i++)
		if (l->sources[i].edit == bls_edit)
			return true;
	return false;
}

/* The files of a source that are there, as one text. */
static char *files_of(const struct root *r, const struct karg_source *s)
{
	static const char vendor[] = "usr/lib/kernel/cmdline";
	struct text all = {0};

	for (size_t i = 0; i < s->paths.n; i++)
		if (root_is_file(r, s->paths.v[i]))
			text_print(&all, "%s/%s", all.data ? ", " : "", s->paths.v[i]);
	if (!all.data && s->template && root_is_file(r, vendor))
		text_print(&all, "/%s", vendor);
	if (all.failed)
		text_done(&all);
	return all.data;
}

static int source_add(const struct root *r, const struct loaders *l, const struct karg_source *s,
	struct next_kernels *to)
{
	_cleanup_(file_edits_done) struct file_edits edits = {0};
	_cleanup_(str_free) char *program = program_of(
		l->next.n > 0 ? l->next.v[0] : kernel_installer);
	_cleanup_(str_free) char *files = files_of(r, s);
	const struct karg_ops nothing = {0};
	struct err reason = {0};
	struct next_kernel *k = program ? add(to, program) : NULL;
	bool whole = s->edit == plain_edit;

	if (!k)
		return -ENOMEM;
	if (!files)
		return running_add(r, k);
	int rc = karg_source_edit(r, s, &nothing, &edits, &reason);
	for (size_t i = 0; i < edits.before.n && rc == 0; i++) {
		whole |= str_starts(edits.before.v[i], "root=");
		rc = word_add(k, edits.before.v[i], files);
	}
	if (rc == -ENOMEM)
		return rc;
	if (rc < 0)
		k->unknown = strdup(reason.text);
	else if (!whole &&
		 asprintf(&k->unknown, "%s adds root= and other words itself", program) < 0)
		k->unknown = NULL;
	return (rc < 0 || !whole) && !k->unknown ? -ENOMEM : 0;
}

int next_kernels_read(const struct root *r, const struct loaders *l, struct next_kernels *ret)
{
	_cleanup_(next_kernels_done) struct next_kernels o = {0};
	bool entries = has_entries(l);
	int rc = 0;

	for (size_t i = 0; i < l->sources_n && rc == 0; i++) {
		const struct karg_source *s = &l->sources[i];
		/* Beside entries that GRUB reads, /etc/default/grub is for grub-mkconfig alone. */
		if (!is_entry(s) && !(entries && s->edit != plain_edit))
			rc = source_add(r, l, s, &o);
	}
	if (rc == 0 && o.n == 0 && l->next_running) {
		struct next_kernel *k = add(&o, l->next_running);
		rc = k ? running_add(r, k) : -ENOMEM;
	}
	if (rc < 0)
		return rc;
	*ret = o;
	o = (struct next_kernels){0};
	return 0;
}
