/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/request.h"

#include "base/str.h"
#include "bootcfg/kparam.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void request_done(struct request *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->v[i].text);
		kword_done(&r->v[i].k);
	}
	free(r->v);
	*r = (struct request){0};
}

static bool contradicts(const struct want *a, const struct want *b)
{
	bool add_a = a->kind == WANT_ADD || a->kind == WANT_SET;
	bool add_b = b->kind == WANT_ADD || b->kind == WANT_SET;

	if (a->kind == WANT_SET && b->kind == WANT_SET)
		return kword_same_name(a->k.name, b->k.name) && !kword_equal(&a->k, &b->k);
	if (add_a == add_b)
		return false;
	return (add_a ? b : a)->kind == WANT_REMOVE_WORD && kword_equal(&a->k, &b->k);
}

static int want_new(struct request *r, enum want_kind kind, const char *text, struct err *err)
{
	struct want w = {.kind = kind, .text = strdup(text)};
	if (!w.text || kword_read(text, &w.k) < 0) {
		free(w.text);
		return err_set(err, ENOMEM, "out of memory");
	}
	int ret = 0;
	for (size_t i = 0; i < r->n && ret == 0; i++)
		if (contradicts(&r->v[i], &w))
			ret = err_set(
				err, EINVAL, "%s and %s contradict each other", r->v[i].text, text);
	struct want *v = ret < 0 ? NULL : realloc(r->v, (r->n + 1) * sizeof(*v));
	if (!v) {
		free(w.text);
		kword_done(&w.k);
		return ret < 0 ? ret : err_set(err, ENOMEM, "out of memory");
	}
	r->v = v;
	r->v[r->n++] = w;
	return 0;
}

/* K, K=V or K=; quotes around a value that is empty otherwise make it K="": a word. */
static enum want_kind remove_kind(const char *word)
{
	size_t len = strlen(word);
	return len > 1 && word[len - 1] == '=' ? WANT_REMOVE_KEY : WANT_REMOVE_WORD;
}

static int words_take(struct request *r, bool add, const char *text, struct err *err)
{
	if (kword_check(text, err) < 0)
		return -EINVAL;
	while (*text) {
		while (*text == ' ')
			text++;
		const char *end = kword_end(text);
		if (end == text)
			break;
		_cleanup_(str_free) char *word = strndup(text, (size_t)(end - text));
		if (!word)
			return err_set(err, ENOMEM, "out of memory");
		int ret = kword_check(word, err);
		if (ret == 0)
			ret = want_new(r, add ? WANT_ADD : remove_kind(word), word, err);
		if (ret < 0)
			return ret;
		text = end;
	}
	return 0;
}

int request_add(struct request *r, const char *text, struct err *err)
{
	return words_take(r, true, text, err);
}

int request_remove(struct request *r, const char *text, struct err *err)
{
	return words_take(r, false, text, err);
}

int request_take(struct request *r, enum want_kind kind, const char *text, struct err *err)
{
	if (kword_check(text, err) < 0)
		return -EINVAL;
	if (kind == WANT_REMOVE_WORD)
		kind = remove_kind(text);
	return want_new(r, kind, text, err);
}

int request_set(struct request *r, const char *text, bool force, struct err *err)
{
	if (kword_check(text, err) < 0)
		return -EINVAL;
	if (*kword_end(text))
		return err_set(err, EINVAL, "%s: --set takes one word, K=V", text);
	_cleanup_(kword_done) struct kword k = {0};
	if (kword_read(text, &k) < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (!k.value)
		return err_set(err, EINVAL,
			"%s: --set takes K=V; --add adds a word without a value", text);
	if (kparam_adds_up(k.name) && !force)
		return err_set(err, EINVAL,
			"%s: every %s= counts, so --set would take the others away; use --add, or "
			"--force",
			text, k.name);
	return want_new(r, WANT_SET, text, err);
}

int request_iommu(struct request *r, enum cpu cpu, bool no_pt, struct err *err)
{
	/* iommu=off sets no_iommu, amd_iommu=off amd_iommu_disabled: nothing later on the line
	 * resets them (arch/x86/kernel/pci-dma.c, drivers/iommu/amd/init.c). */
	static const char *const off[] = {"iommu=off", "iommu=soft", "intel_iommu=off",
		"amd_iommu=off", "iommu.passthrough=0", "iommu.passthrough=n",
		"iommu.passthrough=off", NULL};
	int ret = 0;

	if (cpu == CPU_UNKNOWN)
		return err_set(err, EINVAL,
			"--iommu knows Intel and AMD processors; --cpu intel|amd says which");
	for (const char *const *o = off; *o && ret == 0; o++)
		ret = want_new(r, WANT_REMOVE_ELEMENT, *o, err);
	if (ret == 0 && !no_pt)
		ret = want_new(r, WANT_REMOVE_ELEMENT, "iommu=nopt", err);
	if (ret == 0 && cpu == CPU_INTEL)
		ret = want_new(r, WANT_ADD, "intel_iommu=on", err);
	if (ret == 0 && !no_pt)
		ret = want_new(r, WANT_ADD, "iommu=pt", err);
	return ret;
}
