/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/shell_vars.h"

#include <stdlib.h>
#include <string.h>

void shell_vars_done(struct shell_vars *vars)
{
	for (size_t i = 0; i < vars->n; i++) {
		free(vars->v[i].name);
		free(vars->v[i].value.cell);
		text_done(&vars->v[i].maybe);
	}
	free(vars->v);
	*vars = (struct shell_vars){0};
}

struct shell_var *shell_var_find(const struct shell_vars *vars, const char *name)
{
	for (size_t i = 0; i < vars->n; i++)
		if (str_equal(vars->v[i].name, name))
			return &vars->v[i];
	return NULL;
}

struct shell_var *shell_var_make(struct shell_vars *vars, const char *name)
{
	struct shell_var *var = shell_var_find(vars, name);
	if (var)
		return var;
	struct shell_var *v = realloc(vars->v, (vars->n + 1) * sizeof(*v));
	char *copy = v ? strdup(name) : NULL;
	if (v)
		vars->v = v;
	if (!copy)
		return NULL;
	v[vars->n] = (struct shell_var){.name = copy};
	return &v[vars->n++];
}
