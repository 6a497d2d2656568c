/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/kargs/karg_ops.h"

#include "base/str.h"
#include "bootcfg/kargs/karg_rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void karg_ops_done(struct karg_ops *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->v[i].text);
		karg_done(&r->v[i].k);
	}
	free(r->v);
	*r = (struct karg_ops){0};
}

bool karg_op_adds(const struct karg_op *w)
{
	return w->kind == KARG_OP_ADD || w->kind == KARG_OP_ADD_WEAK || w->kind == KARG_OP_SET;
}

static bool contradicts(const struct karg_op *a, const struct karg_op *b)
{
	bool add_a = karg_op_adds(a), add_b = karg_op_adds(b);

	if (a->kind == KARG_OP_SET && b->kind == KARG_OP_SET)
		return karg_same_name(a->k.name, b->k.name) && !karg_equal(&a->k, &b->k);
	if (add_a == add_b)
		return false;
	const struct karg_op *add = add_a ? a : b, *remove = add_a ? b : a;
	if (remove->kind == KARG_OP_REMOVE_ELEMENT)
		return add->k.value && karg_same_name(add->k.name, remove->k.name) &&
		       karg_list_has(add->k.value, remove->k.value, strlen(remove->k.value));
	return remove->kind == KARG_OP_REMOVE_WORD && karg_equal(&a->k, &b->k);
}

static int want_new(struct karg_ops *r, enum karg_op_kind kind, const char *text, struct err *err)
{
	struct karg_op w = {.kind = kind, .text = strdup(text)};
	if (!w.text || karg_read(text, &w.k) < 0) {
		free(w.text);
		return err_set(err, ENOMEM, "out of memory");
	}
	int ret = 0;
	for (size_t i = 0; i < r->n && ret == 0; i++)
		if (contradicts(&r->v[i], &w))
			ret = err_set(
				err, EINVAL, "%s and %s contradict each other", r->v[i].text, text);
	struct karg_op *v = ret < 0 ? NULL : realloc(r->v, (r->n + 1) * sizeof(*v));
	if (!v) {
		free(w.text);
		karg_done(&w.k);
		return ret < 0 ? ret : err_set(err, ENOMEM, "out of memory");
	}
	r->v = v;
	r->v[r->n++] = w;
	return 0;
}

/* K, K=V or K=; with quotes around an empty value, K="", it is a word. */
static enum karg_op_kind remove_kind(const char *word)
{
	size_t len = strlen(word);
	return len > 1 && word[len - 1] == '=' ? KARG_OP_REMOVE_KEY : KARG_OP_REMOVE_WORD;
}

