/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of the kernel command line: as the kernel reads them, what may be asked for, huge pages,
 * and whose entry it is. */
#include "bootcfg/kargs/karg.h"

#include "bootcfg/kargs/entry_rules.h"
#include "bootcfg/kargs/hugepages.h"
#include "bootcfg/kargs/karg_ops.h"
#include "check.h"

#include <errno.h>

#define LEN(array) (sizeof(array) / sizeof(*(array)))

/* A copy of just its size. */
static char *exact(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	return copy;
}

static void test_read(void)
{
	static const struct {
		const char *word, *name, *value;
	} rows[] = {{"quiet", "quiet", NULL}, {"a=b", "a", "b"}, {"a=", "a", ""}, {"", "", NULL},
		{"=a", "=a", NULL}, {"==a", "=", "a"}, {"=a=b", "=a", "b"}, {"=", "=", NULL},
		{"a=b=c", "a", "b=c"}, {"a=\"b c\"", "a", "b c"}, {"\"a=b c\"", "a", "b c"},
		{"\"a b\"", "a b", NULL}, {"a=b\"c\"", "a", "b\"c\""}, {"a=\"", "a", ""},
		{"\"", "", NULL}, {"\"a\"=b", "a\"", "b"}, {"a=\"b\"c", "a", "b\"c"},
		{"\"a=\"b\"", "a", "b"}, {"\"=\"", "=", NULL}, {"\"a=\"", "a", ""}};

	check_case("a word is read as the kernel does it");
	for (size_t i = 0; i < LEN(rows); i++) {
		struct karg k = {0};
		char *word = exact(rows[i].word);
		CHECK_INT(karg_read(word, &k), 0);
		CHECK_STR(k.name, rows[i].name);
		CHECK_STR(k.value, rows[i].value);
		karg_done(&k);
		CHECK(!k.name && !k.value);
		free(word);
	}
}

static void test_names(void)
{
	check_case("- and _ are one letter in a name, and only in a name");
	CHECK(karg_same_name("a-b_c", "a_b-c"));
	CHECK(karg_same_name("", ""));
	CHECK(!karg_same_name("a", "ab") && !karg_same_name("ab", "a") &&
		!karg_same_name("a", "b"));
	struct karg a = {0}, b = {0}, c = {0}, flag = {0}, other = {0};
	CHECK(karg_read("x-y=a-b", &a) == 0 && karg_read("x_y=a-b", &b) == 0);
	CHECK(karg_read("x-y=a_b", &c) == 0 && karg_read("z=a-b", &other) == 0);
	CHECK_INT(karg_read("x-y", &flag), 0);
	CHECK(karg_equal(&a, &b) && !karg_equal(&a, &c) && !karg_equal(&a, &flag));
	CHECK(!karg_equal(&flag, &a) && karg_equal(&flag, &flag) && !karg_equal(&a, &other));
	karg_done(&a);
	karg_done(&b);
	karg_done(&c);
	karg_done(&flag);
	karg_done(&other);

	check_case("lists");
	CHECK(karg_list_has("a,B,cd", "b", 1) && karg_list_has("a,B,cd", "cd", 2));
	CHECK(!karg_list_has("a,B,cd", "c", 1) && !karg_list_has("a,b", "ab", 2));
	CHECK(karg_list_has("a,", "", 0) && karg_list_has("", "", 0) && !karg_list_has("a", "", 0));

	check_case("the same words: other quotes, but the same order and number");
	char *one[] = {exact("a=\"b c\""), exact("q-r")},
	     *two[] = {exact("\"a=b c\""), exact("q_r")};
	struct strings s = {.v = one, .n = 2}, t = {.v = two, .n = 2}, less = {.v = two, .n = 1},
		       turned = {.v = (char *[]){two[1], two[0]}, .n = 2};
	CHECK(kargs_same(&s, &t) && !kargs_same(&s, &less) && !kargs_same(&less, &s));
	CHECK(!kargs_same(&s, &turned));
	for (size_t i = 0; i < 2; i++) {
		free(one[i]);
		free(two[i]);
	}
}

/* ---- what may be asked for --------------------------------------------------------------------
 */

