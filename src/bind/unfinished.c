/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/unfinished.h"

#include "base/str.h"
#include "bind/release.h"
#include "bind/steps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 500
#define ALL_MS 3000

struct look {
	struct sysfs *sysfs;
	struct unfinished *at; /* in memory that parent and child share, once all are listed */
	size_t n, size;
};

static int add_driverless(struct pci_addr addr, void *to)
{
	struct look *l = to;
	char driver[32];

	if (sysfs_link(l->sysfs, addr, "driver", driver, sizeof(driver)) != 0)
		return 0;
	if (l->n == l->size) {
		size_t size = l->size ? 2 * l->size : 16;
		struct unfinished *more = reallocarray(l->at, size, sizeof(*more));
		if (!more)
			return -ENOMEM;
		l->at = more;
		l->size = size;
	}
	l->at[l->n++] = (struct unfinished){.addr = addr, .override = "?"};
	return 0;
}

static void read_override(void *to, size_t i)
{
	struct look *l = to;
	char text[32];

	if (sysfs_read(l->sysfs, l->at[i].addr, "driver_override", text, sizeof(text)) < 0)
		text[0] = '\0';
	memcpy(l->at[i].override, text, sizeof(text));
}

static unsigned patience(void *to, size_t i)
{
	(void)to;
	(void)i;
	return PATIENCE_MS;
}

static int read_overrides(struct look *l, struct err *err)
{
	struct unfinished *listed = l->at;
	size_t size = l->n * sizeof(*listed);
	uint8_t *shared = steps_shared(size + l->n);

	if (!shared)
		return err_set(err, ENOMEM, "out of memory for %zu devices", l->n);
	memcpy(shared, listed, size);
	l->at = (struct unfinished *)(void *)shared;
	const struct steps list = {.n = l->n,
		.run = read_override,
		.patience = patience,
		.to = l,
		.state = shared + size};
	int r = steps_run(&list, steps_now() + ALL_MS, err);
	memcpy(listed, shared, size);
	l->at = listed;
	return r;
}

static int compare(const void *a, const void *b)
{
	return pci_addr_compare(
		((const struct unfinished *)a)->addr, ((const struct unfinished *)b)->addr);
}

int unfinished_find(struct unfinished **ret, size_t *ret_n, struct sysfs *s, struct err *err)
{
	struct look l = {.sysfs = s};
	size_t n = 0;
	int r = sysfs_each_device(s, add_driverless, &l, err);

	if (r == -ENOMEM)
		(void)err_set(err, ENOMEM, "out of memory");
	if (r == 0 && l.n > 0)
		r = read_overrides(&l, err);
	for (size_t i = 0; i < l.n; i++)
		if (str_equal(l.at[i].override, "?") || release_is_vfio(l.at[i].override))
			l.at[n++] = l.at[i];
	if (r < 0) {
		free(l.at);
		return r;
	}
	if (n > 0)
		qsort(l.at, n, sizeof(*l.at), compare);
	*ret = l.at;
	*ret_n = n;
	return 0;
}
