/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cases of tests/unit/plan once more, those that need nothing but a tree and a config: on
 * arrays of just their size (exact.h), where the program's have room to spare. */
#include "core/plan.h"

#include "base/str.h"
#include "check.h"
#include "core/card.h"
#include "core/guard.h"
#include "exact.h"
#include "fake_sysfs.h"

#include <glob.h>
#include <unistd.h>

#define CASES "tests/unit/plan/*.case"

/* What a case says: a part is the text between two lines that begin with "--- ". */
struct text_case {
	char text[16384];
	char tree[64];
	char *config;
	size_t config_len;
	char *expect;
	int status;
	bool plain;
};

static char *part(char *text, const char *heading)
{
	char *at = strstr(text, heading);

	return at ? strchr(at + 1, '\n') + 1 : NULL;
}

static size_t part_len(const char *part)
{
	const char *end = strstr(part - 1, "\n--- "); /* that of an empty one is right before it */

	return end ? (size_t)(end + 1 - part) : strlen(part);
}

static void read_case(struct text_case *c, const char *path)
{
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(c->text, 1, sizeof(c->text) - 1, f) : 0;

	if (!f || n == 0 || n == sizeof(c->text) - 1)
		abort();
	(void)fclose(f);
	c->text[n] = '\0';
	char *tree = strstr(c->text, "tree ") + strlen("tree ");
	(void)snprintf(c->tree, sizeof(c->tree), "%.*s", (int)strcspn(tree, "\n"), tree);
	c->config = part(c->text, "\n--- config");
	c->config_len = c->config ? part_len(c->config) : 0;
	char *status = strstr(c->text, "\n--- expect ");
	c->status = status ? atoi(status + strlen("\n--- expect ")) : -1;
	c->expect = part(c->text, "\n--- expect ");
	c->plain = c->config && c->expect && !strstr(c->text, "\nroot ") &&
		   !strstr(c->text, "\nrecord ") && !strstr(c->text, "\ncmdline ") &&
		   !strstr(c->text, "\nrun ") && !strstr(c->text, "\n--- prepare") &&
		   (geteuid() == 0 || !strstr(c->text, "\nneeds root"));
	if (c->expect)
		c->expect[part_len(c->expect)] = '\0';
	if (c->config)
		c->config[c->config_len] = '\0'; /* of the next heading, which has been found */
}

/* A line of the case for each verdict, as tests/unit/cases writes it. */
static void check_verdict(const struct verdict *v, char **expect)
{
	char name[VERDICT_NAME_MAX], line[512];
	const char *want;

	do
		want = strsep(expect, "\n");
	while (want && *want && !strstr(want, ") before "));
	(void)snprintf(line, sizeof(line), "%s %s %s (%u) before %s after -: %s",
		verdict_name(v, name), action_name(v->action),
		v->action == ACTION_BIND ? v->driver : "-", v->selector->line,
		v->device && v->device->driver[0] ? v->device->driver : "-", v->reason);
	CHECK_STR(line, want);
}

static char *printed(const struct plan *p)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		abort();
	plan_print(p, f);
	(void)fclose(f);
	return text;
}

/* What is printed for a person has each verdict in a row, with the place that asks for it. */
static void check_print(const struct plan *p)
{
	char name[VERDICT_NAME_MAX], source[SOURCE_MAX], cells[256], id[PCI_ID_MAX];
	char *text = printed(p);
	char *rest = text, *heading = strsep(&rest, "\n");
	if (p->n > 0)
		CHECK_STR(heading,
			"ADDRESS       ID        ACTION CURRENT          TARGET           REASON (CONFIG)");
	for (size_t i = 0; i < p->n; i++) {
		const struct verdict *v = &p->verdicts[i];
		const char *row = strsep(&rest, "\n");
		struct pci_id shown = v->device ? v->device->id : (struct pci_id){0};
		shown.subvendor = shown.subdevice = PCI_ANY;
		(void)snprintf(cells, sizeof(cells), "%-13s %-9s %-6s %-16s %-16s ",
			verdict_name(v, name), v->device ? pci_id_format(&shown, id) : "-",
			action_name(v->action),
			v->device && v->device->driver[0] ? v->device->driver : "-",
			v->action == ACTION_BIND ? v->driver : "-");
		CHECK(row && str_starts(row, cells));
		CHECK_HAS(row, v->reason);
		(void)snprintf(source, sizeof(source), " (CONFIG:%u)", v->selector->line);
		CHECK_HAS(row, source);
	}
	CHECK_STR(rest ? rest : "", "");
	free(text);
}

/* A plan that the guards have seen is one that they leave as it is. */
static void check_guards_again(struct plan *p, const struct probe *h)
{
	enum action *before = calloc(p->n + 1, sizeof(*before));

	if (!before)
		abort();
	for (size_t i = 0; i < p->n; i++)
		before[i] = p->verdicts[i].action;
	guard_apply(p, h);
	for (size_t i = 0; i < p->n; i++)
		if (before[i] != ACTION_REFUSE)
			CHECK_INT(p->verdicts[i].action, before[i]);
	free(before);
}

