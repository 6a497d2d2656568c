/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/karg_sources.h"

#include <stdlib.h>

void loaders_done(struct loaders *l)
{
	for (size_t i = 0; i < l->places; i++) {
		strings_done(&l->place[i].paths);
		free(l->place[i].template);
	}
	free(l->place);
	free(l->grub_cfg);
	strings_done(&l->found);
	strings_done(&l->next);
	strings_done(&l->notes);
	strings_done(&l->boots);
	*l = (struct loaders){0};
}

struct karg_source *karg_source_add(struct loaders *to, enum karg_source_kind kind, unsigned order)
{
	struct karg_source *v = realloc(to->place, (to->places + 1) * sizeof(*v));
	if (!v)
		return NULL;
	to->place = v;
	v[to->places] = (struct karg_source){.kind = kind, .order = order};
	return &v[to->places++];
}

bool karg_source_known(const struct loaders *to, const char *path)
{
	for (size_t i = 0; i < to->places; i++)
		if (strings_have(&to->place[i].paths, path))
			return true;
	return false;
}
