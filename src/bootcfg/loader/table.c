/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/table.h"

#include "bootcfg/loader/booted.h"
#include "bootcfg/loader/managed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool systemd_boot_booted(const char *cmdline)
{
	return !str_starts(cmdline, "BOOT_IMAGE=") && strstr(cmdline, "initrd=\\");
}

static bool grub_booted(const char *cmdline)
{
	return str_starts(cmdline, "BOOT_IMAGE=") && !strstr(cmdline, " initrd=");
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define READERS(...) ((const struct loader *const[]){__VA_ARGS__, NULL})

const struct loader loader_grub_bls = {.name = "grub (with loader entries)",
	.called = NAMES("grub"),
	.read_by = READERS(&loader_grub)};
const struct loader loader_systemd_boot = {.name = "systemd-boot",
	.called = NAMES("systemd-boot", "sd-boot", "bls"),
	.loader_info = NAMES("systemd-boot"),
	.booted = systemd_boot_booted};
const struct loader loader_grub = {.name = "grub",
	.called = NAMES("grub"),
	.loader_info = NAMES("GRUB"),
	.booted = grub_booted};
const struct loader loader_kernel_install = {.name = "kernel-install",
	.called = (const char *const[]){NULL},
	.read_by = READERS(&loader_systemd_boot, &loader_grub)};

#define LOADER_ROW(NAME) &loader_##NAME,
const struct loader *const loader_table[] = {LOADER_TABLE(LOADER_ROW) NULL};

_Static_assert(sizeof(loader_table) / sizeof(*loader_table) - 1 <= LOADERS_MAX,
	"struct loaders has a place for each");

void loader_found(struct loaders *to, const struct loader *l)
{
	to->found[to->found_n++] = l;
}

bool loader_is_called(const struct loader *l, const char *name)
{
	for (const char *const *n = l->called; *n; n++)
		if (str_equal(*n, name))
			return true;
	return false;
}

/* True if --boot-loader has this name, or is not given. */
static bool wanted(const struct loader_search *q, const char *name)
{
	return !q->o->loader || str_equal(q->o->loader, name);
}

static int entries_add(struct loader_search *q, enum bls_reader reader, bool kernelopts)
{
	for (size_t i = 0; i < q->entries.n; i++) {
		struct karg_source *p = karg_source_add(q->to, bls_edit,
			q->entries.v[i].is_default ? 40 : 30, q->entries.v[i].path);
		if (!p)
			return -ENOMEM;
		p->format.reader = reader;
		p->is_default = q->entries.v[i].is_default;
		p->format.kernelopts = kernelopts;
	}
	return 0;
}

/* Adds /etc/kernel/cmdline, from which kernel-install writes the entries of the next kernel. */
static int entries_source_add(struct loader_search *q)
{
	bool generated = root_is_file(q->s->root, "etc/kernel/install.conf"), have = false;

	for (size_t i = 0; i < q->entries.n; i++)
		generated |= q->entries.v[i].generated;
	if (!generated && !root_is_file(q->s->root, "etc/kernel/cmdline"))
		return 0;
	return kernel_cmdline_add(q->s->root, q->to, NULL, NULL, &have);
}

static char *grubenv_find(const struct root *r)
{
	static const char *const usual[] = {"boot/grub2/grubenv", "boot/grub/grubenv", NULL};

	for (const char *const *p = usual; *p; p++)
		if (root_holds(r, *p, "\nkernelopts="))
			return strdup(*p);
	return NULL;
}

/*
 * GRUB with entries read at boot (Fedora, RHEL): the entries are for the current kernels,
 * /etc/kernel/cmdline for the next kernel, GRUB_CMDLINE_LINUX is what grub2-mkconfig would write
 * into the entries. It also rewrites /etc/kernel/cmdline if that is the older file: so that file is
 * written second.
 */
static int grub_bls_add(struct loader_search *q, enum bls_reader reader)
{
	bool points = false;

	for (size_t i = 0; i < q->entries.n; i++)
		points |= q->entries.v[i].kernelopts;
	_cleanup_(str_free) char *env = points ? grubenv_find(q->s->root) : NULL;
	if (env && !karg_source_add(q->to, grubenv_edit, 25, env))
		return -ENOMEM;
	if (q->s->grub_defaults) {
		struct karg_source *p = grub_defaults_add(q->to, "GRUB_CMDLINE_LINUX");
		if (!p)
			return -ENOMEM;
		p->format.bash = q->s->sh_is_bash;
	}
	int rc = entries_source_add(q);
	return rc < 0 ? rc : entries_add(q, reader, env != NULL);
}

static const char *grub_command(const struct detect *s)
{
	if (detect_is_like(s, "debian") || detect_is_like(s, "ubuntu"))
		return "update-grub";
	return s->grub_cfg && strstr(s->grub_cfg, "grub2")
		       ? "grub2-mkconfig -o /boot/grub2/grub.cfg"
		       : "grub-mkconfig -o /boot/grub/grub.cfg";
}

/* Adds /etc/default/grub and, if this grub-mkconfig reads them, its drop-ins in C order. */
static int grub_add(struct loader_search *q)
{
	struct karg_source *p = grub_defaults_add(q->to, "GRUB_CMDLINE_LINUX_DEFAULT");

	if (!p)
		return -ENOMEM;
	p->format.bash = q->s->sh_is_bash;
	p->format.dropins_unsure = !q->s->grub_dropins_sure;
	if ((q->s->grub_dropins || !q->s->grub_dropins_sure) && grub_dropins_add(q->s->root, p) < 0)
		return -ENOMEM;
	if (q->s->grub_cfg) {
		q->to->grub_cfg = strdup(q->s->grub_cfg);
		if (!q->to->grub_cfg || strings_add(&q->to->next, grub_command(q->s)) < 0)
			return -ENOMEM;
	}
	if (!q->s->grub_cfg)
		return strings_add(&q->to->notes,
			"no grub.cfg was found: if GRUB does not boot this system, this edit is without effect");
	return 0;
}

static int ambiguous(const struct loader_search *q, struct err *err)
{
	_cleanup_(text_done) struct text list = {0};

	for (size_t i = 0; i < q->to->found_n; i++)
		text_print(&list, "%s%s", i > 0 ? ", " : "", q->to->found[i]->name);
	(void)err_set(err, EINVAL,
		"more than one boot loader was found and nothing tells which one boots this system: %s; say it with --boot-loader NAME",
		list.data ? list.data : "");
	return LOADERS_AMBIGUOUS;
}

static int esps_ambiguous(const struct detect *s, struct err *err)
{
	_cleanup_(text_done) struct text list = {0};

	for (size_t i = 0; i < s->esps.devices.n; i++)
		text_print(&list, "%s%s", i > 0 ? ", " : "", s->esps.devices.v[i]);
	(void)err_set(err, EINVAL,
		"no boot loader was found, and several boot partitions are not mounted: %s; mount the one that boots this system, then run this again",
		list.data ? list.data : "");
	return LOADERS_AMBIGUOUS;
}

static int nothing_found(const struct loader_search *q, struct err *err)
{
	const struct detect *s = q->s;

	if (q->o->loader)
		return err_set(err, ENOENT, "%s: no such boot loader was found here", q->o->loader);
	if (s->unmounted.n > 0)
		return err_set(err, ENOENT,
			"no boot loader was found; /%s is in /etc/fstab and not mounted: run `mount /%s`, then this again",
			s->unmounted.v[0], s->unmounted.v[0]);
	if (s->esps.devices.n > 1 && q->entries.seen == 0)
		return esps_ambiguous(s, err);
	if (s->esps.devices.n > 0 && q->entries.seen == 0)
		return err_set(err, ENOENT,
			"no boot loader was found; the boot partition %s is not mounted: run `mount %s %s`, then this again",
			s->esps.devices.v[0], s->esps.devices.v[0],
			root_is_dir(s->root, "efi") ? "/efi" : "/boot");
	if (q->entries.seen > 0)
		return err_set(err, ENOENT, "no boot entry is this system's to edit%s%.300s",
			q->entries.notes.n > 0 ? ": " : "",
			q->entries.notes.n > 0 ? q->entries.notes.v[0] : "");
	if (s->grub_cfg)
		return err_set(err, ENOENT,
			"/%s: is there without /etc/default/grub and grub-mkconfig: a menu written by hand is edited by hand",
			s->grub_cfg);
	return err_set(err, ENOENT, "no boot loader that this program knows was found");
}

/* Finds the boot entries and images that systemd-boot, or GRUB at boot, reads. */
static int bls_look(struct loader_search *q, struct err *err)
{
	const struct detect *s = q->s;
	int rc = 0;

	bool by_grub = s->grub_bls && wanted(q, "grub");
	bool by_sd = (s->systemd_boot || !s->grub_complete) &&
		     (wanted(q, "systemd-boot") || wanted(q, "sd-boot"));
	if (q->o->loader && str_equal(q->o->loader, "bls"))
		by_sd = true;
	if (q->entries.n > 0 && (by_grub || by_sd)) {
		enum bls_reader reader = by_grub && (by_sd && s->systemd_boot) ? BLS_BOTH
					 : by_grub                             ? BLS_GRUB
									       : BLS_SYSTEMD_BOOT;
		loader_found(q->to, by_grub ? &loader_grub_bls : &loader_systemd_boot);
		if (by_grub)
			rc = grub_bls_add(q, reader);
		else if ((rc = entries_source_add(q)) == 0)
			rc = entries_add(q, reader, false);
	} else if (q->entries.n > 0) {
		rc = strings_add(&q->to->notes,
			"loader entries were found, and nothing that reads them: left alone");
	}
	return rc < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}

/* Classic GRUB: a menu from grub-mkconfig. Its remains count only if no other loader is found. */
static int grub_look(struct loader_search *q)
{
	const struct detect *s = q->s;
	bool entries = s->grub_bls && q->entries.n > 0;

	if (!wanted(q, "grub") || entries)
		return 0;
	if (s->grub_complete && (s->grub_defaults || s->grub_mkconfig)) {
		loader_found(q->to, &loader_grub);
		return grub_add(q);
	}
	if (s->grub_defaults && q->to->found_n > 0 && !q->o->loader)
		return strings_add(&q->to->notes,
			"/etc/default/grub: left alone: there is no grub.cfg that is made from it");
	if (s->grub_defaults) {
		loader_found(q->to, &loader_grub);
		return grub_add(q);
	}
	return 0;
}

static int notes_move(struct strings *from, struct strings *to)
{
	for (size_t i = 0; i < from->n; i++)
		if (strings_add(to, from->v[i]) < 0)
			return -ENOMEM;
	return 0;
}

/* Asks each row; a tool that makes the entries of others ends the search. */
static int rows_detect(struct loader_search *q, bool owners, struct err *err)
{
	for (const struct loader *const *l = loader_table; *l; l++) {
		if ((*l)->owner != owners || !(*l)->detect ||
			(q->o->loader && !loader_is_called(*l, q->o->loader)))
			continue;
		int rc = (*l)->detect(q, err);
		if (rc == -ENOMEM)
			return err_set(err, ENOMEM, "out of memory");
		if (rc < 0 || (owners && q->to->found_n > 0))
			return rc;
	}
	return 0;
}

static int search_run(struct loader_search *q, struct err *err)
{
	int rc = rows_detect(q, true, err);
	if (rc < 0 || q->to->found_n > 0)
		return rc;
	rc = entries_find(q->s, q->o->entry, &q->entries, err);
	if (rc == -EMLINK)
		return LOADERS_AMBIGUOUS;
	if (rc == 0)
		rc = bls_look(q, err);
	if (rc == 0)
		rc = rows_detect(q, false, err);
	if (rc < 0)
		return rc;
	if (grub_look(q) < 0 || notes_move(&q->entries.notes, &q->to->notes) < 0)
		return err_set(err, ENOMEM, "out of memory");
	/* /etc/kernel/cmdline without a loader: the tool that installs a kernel reads it. */
	if (q->to->places == 0 && !q->o->loader && q->entries.seen == 0) {
		bool have = false;
		if (kernel_cmdline_add(q->s->root, q->to, NULL, NULL, &have) < 0)
			return err_set(err, ENOMEM, "out of memory");
		if (have)
			loader_found(q->to, &loader_kernel_install);
	}
	if (q->to->places == 0)
		return nothing_found(q, err);
	if (q->s->esps.booted) {
		_cleanup_(text_done) struct text note = {0};
		text_print(&note,
			"the boot loader came from %s, which is not mounted: what is on it is not looked at",
			q->s->esps.devices.v[0]);
		if (note.failed || strings_add(&q->to->notes, note.data) < 0)
			return err_set(err, ENOMEM, "out of memory");
	}
	return q->to->found_n > 1 && !q->o->loader ? ambiguous(q, err) : 0;
}

/* If the running system reports which loader booted it, that one is used. */
static int booted_by(const struct root *r, const struct loaders_options *o, struct detect *s,
	struct loaders *to, struct err *err)
{
	_cleanup_(booted_done) struct booted now = {0};
	struct loaders_options by = *o;
	struct loader_search q = {.s = s, .o = &by, .to = to};

	if (booted_read(r, &now) < 0 || !now.loader)
		return LOADERS_AMBIGUOUS;
	loaders_done(to);
	by.loader = now.loader->name;
	struct err ignored = {0};
	int rc = search_run(&q, &ignored);
	entries_done(&q.entries);
	if (rc < 0)
		return LOADERS_AMBIGUOUS;
	_cleanup_(text_done) struct text note = {0};
	text_print(&note, "of the boot loaders found it is %s that booted this system",
		now.loader->name);
	return note.failed || strings_add(&to->notes, note.data) < 0
		       ? err_set(err, ENOMEM, "out of memory")
		       : 0;
}

static int place_compare(const void *a, const void *b)
{
	const struct karg_source *x = a, *y = b;
	return x->order < y->order ? -1 : x->order > y->order;
}

int loaders_find(
	const struct root *r, const struct loaders_options *o, struct loaders *ret, struct err *err)
{
	_cleanup_(detect_done) struct detect s = {0};
	_cleanup_(loaders_done) struct loaders l = {0};
	struct loader_search q = {.s = &s, .o = o, .to = &l};

	int rc = detect_make(r, &s, err);
	if (rc == 0)
		rc = managed_check(&s, o->request, err);
	if (rc == 0)
		rc = search_run(&q, err);
	entries_done(&q.entries);
	if (rc == LOADERS_AMBIGUOUS && !o->loader && r->host)
		rc = booted_by(r, o, &s, &l, err);
	if (rc < 0)
		return rc;
	l.boots = s.boots;
	s.boots = (struct strings){0};
	qsort(l.place, l.places, sizeof(*l.place), place_compare);
	*ret = l;
	l = (struct loaders){0};
	return 0;
}
