/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/kargs/karg.h"
#include "bootcfg/loader/table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* An entry of its making: it names kernels by their vendor, org.clearlinux or com.solus-project. */
static bool is_its_entry(const struct root *r, const char *name, const char *path, const void *with)
{
	(void)name;
	(void)with;
	return root_holds(r, path, "/kernel-org.") || root_holds(r, path, "/kernel-com.");
}

static bool made(const struct detect *s)
{
	_cleanup_(str_free) char *path = detect_entry(s, is_its_entry, NULL);

	return path != NULL;
}

/* The vendor's words: of each kernel, and of other packages. */
static int vendor_files(const struct root *r, struct strings *to)
{
	_cleanup_(strings_done) struct strings all = {0};
	int rc = regular_files_add(r, "usr/lib/kernel", "", &all);

	for (size_t i = 0; i < all.n && rc == 0; i++)
		if (str_starts(all.v[i], "usr/lib/kernel/cmdline-"))
			rc = strings_add(to, all.v[i]);
	if (rc == 0 && root_is_file(r, "usr/share/kernel/cmdline"))
		rc = strings_add(to, "usr/share/kernel/cmdline");
	return rc < 0 ? rc : regular_files_add(r, "usr/share/kernel/cmdline.d", ".conf", to);
}

static bool takes_out(const struct karg_op *op, const char *word)
{
	_cleanup_(karg_done) struct karg k = {0};

	if (op->kind == KARG_OP_ADD || op->kind == KARG_OP_ADD_WEAK || op->kind == KARG_OP_SET ||
		karg_read(word, &k) < 0 || !karg_same_name(k.name, op->k.name))
		return false;
	return op->kind == KARG_OP_REMOVE_KEY ? k.value != NULL : karg_equal(&k, &op->k);
}

/* The file of these that has a word which the operation takes out; NULL: none. */
static const char *file_with(const struct root *r, const struct strings *files,
	const struct karg_op *op, char **ret_word)
{
	for (size_t i = 0; i < files->n; i++) {
		_cleanup_(str_free) char *text = NULL;
		size_t len;
		if (root_read(r, files->v[i], &text, &len, NULL) < 0)
			continue;
		for (const char *at = text, *end; *at; at = end) {
			while (kcmdline_is_blank(*at))
				at++;
			end = kcmdline_word_end(at);
			*ret_word = strndup(at, (size_t)(end - at));
			if (*ret_word && takes_out(op, *ret_word))
				return files->v[i];
			str_free(ret_word);
		}
	}
	return NULL;
}

/* A word that the vendor adds leaves the line only by a file of its own, which is not edited. */
static int vendor_check(
	const struct root *r, const struct karg_ops *req, const char *removal, struct err *err)
{
	_cleanup_(strings_done) struct strings vendor = {0}, gone = {0};

	if (vendor_files(r, &vendor) < 0 || regular_files_add(r, removal, ".conf", &gone) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < req->n; i++) {
		_cleanup_(str_free) char *word = NULL, *known = NULL;
		const char *file = file_with(r, &vendor, &req->v[i], &word);
		if (!file || file_with(r, &gone, &req->v[i], &known))
			continue;
		(void)err_set(err, EPERM,
			"/%s: adds %s; run `mkdir -p /%s && echo '%s' >>/%s/vfio.conf && clr-boot-manager update`, then this again",
			file, word, removal, word, removal);
		return LOADERS_OWNED;
	}
	return 0;
}

/*
 * Clear Linux, Solus: clr-boot-manager writes the entries of systemd-boot, of the vendor's words
 * for each kernel, less those in /etc/kernel/cmdline-removal.d, and those of /etc/kernel/cmdline
 * and /etc/kernel/cmdline.d.
 */
static int detect(struct loader_search *q, struct err *err)
{
	static const char own[] = "etc/kernel/cmdline", dir[] = "etc/kernel/cmdline.d",
			  ours[] = "etc/kernel/cmdline.d/zz-vfio-bootcfg.conf";
	const struct root *r = q->s->root;
	const char *home = ours;
	bool have = root_is_file(r, own);

	if (!root_is_file(r, "usr/bin/clr-boot-manager") || !made(q->s))
		return 0;
	loader_found(q->to, &loader_clr_boot_manager);
	struct karg_source *p = karg_source_add(q->to, plain_edit, 10, have ? own : NULL);
	if (!p || regular_files_add(r, dir, ".conf", &p->paths) < 0 ||
		strings_add(&q->to->next, "clr-boot-manager update") < 0)
		return -ENOMEM;
	p->format.drop_in = ours;
	/* New words go to a file of our own, unless there is the one that a person would edit. */
	if (have || !root_is_dir(r, dir))
		home = own;
	if (!strings_have(&p->paths, home) && strings_add(&p->paths, home) < 0)
		return -ENOMEM;
	while (!str_equal(p->paths.v[p->format.home_file], home))
		p->format.home_file++;
	return vendor_check(r, q->o->request, "etc/kernel/cmdline-removal.d", err);
}

static bool makes(const struct root *r, const struct loaders *l, const struct boot_entry *e)
{
	(void)l;
	return boot_entry_is_own_bls(e) && is_its_entry(r, e->id, e->path, NULL);
}

const struct loader loader_clr_boot_manager = {
	.name = "clr-boot-manager",
	.called = (const char *const[]){"clr-boot-manager", NULL},
	.read_by = (const struct loader *const[]){&loader_systemd_boot, NULL},
	.owner = true,
	.detect = detect,
	.makes = makes,
};
