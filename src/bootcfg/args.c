/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/args.h"

#include "bootcfg/presets.h"

#include <errno.h>
#include <string.h>

void args_done(struct args *a)
{
	karg_ops_done(&a->words);
	strings_done(&a->sets);
	strings_done(&a->hugepages);
	strings_done(&a->menu);
}

/* True if parameters are edited. */
static bool args_to_edit(const struct args *a)
{
	return a->iommu || a->words.n > 0 || a->sets.n > 0 || a->ids || a->hugepages.n > 0 ||
	       a->isolate || a->acs || a->framebuffer || a->initrd || a->menu.n > 0;
}

/* --menu is a change of its own. */
static int menu_check(const struct args *a, int verbs, struct err *err)
{
	bool words = a->iommu || a->words.n > 0 || a->sets.n > 0 || a->ids || a->hugepages.n > 0 ||
		     a->isolate || a->acs || a->framebuffer || a->initrd;

	if (verbs > 1 || words || a->trial || a->once_fallback || a->drop_in || a->addon ||
		a->key || a->certificate || a->entry || a->make_default)
		return err_set(err, EINVAL,
			"--menu goes alone: its entries are beside those of all kernels, and other parameters are a change of their own");
	return 0;
}

int args_check(const struct args *a, int operands, char **argv, struct err *err)
{
	int verbs = args_to_edit(a) + a->undo + a->history + a->status + a->confirm + a->refresh +
		    (a->refresh_image != NULL);

	if (a->menu.n > 0)
		return menu_check(a, verbs, err);
	if (operands > (a->undo ? 1 : 0))
		return err_set(err, EINVAL, "%s: unknown option; --add adds a parameter",
			argv[a->undo ? 2 : 1]);
	if (verbs == 0)
		return err_set(err, EINVAL,
			"nothing asked for: --iommu is what most people want; --help lists the rest");
	if (verbs > 1)
		return err_set(err, EINVAL,
			"--iommu, --add, --remove and --set go together; --undo, --confirm, --history and --status stand alone");
	if ((a->trial || a->once_fallback) && !args_to_edit(a))
		return err_set(err, EINVAL,
			"--trial and --once-fallback belong to a change: --iommu --trial");
	if (a->drop_in && (a->trial || !args_to_edit(a)))
		return err_set(
			err, EINVAL, "--drop-in belongs to a change that stays: --iommu --drop-in");
	if (a->addon && (a->trial || a->drop_in || a->once_fallback || !args_to_edit(a)))
		return err_set(err, EINVAL,
			"--addon belongs to a change that stays, without --trial, --drop-in and --once-fallback: --iommu --addon");
	if ((a->key || a->certificate) &&
		!((a->addon || a->initrd || a->refresh_image) && a->key && a->certificate))
		return err_set(err, EINVAL,
			"--key and --certificate sign an addon, and go together: --addon --key FILE --certificate FILE");
	if (a->initrd && (a->trial || a->drop_in || a->once_fallback || a->addon))
		return err_set(err, EINVAL,
			"--initrd goes without --trial, --drop-in, --once-fallback and --addon; with --add WORD it makes an entry of its own");
	if (a->initrd && (a->iommu || a->sets.n > 0 || a->ids || a->hugepages.n > 0 || a->isolate ||
				 a->acs || a->framebuffer))
		return err_set(err, EINVAL,
			"--initrd takes the words of its entry by --add alone; other parameters are a change of their own");
	if (a->make_default && (!a->initrd || a->words.n == 0 || a->key))
		return err_set(err, EINVAL,
			"--default is about an entry of its own with an archive: say which, as it was made: --initrd FILE --add WORD --default");
	if (a->trial && a->once_fallback)
		return err_set(err, EINVAL,
			"--trial leaves the default as it is: there is nothing that --once-fallback would keep");
	return 0;
}

int args_add(void *to, const char *value, struct err *err)
{
	return karg_ops_add(&((struct args *)to)->words, value, err);
}

int args_remove(void *to, const char *value, struct err *err)
{
	return karg_ops_remove(&((struct args *)to)->words, value, err);
}

int args_set(void *to, const char *value, struct err *err)
{
	return strings_add(&((struct args *)to)->sets, value) < 0
		       ? err_set(err, ENOMEM, "out of memory")
		       : 0;
}

int args_hugepages(void *to, const char *value, struct err *err)
{
	return strings_add(&((struct args *)to)->hugepages, value) < 0
		       ? err_set(err, ENOMEM, "out of memory")
		       : 0;
}

