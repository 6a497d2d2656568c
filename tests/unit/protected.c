/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/protected.h"

#include "check.h"

#define NVME "storage 0000:03:00.0 144d:a80a 010802 0000:00:01.2/00.0 root / is on it (/dev/sda)"

static void read_all(struct protected_list *k, const char *text)
{
	char copy[2048], *rest = copy, *line;

	(void)str_copy(copy, sizeof(copy), text);
	while ((line = strsep(&rest, "\n")))
		if (str_starts(line, "keep "))
			CHECK_INT(protected_parse(k, line + strlen("keep ")), 0);
}

static void test_round(void)
{
	static const char text[] =
		"keep " NVME "\n"
		"keep network 10000:e1:00.0 8086:15f3 020000 10000:e0:06.0/00.0 root / comes over it\n"
		"keep keyboard 0000:00:14.0 8086:7a60 0c0330 - a passphrase\n"
		"keep route 0000:05:00.0 8086:1533 020000 - the default route\n"
		"keep elsewhere a keyboard that is on no PCI function\n"
		"keep route-elsewhere the default route goes over a NIC that is on no PCI function\n"
		"keep unknown /var is of type fuse\n"
		"keep unknown-network root / comes from a server\n"
		"keep unknown-route no default route\n"
		"keep unknown-keyboard no keyboard\n"
		"keep end\n";
	_cleanup_(protected_done) struct protected_list k = {0};
	_cleanup_(text_done) struct text t = {0};

	check_case("keep: what is read is written again");
	read_all(&k, text);
	CHECK_INT(k.n, 4);
	CHECK(k.n == 4 && k.at && k.at[3].kind == PROTECTED_ROUTE && k.route_elsewhere);
	CHECK_STR(protected_unknown_kind(&k, UNKNOWN_NETWORK), "root / comes from a server");
	CHECK_STR(protected_unknown_kind(&k, UNKNOWN_ROUTE), "no default route");
	CHECK_STR(protected_unknown_kind(&k, UNKNOWN_KEYBOARD), "no keyboard");
	CHECK(k.keyboard_elsewhere && k.ended && !protected_is_complete(&k));
	CHECK_STR(k.unknown, "/var is of type fuse");
	CHECK_INT(k.at[0].path.steps, 2);
	CHECK_INT(k.at[1].path.domain, 0x10000);
	CHECK_INT(k.at[2].path.steps, 0);
	protected_format(&k, &t);
	CHECK_STR(t.data, text);
}

static void test_broken(void)
{
	static const char *const bad[] = {
		"",
		"storage",
		"storage ",
		"storage 0000:03:00.0 144d:a80a 010802",
		"storage 0000:03:00 144d:a80a 010802 - x",
		"storage 0000:03:00.0 144d 010802 - x",
		"storage 0000:03:00.0 144d:a80a 0108021 - x",
		"storage 0000:03:00.0 144d:a80a 01080 - x",
		"storage 0000:03:00.0 144d:a80a 010802 0000:00:01.2/00.* x",
		"storage 0000:03:00.0 144d:a80a 010802 0000:00:01.2=144d:a80a x",
		"storage 0000:03:00.0 144d:a80a 010802 nowhere x",
		"storages 0000:03:00.0 144d:a80a 010802 - x",
		"future 1",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		_cleanup_(protected_done) struct protected_list k = {.ended = true};
		check_case("keep: not understood, so not whole: \"%s\"", bad[i]);
		CHECK_INT(protected_parse(&k, bad[i]), 0);
		CHECK_INT(k.n, 0);
		CHECK(!protected_is_complete(&k));
		CHECK_HAS(k.unknown, "can't be read");
	}
}

static void test_adding(void)
{
	_cleanup_(protected_done) struct protected_list k = {.ended = true};
	struct protected_dev one = {.kind = PROTECTED_STORAGE, .id = {0x8086, 1, PCI_ANY, PCI_ANY}};

	check_case("keep: the first reason stays, and a line stays a line");
	(void)str_copy(one.reason, sizeof(one.reason), "a\nkeep end");
	CHECK_INT(protected_add(&k, &one), 0);
	(void)str_copy(one.reason, sizeof(one.reason), "b");
	CHECK_INT(protected_add(&k, &one), 0);
	CHECK_INT(k.n, 1);
	CHECK_STR(k.at[0].reason, "a?keep end");

	check_case("keep: one address, two ids, is two functions: one of them was there before");
	one.id.device = 2;
	CHECK_INT(protected_add(&k, &one), 0);
	CHECK_INT(k.n, 2);
	CHECK(protected_has(&k, PROTECTED_STORAGE) && !protected_has(&k, PROTECTED_NETWORK));

	check_case("keep: there is a bound, behind which it is not whole");
	CHECK(protected_is_complete(&k));
	for (unsigned i = 0; i < 2 * PROTECTED_MAX; i++) {
		one.addr.domain = i + 1;
		CHECK_INT(protected_add(&k, &one), 0);
	}
	CHECK_INT(k.n, PROTECTED_MAX);
	CHECK(!protected_is_complete(&k));
}

int main(void)
{
	test_round();
	test_broken();
	test_adding();
	return check_done();
}