static void check_plan(struct text_case *t, struct config *c, struct probe *h, struct sysfs *s)
{
	_cleanup_(plan_done) struct plan p = {0};
	const struct boot_switch b = {.mode = BOOT_BIND};
	char *expect = t->expect;
	bool whole = true, some = false;

	if (!CHECK_INT(plan_make(&p, c, h, &b, NULL), 0))
		return;
	exact_plan(&p);
	guard_protected(&p, NULL, "");
	if (c->strict_groups)
		CHECK(groups_refuse(&p, s) >= 0);
	for (size_t i = 0; i < p.n; i++) {
		const struct verdict *v = &p.verdicts[i];
		if (v->device)
			CHECK(plan_find(&p, v->device->addr) == v);
		check_verdict(v, &expect);
		whole &= p.verdicts[i].action == ACTION_BIND;
		some |= p.verdicts[i].action == ACTION_BIND;
	}
	CHECK(!plan_find(&p, (struct pci_addr){.domain = 0xffff}));
	CHECK(!expect || !strstr(expect, ") before "));
	CHECK_INT(plan_is_whole(&p), whole);
	CHECK_INT(plan_binds(&p), some);
	CHECK_INT(t->status, whole ? 0 : 1);
	(void)guard_needs_protected(&p);
	check_print(&p);
	check_guards_again(&p, h);
}

static void run_case(const char *path)
{
	static struct text_case t;
	_cleanup_(config_done) struct config c = {0};
	_cleanup_(probe_done) struct probe h = {0};
	_cleanup_(sysfs_done) struct sysfs s = {.devices = -1};
	const struct boot_display_from from = {.running = true};
	char tree[160];

	read_case(&t, path);
	if (!t.plain)
		return;
	(void)snprintf(tree, sizeof(tree), "%s/%.60s", top, t.tree);
	if (access(tree, F_OK) < 0 &&
		!check_shell("tests/unit/tree tests/unit/trees/%s %s", t.tree, tree))
		abort();
	check_case("plan: %s", strrchr(path, '/') + 1);
	CHECK_INT(config_parse(&c, "CONFIG", t.config, t.config_len), 0);
	exact_config(&c);
	CHECK_INT(sysfs_open(&s, tree, NULL), 0);
	if (CHECK_INT(probe_devices(&h, &c, &s, &from, NULL), 0)) {
		exact_probe(&h);
		probe_drivers(&h, &s);
		check_plan(&t, &c, &h, &s);
	}
}

/* ---- by hand ----------------------------------------------------------------------------------
 */

static struct pci_addr place(const char *address)
{
	struct pci_addr addr;

	if (!pci_addr_parse(address, &addr))
		abort();
	return addr;
}

/* A plan for this config on functions that are made by hand. */
struct hand {
	struct config c;
	struct probe h;
	struct plan p;
};

static void hand_done(struct hand *m)
{
	plan_done(&m->p);
	probe_done(&m->h);
	config_done(&m->c);
}

static void hand_make(struct hand *m, const char *config, const struct device *devices, size_t n)
{
	const struct boot_switch b = {.mode = BOOT_BIND};

	*m = (struct hand){.h = {.serials_hidden = true}};
	CHECK_INT(config_parse(&m->c, "CONFIG", config, strlen(config)), 0);
	exact_config(&m->c);
	m->h.devices = (struct device_list){
		.at = calloc(n > 0 ? n : 1, sizeof(*devices)), .n = n, .size = n};
	m->h.paths = calloc(m->c.n_selectors + 1, sizeof(*m->h.paths));
	if (!m->h.devices.at || !m->h.paths)
		abort();
	if (n > 0)
		memcpy(m->h.devices.at, devices, n * sizeof(*devices));
	cards_mark(&m->h.devices, &(struct sysfs){.devices = -1});
	CHECK_INT(plan_make(&m->p, &m->c, &m->h, &b, NULL), 0);
	exact_plan(&m->p);
}

static void check_reason(const struct plan *p, size_t i, const char *name, const char *reason)
{
	char buf[VERDICT_NAME_MAX];

	if (!CHECK(i < p->n))
		return;
	CHECK_STR(verdict_name(&p->verdicts[i], buf), name);
	CHECK_STR(p->verdicts[i].reason, reason);
}