int args_menu(void *to, const char *value, struct err *err)
{
	_cleanup_(str_free) char *copy = strdup(value);
	char *rest = copy;

	if (!copy)
		return err_set(err, ENOMEM, "out of memory");
	for (char *name; (name = strsep(&rest, ","));)
		if (name[0] && strings_add_unique(&((struct args *)to)->menu, name, err) < 0)
			return -ENOMEM;
	return 0;
}

static const char *const cpu_words[] = {
	[CPU_INTEL] = "intel", [CPU_AMD] = "amd", [CPU_ARM] = "arm"};

static int cpu_find(const struct args *a, enum cpu *ret, struct err *err)
{
	if (!a->cpu) {
		*ret = CPU_UNKNOWN;
#if defined(__x86_64__) || defined(__i386__)
		if (__builtin_cpu_is("intel"))
			*ret = CPU_INTEL;
		else if (__builtin_cpu_is("amd"))
			*ret = CPU_AMD;
#elif defined(__aarch64__)
		*ret = CPU_ARM;
#endif
		return 0;
	}
	for (enum cpu cpu = CPU_INTEL; cpu <= CPU_ARM; cpu++)
		if (str_equal(a->cpu, cpu_words[cpu])) {
			*ret = cpu;
			return 0;
		}
	return err_set(err, EINVAL, "%s: --cpu takes intel, amd or arm", a->cpu);
}

static int iommu_take(struct args *a, const struct root *r, struct strings *notes, struct err *err)
{
	enum cpu cpu = CPU_UNKNOWN;
	int rc = cpu_find(a, &cpu, err);

	if (rc == 0)
		rc = karg_ops_iommu(&a->words, cpu, a->no_pt, err);
	if (rc < 0 || a->cpu || r->host)
		return rc;
	static const char *const names[] = {
		[CPU_INTEL] = "Intel", [CPU_AMD] = "AMD", [CPU_ARM] = "Arm"};
	struct text note = {0};
	text_print(&note,
		"taking the processor of this machine, %s, for that of %s; --cpu says otherwise",
		names[cpu], a->root);
	return strings_take(notes, note.data) < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}

int args_words(struct args *a, const struct root *r, struct strings *notes, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < a->sets.n && rc == 0; i++)
		rc = karg_ops_set(&a->words, a->sets.v[i], a->force, err);
	if (rc == 0 && a->iommu)
		rc = iommu_take(a, r, notes, err);
	if (rc == 0 && a->ids)
		rc = ids_take(r, &a->words, notes, err);
	if (rc == 0 && a->hugepages.n > 0)
		rc = presets_hugepages(r, &a->words, &a->hugepages, err);
	if (rc == 0 && a->isolate)
		rc = presets_isolate(r, &a->words, a->isolate, notes, err);
	if (rc == 0 && a->acs)
		rc = presets_acs(&a->words, a->acs, notes, err);
	if (rc == 0 && a->framebuffer)
		rc = presets_framebuffer(r, &a->words, notes, err);
	return rc;
}

char *args_name(const struct args *a)
{
	static const char *const verbs[] = {[KARG_OP_ADD] = "--add",
		[KARG_OP_ADD_WEAK] = "--add-weak",
		[KARG_OP_SET] = "--set",
		[KARG_OP_REMOVE_WORD] = "--remove",
		[KARG_OP_REMOVE_KEY] = "--remove",
		[KARG_OP_REMOVE_ELEMENT] = "--remove-item"};
	const struct karg_ops *r = &a->words;
	struct text t = {0};

	text_print(&t, "%s", a->trial ? ASKED_TRIAL : "");
	for (size_t i = 0; i < a->menu.n; i++)
		text_print(&t, "%s%s", i == 0 ? "--menu " : " ", a->menu.v[i]);
	if (a->initrd)
		text_print(&t, "%s--initrd %s", a->make_default ? "--default " : "", a->initrd);
	for (size_t i = 0; i < r->n; i++)
		/* The many --remove-item of --iommu say little, but --confirm needs them. */
		if (a->trial || (r->v[i].kind != KARG_OP_REMOVE_ELEMENT &&
					r->v[i].kind != KARG_OP_ADD_WEAK))
			text_print(&t, "%s%s %s", t.len > 0 ? " " : "", verbs[r->v[i].kind],
				r->v[i].text);
	return t.data;
}