/* A parameter without doubt: a name, and behind a `=` anything that does not end in a comma. */
static bool is_surely_word(const char *word)
{
	static const char name[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
	const char *begin = word + (*word == '"');
	size_t len = strspn(begin, name), all = strlen(word);

	bool named = len > 0 && (begin[len] == '=' || begin[len] == '\0' || begin[len] == '"');
	bool letter = (*begin | 32) >= 'a' && (*begin | 32) <= 'z';
	return named && word[all - 1] != ',' && (letter || (begin[len] == '=' && *begin >= '0'));
}

/* dyndbg= and MODULE.dyndbg= are a query of several words (kernel/module/main.c). */
static bool takes_blanks(const char *word)
{
	size_t len = strcspn(word, "=");

	return word[len] && len >= 6 && strncmp(word + len - 6, "dyndbg", 6) == 0 &&
	       word[len + 1] != '"';
}

/* Several words in one text are taken one by one, but only where they can't be one word with a
 * blank in it: `vfio-pci.ids=10de:1c03, 10de:10f1` would be cut after the comma. */
static int blanks_check(const char *text, struct err *err)
{
	const char *end = kcmdline_word_end(text);
	bool sure = *end == '\0' || !takes_blanks(text);

	for (const char *at = text; sure && *at; at = end + strspn(end, " ")) {
		end = kcmdline_word_end(at);
		_cleanup_(str_free) char *word = strndup(at, (size_t)(end - at));
		if (!word)
			return err_set(err, ENOMEM, "out of memory");
		sure = (at == text && *end == '\0') || is_surely_word(word);
	}
	if (sure)
		return 0;
	size_t name = strcspn(text, "= ");
	if (text[name] != '=')
		return err_set(err, EINVAL,
			"%s: a blank inside a word; give each parameter an option of its own",
			text);
	return err_set(err, EINVAL,
		"%s: a blank inside a word, behind which the kernel takes the rest for another parameter; one parameter is written '%.*s=\"%s\"', several have an option each",
		text, (int)name, text, text + name + 1);
}

static int words_take(struct karg_ops *r, bool add, const char *text, struct err *err)
{
	text += strspn(text, " ");
	if (karg_check(text, err) < 0)
		return -EINVAL;
	int rc = blanks_check(text, err);
	if (rc < 0)
		return rc;
	while (*text) {
		while (*text == ' ')
			text++;
		const char *end = kcmdline_word_end(text);
		if (end == text)
			break;
		_cleanup_(str_free) char *word = strndup(text, (size_t)(end - text));
		if (!word)
			return err_set(err, ENOMEM, "out of memory");
		int ret = karg_check(word, err);
		if (ret == 0)
			ret = want_new(r, add ? KARG_OP_ADD : remove_kind(word), word, err);
		if (ret < 0)
			return ret;
		text = end;
	}
	return 0;
}

int karg_ops_add(struct karg_ops *r, const char *text, struct err *err)
{
	return words_take(r, true, text, err);
}

int karg_ops_remove(struct karg_ops *r, const char *text, struct err *err)
{
	return words_take(r, false, text, err);
}

int karg_ops_take(struct karg_ops *r, enum karg_op_kind kind, const char *text, struct err *err)
{
	if (karg_check(text, err) < 0)
		return -EINVAL;
	if (kind == KARG_OP_REMOVE_WORD)
		kind = remove_kind(text);
	return want_new(r, kind, text, err);
}

int karg_ops_set(struct karg_ops *r, const char *text, bool force, struct err *err)
{
	if (karg_check(text, err) < 0)
		return -EINVAL;
	if (*kcmdline_word_end(text))
		return err_set(err, EINVAL, "%s: --set takes one word, K=V", text);
	_cleanup_(karg_done) struct karg k = {0};
	if (karg_read(text, &k) < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (!k.value)
		return err_set(err, EINVAL,
			"%s: --set takes K=V; --add adds a word without a value", text);
	if (karg_rules_adds_up(k.name) && !force)
		return err_set(err, EINVAL,
			"%s: every %s= counts, so --set would take the others away; use --add, or --force",
			text, k.name);
	return want_new(r, KARG_OP_SET, text, err);
}

static int elements_remove(struct karg_ops *r, const char *const *words, struct err *err)
{
	int rc = 0;

	for (; *words && rc == 0; words++)
		rc = want_new(r, KARG_OP_REMOVE_ELEMENT, *words, err);
	return rc;
}

int karg_ops_iommu(struct karg_ops *r, enum cpu cpu, bool no_pt, struct err *err)
{
	/* iommu=off sets no_iommu, amd_iommu=off amd_iommu_disabled: nothing later on the line
	 * resets them (arch/x86/kernel/pci-dma.c, drivers/iommu/amd/init.c). */
	static const char *const off[] = {
		"iommu=off", "iommu=soft", "intel_iommu=off", "amd_iommu=off", NULL};
	/* kstrtobool() in lib/kstrtox.c looks at the first letter, and at the second of on and off.
	 */
	static const char *const no_passthrough[] = {"iommu=nopt", "iommu.passthrough=0",
		"iommu.passthrough=n", "iommu.passthrough=no", "iommu.passthrough=f",
		"iommu.passthrough=false", "iommu.passthrough=off", NULL};
	static const char *const passthrough[] = {"iommu=pt", "iommu.passthrough=1",
		"iommu.passthrough=y", "iommu.passthrough=yes", "iommu.passthrough=t",
		"iommu.passthrough=true", "iommu.passthrough=on", NULL};

	if (cpu == CPU_UNKNOWN)
		return err_set(err, EINVAL,
			"--iommu knows Intel, AMD and Arm processors; --cpu intel|amd|arm says which");
	int rc = elements_remove(r, off, err);
	if (rc == 0)
		rc = elements_remove(r, no_pt ? passthrough : no_passthrough, err);
	if (rc == 0 && cpu == CPU_INTEL)
		rc = want_new(r, KARG_OP_ADD, "intel_iommu=on", err);
	if (rc == 0 && !no_pt)
		rc = want_new(
			r, KARG_OP_ADD, cpu == CPU_ARM ? "iommu.passthrough=1" : "iommu=pt", err);
	return rc;
}