static void test_by_hand(void)
{
	const struct device slot[] = {
		{.addr = place("00:01.0"), .class = 0x0c0330, .id = {1, 2, 3, 4}, .group = 1},
		{.addr = place("00:01.1"), .class = 0x060400, .has_bus = true, .id = {1, 3, 3, 4}},
	};
	const struct device card[] = {
		{.addr = place("01:00.0"), .class = 0x030000, .id = {1, 2, 3, 4}, .group = 1},
		{.addr = place("01:00.1"), .class = 0x040300, .id = {1, 3, 3, 4}, .group = 1},
		{.addr = place("01:00.2"), .error = -5, .id = {1, 4, 0, 0}},
		{.addr = place("02:00.0"),
			.class = 0x020000,
			.id = {5, 5, 0, 0},
			.serial = 1,
			.group = 2},
	};
	_cleanup_(hand_done) struct hand m;

	check_case("by hand: the only endpoint of a slot is its first function");
	hand_make(&m, "[bind]\naddresses = 00:01.*\n", slot, 2);
	CHECK_INT(m.p.n, 1);
	check_reason(&m.p, 0, "0000:00:01.0", "address 00:01.*, without the bridge 0000:00:01.1");
	CHECK(plan_is_whole(&m.p) && plan_binds(&m.p));
	hand_done(&m);

	check_case("by hand: companions come where they are wished for, and can be read");
	hand_make(&m, "[bind]\naddresses = 01:00.0\ncompanions = no\n[guard]\nboot_vga = allow\n",
		card, 2);
	CHECK_INT(m.p.n, 1);
	hand_done(&m);
	hand_make(&m, "[bind]\naddresses = 01:00.0\n[guard]\nboot_vga = allow\n", card, 4);
	CHECK_INT(m.p.n, 2);
	CHECK(m.p.n == 2 && !m.p.verdicts[0].companion && m.p.verdicts[1].companion);
	hand_done(&m);

	check_case("by hand: a serial number of 1");
	hand_make(&m, "[bind]\nserials = 00-00-00-00-00-00-00-01\n", card, 4);
	CHECK_INT(m.p.n, 1);
	check_reason(&m.p, 0, "0000:02:00.0", "serial 00-00-00-00-00-00-00-01");
	hand_done(&m);

	check_case("by hand: each that is absent, once, addresses first");
	hand_make(&m,
		"[bind]\nids = 1234:5678\nserials = 00-00-00-00-00-00-00-02\npaths = 0:0.0\n"
		"addresses = 00:00.0, 0000:00:00.0, 00:00.*\nids = 1234:5678\n"
		"paths = 0:0.0\ngpus = non-boot\n[exclude]\nids = 0001:0001\n",
		NULL, 0);
	CHECK_INT(m.p.n, 5);
	check_reason(&m.p, 0, "00:00.0", "no such device");
	check_reason(&m.p, 1, "00:00.*", "no such device");
	check_reason(&m.p, 2, "1234:5678", "no such device");
	check_reason(&m.p, 3, "00-00-00-00-00-00-00-02", "only root can read serial numbers");
	check_reason(&m.p, 4, "0:0.0", "no bridge on the way");
	CHECK(!plan_is_whole(&m.p) && !plan_binds(&m.p));
	CHECK_STR(action_name(ACTION_ABSENT), "absent");

	check_case("by hand: an operand of a command has no line");
	char source[SOURCE_MAX];
	CHECK_STR(verdict_source(&m.p, &m.p.verdicts[2], source), "CONFIG:2");
	m.c.selectors[0].line = 1;
	CHECK_STR(verdict_source(&m.p, &m.p.verdicts[2], source), "CONFIG:1");
	m.c.selectors[0].line = 0;
	CHECK_STR(verdict_source(&m.p, &m.p.verdicts[2], source), "command line");
}

static void test_off(void)
{
	const struct device one = {.addr = place("00:01.0"), .class = 0x020000, .id = {1, 2, 3, 4}};
	const struct boot_switch off = {.mode = BOOT_OFF, .reason = "off"},
				 dry = {.mode = BOOT_DRY_RUN, .reason = "dry"},
				 bind = {.mode = BOOT_BIND, .reason = "none"};
	_cleanup_(hand_done) struct hand m;
	struct plan p;

	hand_make(&m, "[bind]\naddresses = 00:01.0\n", &one, 1);
	check_case("off: nothing is planned, and why");
	CHECK_INT(plan_make(&p, &m.c, &m.h, &off, NULL), 0);
	CHECK_INT(p.n, 0);
	CHECK_STR(p.off, "off");
	CHECK(!plan_binds(&p) && plan_is_whole(&p));
	char *text = printed(&p);
	CHECK_STR(text, "nothing is to be touched: off\n");
	free(text);
	plan_done(&p);

	check_case("a dry run plans all, and says that nothing is touched");
	CHECK_INT(plan_make(&p, &m.c, &m.h, &dry, NULL), 0);
	CHECK_INT(p.n, 1);
	CHECK_STR(p.off, "dry");
	CHECK(p.boot == &m.h.boot);
	text = printed(&p);
	CHECK(str_starts(text, "nothing is to be touched: dry\nADDRESS "));
	free(text);
	plan_done(&p);

	check_case("no device was read: an empty plan");
	CHECK_INT(plan_make(&p, &m.c, NULL, &bind, NULL), 0);
	CHECK_INT(p.n, 0);
	CHECK_STR(p.off, NULL);
	CHECK(!p.boot);
	text = printed(&p);
	CHECK_STR(text, "");
	free(text);
	plan_done(&p);
}

int main(void)
{
	glob_t cases;

	fake_sysfs_begin("plan");
	if (glob(CASES, 0, NULL, &cases) != 0)
		abort();
	for (size_t i = 0; i < cases.gl_pathc; i++)
		run_case(cases.gl_pathv[i]);
	globfree(&cases);
	test_by_hand();
	test_off();
	return check_done();
}