static int ask(struct karg_ops *to, const char *option, const char *text, struct err *err)
{
	char *copy = exact(text);
	int rc = str_equal(option, "add")      ? karg_ops_add(to, copy, err)
		 : str_equal(option, "remove") ? karg_ops_remove(to, copy, err)
					       : karg_ops_set(to, copy, option[3] == '!', err);

	free(copy);
	return rc;
}

static void test_ops(void)
{
	/* The kinds of what comes of it, or the reason. */
	static const struct {
		const char *option, *text, *expected;
	} rows[] = {
		{"add", "quiet", "0quiet "},
		{"add", " a=1  b ", "0a=1 0b "},
		{"add", "a=\"b c\"", "0a=\"b c\" "},
		{"add", "3w-xxxx.use_msi=1 8250.nr_uarts=4 a.b",
			"03w-xxxx.use_msi=1 08250.nr_uarts=4 0a.b "},
		{"add", "a=1, b", "'a=\"1, b\"'"},
		{"add", "vfio-pci.ids=10de:1c03, 10de:10f1",
			"'vfio-pci.ids=\"10de:1c03, 10de:10f1\"'"},
		{"add", "dyndbg=file x", "'dyndbg=\"file x\"'"},
		{"add", "a.dyndbg=file x", "one parameter is written"},
		{"add", "dyndbg=\"file x\" b", "0dyndbg=\"file x\" 0b "},
		{"add", "dyndbg", "0dyndbg "},
		{"add", "dyn=a b", "0dyn=a 0b "},
		{"add", "a 7", "give each parameter an option of its own"},
		{"add", "a 7=b", "0a 07=b "},
		{"add", "a +p", "give each parameter an option of its own"},
		{"add", "a \"b=c d\"", "0a 0\"b=c d\" "},
		{"add", "", "an empty word"},
		{"add", "   ", "an empty word"},
		{"add", "=a", "a name before the ="},
		{"add", "#a", "read as a comment"},
		{"add", "--", "the bare --"},
		{"add", "a --", "blank inside a word"},
		{"add", "a=\"b", "a quote is not closed"},
		{"add", "a\tb", "a control character (0x09)"},
		{"add", "a\x7f", "a control character (0x7f)"},
		{"add", "a\x1f", "a control character (0x1f)"},
		{"add", "\"\"", "has a name"},
		{"add", "\"=a\"", "has a name"},
		{"remove", "quiet", "3quiet "},
		{"remove", "a=1", "3a=1 "},
		{"remove", "a=", "4a= "},
		{"remove", "a=\"\"", "3a=\"\" "},
		{"set", "a=1", "2a=1 "},
		{"set", "a", "--set takes K=V"},
		{"set", "a=1 b", "--set takes one word"},
		{"set", "console=tty0", "every console= counts"},
		{"set!", "console=tty0", "2console=tty0 "},
		{"set", "rd.luks=1", "every rd.luks= counts"},
		{"set", "=", "a name before the ="},
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		_cleanup_(karg_ops_done) struct karg_ops r = {0};
		_cleanup_(text_done) struct text all = {0};
		struct err err = {""};
		check_case("--%s %s", rows[i].option, rows[i].text);
		int rc = ask(&r, rows[i].option, rows[i].text, &err);
		for (size_t k = 0; k < r.n; k++)
			text_print(&all, "%d%s ", r.v[k].kind, r.v[k].text);
		CHECK(rc == 0 ? !err.text[0] : rc == -EINVAL);
		if (rc == 0)
			CHECK_STR(all.data, rows[i].expected);
		else
			CHECK_HAS(err.text, rows[i].expected);
	}
}

