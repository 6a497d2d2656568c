/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/plan_table.h"

#include "shared/table.h"
#include "shared/term.h"

void plan_table_print(const struct plan *p, FILE *f)
{
	static const struct table_column columns[] = {{.name = "ADDRESS"}, {.name = "ID"},
		{.name = "ACTION"}, {.name = "CURRENT"}, {.name = "TARGET"},
		{.name = "REASON (CONFIG)"}};
	static const enum style styles[] = {
		[ACTION_BIND] = GOOD, [ACTION_REFUSE] = BAD, [ACTION_ABSENT] = NOTE};
	_cleanup_(table_done) struct table t;
	struct plan_row row;

	if (p->off)
		term_row(f, "nothing is to be touched:", "%s", p->off);
	if (p->config->profile[0])
		term_row(f, "profile:", "%s", p->config->profile);
	table_open(&t, columns, sizeof(columns) / sizeof(*columns));
	for (size_t i = 0; i < p->n; i++) {
		plan_row_read(p, &p->verdicts[i], &row);
		const char *const cells[] = {row.name, row.id, row.action, row.current, row.target};
		table_row(&t, cells, "%s (%s)", p->verdicts[i].reason, row.source);
		table_style(&t, styles[p->verdicts[i].action]);
	}
	table_print(&t, f);
}
