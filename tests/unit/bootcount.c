/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes a plan one that no boot has tried: each key of [modules] and [device], a later one
 * too. */
#include "core/bootcount.h"

#include "base/str.h"
#include "check.h"
#include "exact.h"

#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#define ASKS "[bind]\naddresses = 03:00.0\n"
#define DEVICE "[device 03:00.0]\n"
#define TWO                                                                                        \
	"[bind]\naddresses = 03:00.0, 02:00.0\n[modules]\nload = background\nbefore = a\n"         \
	"options = b=1\n[device 02:00.0]\ndriver = none\n" DEVICE "rebar = 0:14 2:3\n"

static char top[64], tree[80];

/* The plan for a config, on the desktop. */
struct machine {
	struct config c;
	struct probe h;
	struct sysfs s;
	struct plan p;
};

static void machine_done(struct machine *m)
{
	plan_done(&m->p);
	sysfs_done(&m->s);
	probe_done(&m->h);
	config_done(&m->c);
}

static bool machine_make(struct machine *m, const char *config)
{
	const struct boot_switch b = {.mode = BOOT_BIND};

	*m = (struct machine){.s = {.devices = -1}};
	if (config_parse(&m->c, "F", config, strlen(config)) < 0)
		return check_that(false, __FILE__, __LINE__, "%s", m->c.errors[0]);
	exact_config(&m->c);
	if (sysfs_open(&m->s, tree, NULL) < 0 || probe_devices(&m->h, &m->c, &m->s, NULL, NULL) < 0)
		abort();
	exact_probe(&m->h);
	if (plan_make(&m->p, &m->c, &m->h, &b, NULL) < 0)
		abort();
	exact_plan(&m->p);
	return CHECK(plan_binds(&m->p));
}

static const char *kernel; /* its release; NULL: the running one's, "": it can't be found out */

int __wrap_uname(struct utsname *u);
int __real_uname(struct utsname *u);

int __wrap_uname(struct utsname *u)
{
	if (!kernel)
		return __real_uname(u);
	*u = (struct utsname){.sysname = "Linux"};
	(void)str_copy(u->release, sizeof(u->release), kernel[0] ? kernel : "?");
	return kernel[0] ? 0 : -1;
}

static uint32_t fingerprint(const char *config)
{
	_cleanup_(machine_done) struct machine m;

	return machine_make(&m, config) ? bootcount_fingerprint(&m.p) : 0;
}

/* A value of each key that can hang a machine, and another one. */
static const struct row {
	bool device; /* of [device], else of [modules] */
	const char *key, *value, *other;
} rows[] = {
	{false, "load", "background", NULL}, /* early is what it is without */
	{false, "before", "vendor-reset", "vendor-reset, i915"},
	{false, "options", "disable_vga=1", "disable_vga=0"},
	{true, "driver", "none", "mlx5_vfio_pci"},
	{true, "rebar", "0:14", "0:14 2:3"},
};
#define N_ROWS (sizeof(rows) / sizeof(*rows))

static uint32_t fingerprint_of(const struct row *r, const char *value)
{
	char config[256];

	(void)snprintf(config, sizeof(config), "%s%s%s = %s\n", ASKS,
		r->device ? DEVICE : "[modules]\n", r->key, value);
	return fingerprint(config);
}

static void test_keys(void)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		const struct row *r = &rows[i];
		check_case("fingerprint: %s is in it", r->key);
		uint32_t without = fingerprint(ASKS), with = fingerprint_of(r, r->value);
		CHECK(without != 0 && with != 0 && with != without);
		CHECK(fingerprint_of(r, r->value) == with);
		if (r->other) {
			uint32_t other = fingerprint_of(r, r->other);
			CHECK(other != 0 && other != with && other != without);
		}
	}
}