static void test_contradictions(void)
{
	static const struct {
		const char *one, *a, *two, *b;
		bool bad;
	} rows[] = {{"add", "a", "remove", "a", true}, {"remove", "a", "add", "a", true},
		{"add", "a=1", "remove", "a=1", true}, {"add", "a-b=1", "remove", "a_b=1", true},
		{"add", "a=1", "remove", "a=2", false}, {"add", "a=1", "remove", "a=", false},
		{"add", "a", "remove", "a=", false}, {"add", "a=1", "add", "a=2", false},
		{"set", "a=1", "set", "a=2", true}, {"set", "a=1", "set", "a=1", false},
		{"set", "a=1", "set", "b=2", false}, {"set", "a=1", "remove", "a=1", true},
		{"remove", "a=1", "set", "a=1", true}, {"remove", "a", "remove", "a", false},
		{"set", "a=1", "add", "a=2", false}};

	check_case("requests that contradict each other");
	for (size_t i = 0; i < LEN(rows); i++) {
		_cleanup_(karg_ops_done) struct karg_ops r = {0};
		struct err err = {""};
		CHECK_INT(ask(&r, rows[i].one, rows[i].a, &err), 0);
		int rc = ask(&r, rows[i].two, rows[i].b, &err);
		(void)check_that(rc == (rows[i].bad ? -EINVAL : 0), __FILE__, __LINE__,
			"%s %s, %s %s: %d", rows[i].one, rows[i].a, rows[i].two, rows[i].b, rc);
		if (rows[i].bad)
			CHECK_HAS(err.text, "contradict each other");
	}
}

static bool asks(const struct karg_ops *r, enum karg_op_kind kind, const char *text)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].kind == kind && str_equal(r->v[i].text, text))
			return true;
	return false;
}

static void test_iommu(void)
{
	for (unsigned i = 0; i < 4; i++) {
		_cleanup_(karg_ops_done) struct karg_ops r = {0};
		struct err err = {""};
		bool intel = i % 2 == 0, no_pt = i >= 2;
		check_case("--iommu of %s%s", intel ? "Intel" : "AMD", no_pt ? ", --no-pt" : "");
		CHECK_INT(karg_ops_iommu(&r, intel ? CPU_INTEL : CPU_AMD, no_pt, &err), 0);
		CHECK(asks(&r, KARG_OP_REMOVE_ELEMENT, "iommu=off"));
		CHECK(asks(&r, KARG_OP_REMOVE_ELEMENT, "amd_iommu=off"));
		CHECK_INT(asks(&r, KARG_OP_ADD, "intel_iommu=on"), intel);
		CHECK_INT(asks(&r, KARG_OP_ADD, "iommu=pt"), !no_pt);
		CHECK_INT(asks(&r, KARG_OP_REMOVE_ELEMENT, "iommu=pt"), no_pt);
		CHECK_INT(asks(&r, KARG_OP_REMOVE_ELEMENT, "iommu=nopt"), !no_pt);
		CHECK(!asks(&r, KARG_OP_ADD, "amd_iommu=on"));
	}
	struct karg_ops none = {0};
	struct err err = {""};
	for (int no_pt = 0; no_pt <= 1; no_pt++) {
		struct karg_ops r = {0};
		check_case("--iommu of Arm%s", no_pt ? ", --no-pt" : "");
		CHECK_INT(karg_ops_iommu(&r, CPU_ARM, no_pt, &err), 0);
		CHECK_INT(asks(&r, KARG_OP_ADD, "iommu.passthrough=1"), !no_pt);
		CHECK(!asks(&r, KARG_OP_ADD, "iommu=pt"));
		CHECK(!asks(&r, KARG_OP_ADD, "intel_iommu=on"));
		CHECK_INT(asks(&r, KARG_OP_REMOVE_ELEMENT, "iommu.passthrough=0"), !no_pt);
		CHECK_INT(asks(&r, KARG_OP_REMOVE_ELEMENT, "iommu.passthrough=1"), no_pt);
		karg_ops_done(&r);
	}
	check_case("--iommu of another processor");
	CHECK_INT(karg_ops_iommu(&none, CPU_UNKNOWN, false, &err), -EINVAL);
	CHECK_HAS(err.text, "--cpu intel|amd");
	CHECK_INT(none.n, 0);
}

/* ---- huge pages -------------------------------------------------------------------------------
 */

