/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/kargs/hugepages.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_SIZE (2ULL << 20) /* HPAGE_SIZE of x86, and of arm64 with pages of 4K */

/* memparse() in lib/cmdline.c: 2M and 2048K are the same. */
static unsigned long long size_parse(const char *text)
{
	static const char units[] = "KMGTPE";
	char *end;
	unsigned long long size = strtoull(text, &end, 0);
	const char *unit = *end ? strchr(units, *end & ~0x20) : NULL;

	return unit ? size << 10 * (unit - units + 1) : size;
}

/* A pass over the words, as the kernel makes it. */
struct pass {
	unsigned long long wanted, by_default;
	size_t first;      /* the hugepages= before every size */
	bool any_size;     /* a size was named */
	bool named;        /* … the wanted one */
	bool is_it, valid; /* the size before is the wanted one, and is not refused */
	struct hugepages *found;
};

static void size_take(struct pass *p, size_t i, const struct karg *k, bool by_default)
{
	unsigned long long size = size_parse(k->value);

	if (by_default && p->found->has_default)
		return;
	bool again = p->named && size == p->wanted;
	bool may = by_default || (p->by_default == size && p->found->has_default);
	p->any_size = true;
	p->found->last = false;
	p->is_it = size == p->wanted;
	p->valid = !again || (may && p->found->count == SIZE_MAX);
	if (by_default) {
		p->by_default = size;
		p->found->has_default = true;
	} else if (p->is_it && p->valid) {
		p->found->size = i;
		p->found->last = true;
	}
	p->named |= p->is_it;
}

static void count_take(struct pass *p, size_t i)
{
	if (!p->any_size) {
		if (p->first == SIZE_MAX)
			p->first = i;
		return;
	}
	if (!p->is_it)
		p->found->has_others = true;
	else if (p->valid && p->found->count == SIZE_MAX)
		p->found->count = i;
}

void hugepages_find(const struct karg *const *k, size_t n, const char *size, struct hugepages *ret)
{
	struct pass p = {.wanted = size_parse(size),
		.by_default = DEFAULT_SIZE,
		.first = SIZE_MAX,
		.found = ret};

	*ret = (struct hugepages){.count = SIZE_MAX, .size = SIZE_MAX};
	for (size_t i = 0; i < n; i++) {
		if (!k[i] || !k[i]->value)
			continue;
		if (karg_same_name(k[i]->name, "default_hugepagesz"))
			size_take(&p, i, k[i], true);
		else if (karg_same_name(k[i]->name, "hugepagesz"))
			size_take(&p, i, k[i], false);
		else if (karg_same_name(k[i]->name, "hugepages"))
			count_take(&p, i);
	}
	/* hugetlb_init(): the count before every size is for the default size, over its own. */
	if (p.first != SIZE_MAX && p.by_default == p.wanted)
		ret->count = p.first;
	else if (p.first != SIZE_MAX)
		ret->has_others = true;
	if (ret->count != SIZE_MAX)
		ret->size = SIZE_MAX;
}