/* The keys of a section, as the parser itself tells them to who writes another one. */
static void test_no_other_key(bool device, const char *heading)
{
	_cleanup_(config_done) struct config c = {0};
	char text[64];

	check_case("fingerprint: %.8s] has no key that this test does not know", heading);
	(void)snprintf(text, sizeof(text), "%sx = 1\n", heading);
	CHECK(config_parse(&c, "F", text, strlen(text)) < 0 && c.n_errors == 1);
	char *known = strstr(c.errors[0], "; valid: ");
	if (!CHECK(known))
		return;
	known += strlen("; valid: ");
	for (char *key; (key = strsep(&known, ", "));) {
		bool found = *key == '\0';
		for (size_t i = 0; i < N_ROWS; i++)
			found |= rows[i].device == device && str_equal(rows[i].key, key);
		(void)check_that(found, __FILE__, __LINE__,
			"'%s' is new: have bootcount_fingerprint take it, and give it a row here",
			key);
	}
}

static void test_rest(void)
{
	check_case("fingerprint: the same as in earlier versions, for it is kept over an update");
	kernel = "6.1.0";
	uint32_t then = fingerprint(ASKS), two = fingerprint(TWO);
	CHECK_INT(then, 0xe2845ab0);
	CHECK_INT(two, 0xf52aa502);
	check_case("fingerprint: another kernel is another plan, and so is one without a name");
	kernel = "6.1.1";
	CHECK(fingerprint(ASKS) != then);
	kernel = "";
	CHECK(fingerprint(ASKS) != then && fingerprint(ASKS) != 0);
	kernel = NULL;

	uint32_t all = fingerprint(ASKS);

	check_case("fingerprint: another device, or one more, is another plan");
	CHECK(fingerprint("[bind]\naddresses = 01:00.0\n") != all);
	CHECK(fingerprint("[bind]\naddresses = 03:00.0, 01:00.0\n") != all);

	check_case("fingerprint: the order of modules is in it, for they are loaded in it");
	CHECK(fingerprint(ASKS "[modules]\nbefore = a, b\n") !=
		fingerprint(ASKS "[modules]\nbefore = b, a\n"));
	check_case("fingerprint: a module is no option, nor part of another's name");
	CHECK(fingerprint(ASKS "[modules]\nbefore = a, b\n") !=
		fingerprint(ASKS "[modules]\nbefore = ab\n"));

	check_case("fingerprint: comments, order, guards and what says the same are not in it");
	CHECK_INT(fingerprint("# text\n\n" ASKS "; text\n"), all);
	CHECK_INT(fingerprint("[bind]\naddresses = 03:00.*\n"), all);
	CHECK_INT(fingerprint("[modules]\nload = early\n" ASKS), all);
	CHECK_INT(fingerprint(ASKS DEVICE "driver = vfio-pci\n"), all);
	CHECK_INT(fingerprint(ASKS "[device 01:00.0]\nrebar = 0:14\n"), all);
	CHECK_INT(fingerprint(ASKS "[guard]\nboot_vga = allow\nlast_display = allow\n"
				   "on_failure = hold\nfailed_boots = 3\nefivarfs = load\n"),
		all);
	CHECK_INT(fingerprint("[bind]\naddresses = 03:00.0, 01:00.0\n"),
		fingerprint("[bind]\naddresses = 01:00.0\naddresses = 03:00.0\n"));
}

int main(void)
{
	char command[256];

	(void)setvbuf(stdout, NULL, _IOLBF, 0); /* no child may print what its parent buffered */
	(void)snprintf(top, sizeof(top), "/tmp/bootcount-XXXXXX");
	if (!mkdtemp(top))
		return 1;
	(void)snprintf(tree, sizeof(tree), "%s/sys", top);
	(void)snprintf(
		command, sizeof(command), "tests/unit/tree tests/unit/trees/desktop %s/sys", top);
	if (system(command) != 0) // NOLINT(cert-env33-c): the test's own words
		abort();
	test_keys();
	test_no_other_key(false, "[modules]\n");
	test_no_other_key(true, DEVICE);
	test_rest();
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", top);
	if (system(command) != 0) // NOLINT(cert-env33-c)
		abort();
	return check_done();
}