static void test_hugepages(void)
{
	/* What is found of 1G: "COUNT SIZE flags", - for none. */
	static const struct {
		const char *words, *found;
	} rows[] = {{"", "- -"}, {"hugepagesz=1G hugepages=8", "1 -"},
		{"hugepagesz=1024M hugepages=8", "1 -"}, {"hugepagesz=1G", "- 0 last"},
		{"hugepagesz=1G hugepagesz=2M", "- 0"}, {"quiet hugepagesz=1G quiet", "- 1 last"},
		{"hugepagesz=2M hugepages=8", "- - others"},
		{"hugepagesz=2M hugepages=8 hugepagesz=1G hugepages=4", "3 - others"},
		{"hugepagesz=1G hugepages=8 hugepagesz=1G hugepages=4", "1 -"},
		{"hugepages=8", "- - others"}, {"default_hugepagesz=1G", "- - default"},
		{"default_hugepagesz=1G hugepages=8", "1 - default"},
		{"default_hugepagesz=1G hugepagesz=1G hugepages=8", "2 - default"},
		{"default_hugepagesz=1G hugepages=4 hugepagesz=1G hugepages=8", "1 - default"},
		{"hugepages=8 default_hugepagesz=1G", "0 - default"},
		{"hugepages=8 hugepages=9 default_hugepagesz=1G", "0 - default"},
		{"hugepages=8 default_hugepagesz=1G hugepagesz=1G hugepages=4", "0 - default"},
		{"default_hugepagesz=2M default_hugepagesz=1G", "- - default"},
		{"hugepagesz=1G hugepages=8 default_hugepagesz=1G", "1 - default"},
		{"hugepagesz hugepages default_hugepagesz", "- -"}};

	for (size_t i = 0; i < LEN(rows); i++) {
		/* Behind the last one is one that would count. */
		const struct karg behind = {(char[]){"hugepages"}, (char[]){"1"}};
		struct karg k[8];
		const struct karg *at[9];
		struct hugepages h;
		char *words = exact(rows[i].words), *rest = words, found[96], count[24], size[24];
		size_t n = 0;
		check_case("huge pages: %s", rows[i].words);
		for (char *word; (word = strsep(&rest, " "));) {
			CHECK_INT(karg_read(word, &k[n]), 0);
			at[n] = str_equal(word, "quiet") ? NULL : &k[n];
			n++;
		}
		at[n] = &behind;
		hugepages_find(at, n, "1G", &h);
		(void)snprintf(count, sizeof(count), "%zu", h.count);
		(void)snprintf(size, sizeof(size), "%zu", h.size);
		(void)snprintf(found, sizeof(found), "%s %s%s%s%s",
			h.count == SIZE_MAX ? "-" : count, h.size == SIZE_MAX ? "-" : size,
			h.last && h.size != SIZE_MAX ? " last" : "",
			h.has_default ? " default" : "", h.has_others ? " others" : "");
		CHECK_STR(found, rows[i].found);
		while (n > 0)
			karg_done(&k[--n]);
		free(words);
	}
}

/* ---- whose entry it is ------------------------------------------------------------------------
 */

