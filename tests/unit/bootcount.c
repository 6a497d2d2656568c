/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes a plan one that no boot has tried: each key of [modules] and [device], a later one
 * too. */
#include "core/bootcount.h"

#include "base/str.h"
#include "check.h"

#include <stdlib.h>
#include <unistd.h>

#define ASKS "[bind]\naddresses = 03:00.0\n"
#define DEVICE "[device 03:00.0]\n"

static char top[64];

/* The plan's fingerprint for that config, on the desktop. */
static uint32_t fingerprint(const char *config)
{
	_cleanup_(config_done) struct config c = {0};
	_cleanup_(probe_done) struct probe h = {0};
	_cleanup_(sysfs_done) struct sysfs s = {.devices = -1};
	_cleanup_(plan_done) struct plan p = {0};
	const struct boot_switch b = {.mode = BOOT_BIND};
	struct err err = {""};
	char tree[80];

	(void)snprintf(tree, sizeof(tree), "%s/sys", top);
	if (config_parse(&c, "F", config, strlen(config)) < 0)
		(void)check_that(false, __FILE__, __LINE__, "%s", c.errors[0]);
	else if (sysfs_open(&s, tree, &err) < 0 || probe_devices(&h, &c, &s, NULL, &err) < 0 ||
		 plan_make(&p, &c, &h, &b, &err) < 0)
		abort();
	else if (CHECK(plan_binds(&p)))
		return bootcount_fingerprint(&p);
	return 0;
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

	(void)snprintf(top, sizeof(top), "/tmp/standing-XXXXXX");
	if (!mkdtemp(top))
		return 1;
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