static void test_roots(void)
{
	static const struct {
		const char *name, *ours;
		enum entry_root is;
	} rows[] = {{"UUID=ab", "UUID=AB", ROOT_OURS}, {"UUID=ab", "UUID=ac", ROOT_FOREIGN},
		{"UUID=ab", "/dev/disk/by-uuid/ab", ROOT_OURS},
		{"UUID=ab", "PARTUUID=ab", ROOT_UNKNOWN},
		{"PARTUUID=ab", "/dev/disk/by-partuuid/AB", ROOT_OURS},
		{"LABEL=a", "LABEL=A", ROOT_FOREIGN},
		{"LABEL=a", "/dev/disk/by-label/a", ROOT_OURS},
		{"LABEL=a", "PARTLABEL=a", ROOT_UNKNOWN},
		{"PARTLABEL=a", "/dev/disk/by-partlabel/a", ROOT_OURS},
		{"PARTUUID=ab/PARTNROFF=1", "PARTUUID=ac", ROOT_UNKNOWN},
		{"ZFS=a", "zfs:a", ROOT_OURS}, {"/dev/mapper/a", "/dev/mapper/b", ROOT_FOREIGN},
		{"/dev/sda1", "/dev/mapper/b", ROOT_UNKNOWN},
		{"/dev/mapper/b", "/dev/sda1", ROOT_UNKNOWN}, {"/dev/sda2", "/dev/sda2", ROOT_OURS},
		{"/dev/sda2", "/dev/sda3", ROOT_FOREIGN}, {"/dev/sda2", "/dev/sdb2", ROOT_UNKNOWN},
		{"/dev/sda2", "/dev/sda12", ROOT_FOREIGN}, {"/dev/sda", "/dev/sda2", ROOT_UNKNOWN},
		{"/dev/sda2", "/dev/sda", ROOT_UNKNOWN}, {"/dev/sda", "/dev/sdb", ROOT_UNKNOWN},
		{"/dev/sda2", "/dev/sdaa2", ROOT_UNKNOWN},
		{"/dev/nvme0n1p2", "/dev/nvme0n1p3", ROOT_FOREIGN},
		{"/dev/nvme0n1p2", "/dev/nvme0n2p2", ROOT_UNKNOWN},
		{"/dev/dp1", "/dev/dp2", ROOT_FOREIGN}, {"rootfs", "rootfs", ROOT_UNKNOWN},
		{"/dev/sda1", "rootfs", ROOT_UNKNOWN}, {"rootfs", "/dev/sda1", ROOT_UNKNOWN},
		{"", "", ROOT_UNKNOWN}, {"1", "/dev/sda1", ROOT_UNKNOWN},
		{"p1", "/dev/sda1", ROOT_UNKNOWN}};

	check_case("root= by names of one kind");
	for (size_t i = 0; i < LEN(rows); i++) {
		char *ours = exact(rows[i].ours), *name = exact(rows[i].name);
		enum entry_root is = root_name_compare(name, &(struct strings){.v = &ours, .n = 1});
		(void)check_that(
			is == rows[i].is, __FILE__, __LINE__, "%s, %s: %d", name, ours, is);
		free(ours);
		free(name);
	}

	check_case("root= by any of the names, and the last one of a line, before --");
	char *ours[] = {exact("UUID=a"), exact("UUID=b"), exact("LABEL=c")};
	struct strings all = {.v = ours, .n = 3}, none = {0};
	CHECK_INT(root_name_compare("UUID=b", &all), ROOT_OURS);
	CHECK_INT(root_name_compare("UUID=c", &all), ROOT_FOREIGN);
	CHECK_INT(root_name_compare("PARTUUID=c", &all), ROOT_UNKNOWN);
	CHECK_INT(root_name_compare("UUID=a", &none), ROOT_UNKNOWN);
	char *line[] = {exact("root=UUID=z"), exact("ro-ot=1"), exact("root"), exact("root=UUID=a"),
		exact("--"), exact("root=UUID=z")};
	CHECK_INT(entry_root_compare(&(struct strings){.v = line, .n = 6}, &all), ROOT_OURS);
	CHECK_INT(entry_root_compare(&(struct strings){.v = line, .n = 3}, &all), ROOT_FOREIGN);
	CHECK_INT(entry_root_compare(&(struct strings){.v = line + 1, .n = 2}, &all), ROOT_UNKNOWN);
	for (size_t i = 0; i < LEN(line); i++)
		free(line[i]);
	for (size_t i = 0; i < LEN(ours); i++)
		free(ours[i]);

	check_case("ways back by their names");
	CHECK_STR(entry_way_back("Arch (Safe-Mode)"), "safe mode");
	CHECK_STR(entry_way_back("vmlinuz-0-rescue-0"), "rescue");
	CHECK_STR(entry_way_back("FALLBACK"), "fallback");
	CHECK_STR(entry_way_back("Boot to single - user mode"), "single user");
	CHECK(entry_is_way_back("x__before./vfio"));
	CHECK(!entry_is_way_back("Arch Linux") && !entry_is_way_back("") &&
		!entry_is_way_back("safe"));
}

int main(void)
{
	test_read();
	test_names();
	test_ops();
	test_contradictions();
	test_iommu();
	test_hugepages();
	test_roots();
	return check_done();
}
