/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Menus that people write: each entry as it is read, and what an edit makes of them. */
#include "bootcfg/format/menu.h"

#include "bootcfg/format/file_edit.h"
#include "check.h"

#include <errno.h>

/* ---- reading ----------------------------------------------------------------------------------
 */

static const struct {
	const char *name;
	enum menu_kind kind;
	const char *text;
	/* LINE TITLE | KERNEL | initrds | words; `way back`, `other`, `inherits`. */
	const char *entries;
} readings[] = {
	{"Limine: entries in menus, options in any case, another system", MENU_LIMINE,
		"timeout: 5\n# /No\n/Arch\n//linux\n  PROTOCOL: linux\n  path: boot():/vmlinuz\n"
		"  cmdline: root=UUID=1 rw\n  module_path: boot():/a.img\n  module_path: boot():/b.img\n"
		"//linux (fallback)\nprotocol: linux\nkernel_path: boot():/vmlinuz\ncmdline: root=UUID=1\n"
		"/+Windows\n\tprotocol: efi_chainload\n\tpath: boot():/EFI/w.efi\n/Empty\n",
		"4 Arch/linux|boot():/vmlinuz|boot():/a.img boot():/b.img|root=UUID=1 rw\n"
		"10 Arch/linux (fallback)|boot():/vmlinuz||root=UUID=1|way back\n"
		"14 Windows|boot():/EFI/w.efi|||other\n"},
	{"Limine: an image of the EFI protocol, no protocol, another one", MENU_LIMINE,
		"/a\nprotocol: efi\npath: x.efi\ncmdline: root=1\n/b\npath: y\n/c\nprotocol: linux2\npath: z\n"
		"/d\nprotocol: efi\ncmdline: quiet\n/e\ncmdline: root=2\n",
		"1 a|x.efi||root=1\n5 b|y||\n7 c|z|||other\n10 d|||quiet|other\n13 e|||root=2\n"},
	{"Limine: macros, the last of a name, one that is built in, none", MENU_LIMINE,
		"${A}=one\n${A}=two three\n${BC}=x\n/t\npath: k\ncmdline: a ${A} ${BC} b${NO}c ${ARCH} $A ${\n",
		"4 t|k||a two three x bc ? $A ${\n"},
	{"Limine: what looks like a macro", MENU_LIMINE,
		" ${A}=one\n${}=two\n${B}\n${C}=\n/t\npath: k\ncmdline: a${A}b${C}\n",
		"5 t|k||ab\n"},
	{"Limine: limine.cfg, three deep and back", MENU_LIMINE,
		":A\n::B\n:::C\nPROTOCOL=linux\nKERNEL_PATH=k\nKERNEL_CMDLINE=a\n:D\nPROTOCOL=LINUX\n"
		"KERNEL_PATH=l\nCMDLINE=b",
		"3 A/B/C|k||a\n7 D|l||b\n"},
	{"extlinux: a line for all, an empty one, one of its own", MENU_EXTLINUX,
		"DEFAULT a\nAPPEND root=1 quiet\nLABEL a\n  KERNEL /vmlinuz\n  INITRD /a.img,/b.img,\n"
		"LABEL b\n\tLINUX /vmlinuz\n\tAPPEND -\nlabel c\nMENU LABEL rescue\nlinux /v\nappend root=2\n",
		"3 a|/vmlinuz|/a.img /b.img|root=1 quiet|inherits\n6 b|/vmlinuz||\n"
		"9 c|/v||root=2|way back\n"},
	{"extlinux: what takes no parameters, and text that is shown", MENU_EXTLINUX,
		"label a\nkernel /memdisk\nappend iso\nlabel b\ncom32 x\nappend y\nlabel c\n"
		"text help\nkernel /no\nendtext\nlinux /v\ninitrd /i\nlabel d\nkernel /x.c32\n"
		"label e\nlocalboot 1\nlabel f\nlinux /v\ncom32 x\n",
		"1 a|/memdisk||iso|other\n4 b|||y|other\n7 c|/v|/i|\n13 d|/x.c32|||other\n"
		"17 f|/v|||other\n"},
	{"extlinux: no line for all, and keys that only begin so", MENU_EXTLINUX,
		"label a\nkernelx /no\nkernel /v\nappendix no\nmenu default\nmenu labels rescue\n",
		"1 a|/v||\n"},
	{"refind_linux.conf: the first is the default, whatever its title", MENU_REFIND_LINUX,
		"\"Rescue\" \"root=1 a=\"\"b c\"\"\"\n# \"x\" \"y\"\n\n\"Boot to single-user mode\"  \"root=1 single\"\n"
		"\"of no options\"\n\"last\"\t\"\"\n",
		"1 Rescue|||root=1 a=\"b c\"\n4 Boot to single-user mode|||root=1 single|way back\n"
		"6 last|||\n"},
	{"refind.conf: a stanza, its submenu, one that is disabled", MENU_REFIND_CONF,
		"timeout 5\nmenuentry \"Arch\" {\n\tloader \"/vmlinuz\"\n\tinitrd /a.img\n"
		"\toptions \"root=1 rw\"\n\tsubmenuentry \"more\" {\n\t\tadd_options \"debug\"\n\t}\n"
		"\tsubmenuentry fallback {\n\t\toptions \"root=1\"\n\t\tinitrd /b.img\n\t}\n"
		"\tsubmenuentry gone {\n\t\tdisabled\n\t}\n}\nmenuentry x {\nloader /x\ndisabled\n"
		"submenuentry y {\n}\n}\nmenuentry Windows {\nloader /w.efi\noptions none\n}\n",
		"6 more|/vmlinuz|/a.img|root=1 rw debug|inherits\n"
		"9 fallback|/vmlinuz|/b.img|root=1|way back\n2 Arch|/vmlinuz|/a.img|root=1 rw\n"
		"23 Windows|/w.efi|||other\n"},
	{"refind.conf: add_options of the stanza itself, and no end", MENU_REFIND_CONF,
		"menuentry a {\noptions=\"root=1\"\nadd_options \"b\"\nloader \"\n",
		"1 a|\"||root=1 b\n"},
};

static void entry_print(struct text *t, const struct menu_entry *e)
{
	text_print(t, "%zu %s|%s|", e->line, e->title, e->kernel ? e->kernel : "");
	for (size_t i = 0; i < e->initrds.n; i++)
		text_print(t, "%s%s", i > 0 ? " " : "", e->initrds.v[i]);
	text_print(t, "|");
	for (size_t i = 0; i < e->words.words; i++)
		text_print(t, "%s%s", i > 0 ? " " : "", e->words.word[i].text);
	text_print(t, "%s%s%s\n", e->is_way_back ? "|way back" : "", e->is_linux ? "" : "|other",
		e->inherits ? "|inherits" : "");
}

/* From bytes of just their size, so that the sanitizer sees a read behind them. */
static int read_exact(
	enum menu_kind kind, const char *text, struct menu_entries *ret, struct err *err)
{
	size_t len = strlen(text);
	char *exact = malloc(len);

	if (!exact)
		abort();
	memcpy(exact, text, len); // NOLINT(bugprone-not-null-terminated-result): no text ends there
	int rc = menu_read(kind, "MENU", exact, len, ret, err);
	free(exact);
	return rc;
}

static void test_readings(void)
{
	for (size_t i = 0; i < sizeof(readings) / sizeof(*readings); i++) {
		_cleanup_(menu_entries_done) struct menu_entries o = {0};
		_cleanup_(text_done) struct text all = {0};
		struct err err = {""};
		check_case("read: %s", readings[i].name);
		CHECK_INT(read_exact(readings[i].kind, readings[i].text, &o, &err), 0);
		CHECK_STR(err.text, "");
		for (size_t k = 0; k < o.n; k++)
			entry_print(&all, &o.v[k]);
		CHECK_STR(all.data ? all.data : "", readings[i].entries);
	}
}

static const struct {
	enum menu_kind kind;
	const char *text, *error;
} refusals[] = {
	{MENU_LIMINE, "/a\npath: k\n\ncmdline: x \"y\n", "MENU:4: "},
	{MENU_LIMINE, "/a\npath: k\ncmdline: x \"y\n/b\npath: k\n", "MENU:3: "},
	{MENU_EXTLINUX, "label a\nlinux k\nappend \"x\n", "MENU:3: "},
	{MENU_EXTLINUX, "label a\nlinux k\nappend \"x\nlabel b\nlinux k\n", "MENU:3: "},
	{MENU_REFIND_LINUX, "\"a\" root=1\n", "MENU:1: the options are not in double quotes"},
	{MENU_REFIND_LINUX, "\"a\" \"b\"\na b\n", "MENU:2: the options are not in double quotes"},
	{MENU_REFIND_LINUX, "\"a\" \"b\n", "MENU:1: the options are not in double quotes"},
	{MENU_REFIND_LINUX, "\"a\" \"\"\"\n", "MENU:1: the options are not in double quotes"},
	{MENU_REFIND_CONF, "menuentry a {\noptions root=1\n}\n", "MENU:2: the options are not"},
	{MENU_REFIND_CONF, "menuentry a {\noptions \"root=1\"\nadd_options x\n}\n",
		"MENU:3: the options are not"},
	{MENU_REFIND_CONF, "menuentry a {\noptions \"root=1 \"\"x\"\n}\n", "MENU:2: "},
};

static void test_refusals(void)
{
	check_case("read: what its reader takes otherwise is refused with its line");
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		_cleanup_(menu_entries_done) struct menu_entries o = {0};
		struct err err = {""};
		CHECK_INT(read_exact(refusals[i].kind, refusals[i].text, &o, &err), -EINVAL);
		CHECK_HAS(err.text, refusals[i].error);
	}
	for (enum menu_kind kind = MENU_LIMINE; kind <= MENU_REFIND_CONF; kind++) {
		struct menu_entries o = {0};
		struct err err = {""};
		CHECK_INT(menu_read(kind, "MENU", "a\0b", 3, &o, &err), -EINVAL);
		CHECK_STR(err.text, "MENU: contains a NUL byte");
	}
}

static void test_length(void)
{
	static char text[8192];

	check_case("read: Limine cuts a value at 4095 characters");
	for (unsigned i = 0; i < 2; i++) {
		_cleanup_(menu_entries_done) struct menu_entries o = {0};
		struct err err = {""};
		size_t len = (size_t)snprintf(text, sizeof(text), "/a\npath: k\ncmdline: ");
		memset(text + len, 'x', 4095 + i);
		text[len + 4095 + i] = '\0';
		CHECK_INT(read_exact(MENU_LIMINE, text, &o, &err), i == 0 ? 0 : -EINVAL);
		if (i > 0)
			CHECK_HAS(err.text, "MENU:3: is longer than 4095 characters");
	}
}

/* ---- editing ----------------------------------------------------------------------------------
 */

#define LETTERS_64 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz01"

static const struct {
	const char *name;
	format_edit *edit;
	const char *add, *remove;
	const char *before, *after; /* after NULL: refused */
	const char *note;           /* of the only one, or the error */
} edits[] = {
	{"Limine: every entry of this system, and no other", limine_edit, "iommu=pt", "quiet",
		"/a\npath: k\ncmdline: root=UUID=1 quiet\n/b\npath: k\ncmdline: quiet root=UUID=2\n"
		"/c\npath: k\ncmdline: quiet",
		"/a\npath: k\ncmdline: root=UUID=1 iommu=pt\n/b\npath: k\ncmdline: quiet root=UUID=2\n"
		"/c\npath: k\ncmdline: iommu=pt",
		"/file:4: \"b\": left alone: belongs to another system"},
	{"Limine: a macro that two entries share", limine_edit, "x", "quiet",
		"${M}=root=UUID=1 quiet ro\n/a\npath: k\ncmdline: ${M}\n/b\npath: k\ncmdline: ${M} z\n",
		"${M}=root=UUID=1 ro\n/a\npath: k\ncmdline: ${M} x\n/b\npath: k\ncmdline: ${M} z x\n",
		NULL},
	{"Limine: a macro shared with an entry that is left alone", limine_edit, NULL, "quiet",
		"${M}=quiet ro\n/a\npath: k\ncmdline: ${M}\n/rescue\npath: k\ncmdline: ${M}\n",
		NULL, "line 5: \"rescue\" is left alone and shares its words"},
	{"Limine: a line of another entry that is as long as room for it", limine_edit, "x", NULL,
		"/a\npath: k\ncmdline: a\n/rescue\npath: k\ncmdline: " LETTERS_64 "\n",
		"/a\npath: k\ncmdline: a x\n/rescue\npath: k\ncmdline: " LETTERS_64 "\n",
		"/file:4: \"rescue\": left alone as the way back"},
	{"Limine: no command line to add to", limine_edit, "x", NULL,
		"/b\npath: k\ncmdline: a\n/a\npath: k\n", NULL,
		"line 4: \"a\": has no line of kernel parameters"},
	{"Limine: no command line to remove from", limine_edit, NULL, "x", "/a\npath: k\n",
		"/a\npath: k\n", NULL},
	{"extlinux: an empty command line instead of that of all", extlinux_edit, "x", NULL,
		"append a\nlabel a\nlinux k\nappend -\n", NULL,
		"line 2: \"a\": has no line of kernel parameters"},
	{"Limine: no blank behind the key", limine_edit, "x", NULL, "/a\npath: k\ncmdline:\n",
		"/a\npath: k\ncmdline: x\n", NULL},
	{"Limine: a kernel and no line", limine_edit, "x", NULL, "/rescue\npath: k\ncmdline: a\n",
		NULL,
		"no kernel command line of this system that could be edited; /file:1: \"rescue\""},
	{"extlinux: the way back keeps the line of all", extlinux_edit, "x", NULL,
		"append root=UUID=1 a=\"b c\"\nlabel l\nlinux k\nlabel fallback\nlinux k\nlabel m\nlinux k",
		"append root=UUID=1 a=\"b c\" x\nlabel l\nlinux k\nlabel fallback\n"
		"\tAPPEND root=UUID=1 a=\"b c\"\nlinux k\nlabel m\nlinux k",
		"/file:4: \"fallback\": left alone as the way back"},
	{"extlinux: the last label is the way back, and has no line end", extlinux_edit, "x", NULL,
		"append a\r\nlabel l\r\nlinux k\r\nlabel m\r\nkernel k\r\ninitrd fallback.img\r\n",
		"append a x\r\nlabel l\r\nlinux k\r\nlabel m\r\n\tAPPEND a\r\nkernel k\r\n"
		"initrd fallback.img\r\n",
		"/file:4: \"m\": left alone as the way back"},
	{"refind_linux.conf: quotes are doubled", refind_linux_edit, "d=\"a b\"", "quiet",
		"\"a\" \"root=UUID=1 quiet\"\n\"single user\" \"quiet\"\n",
		"\"a\" \"root=UUID=1 d=\"\"a b\"\"\"\n\"single user\" \"quiet\"\n",
		"/file:2: \"single user\": left alone as the way back"},
	{"refind_linux.conf: a percent sign is rEFInd's own", refind_linux_edit, "a=%b", NULL,
		"\"a\" \"root=UUID=1\"\n", NULL, "a=%b: rEFInd reads a % as its own"},
	{"refind.conf: a submenu entry that is the way back keeps the stanza's line",
		refind_conf_edit, "x", NULL,
		"menuentry a {\n\toptions \"root=UUID=1\"\n\tsubmenuentry fallback {\n\t\tadd_options \"y\"\n"
		"\t}\n\tsubmenuentry b {\n\t}\n}\n",
		"menuentry a {\n\toptions \"root=UUID=1 x\"\n\tsubmenuentry fallback {\n"
		"\t\toptions \"root=UUID=1\"\n\t\tadd_options \"y\"\n\t}\n\tsubmenuentry b {\n\t}\n}\n",
		"/file:3: \"fallback\": left alone as the way back"},
};

static void edit_check(size_t i, const struct format *f, const char *text, const char *after)
{
	_cleanup_(file_edits_done) struct file_edits s = {0};
	_cleanup_(karg_ops_done) struct karg_ops r = {0};
	struct err err = {""};
	size_t len;

	CHECK_INT(file_edits_add(&s, "file", strdup(text), strlen(text)), 0);
	CHECK_INT(edits[i].add ? karg_ops_add(&r, edits[i].add, &err) : 0, 0);
	CHECK_INT(edits[i].remove ? karg_ops_remove(&r, edits[i].remove, &err) : 0, 0);
	CHECK_INT(edits[i].edit(&s, f, &r, &err), after ? 0 : -EINVAL);
	if (!after) {
		CHECK_HAS(err.text, edits[i].note);
		return;
	}
	CHECK_STR(file_edit_text(&s.v[0], &len), after);
	CHECK_INT(file_edits_changed(&s), !str_equal(text, after));
	CHECK_INT(s.notes.n, edits[i].note != NULL);
	if (s.notes.n > 0 && edits[i].note)
		CHECK_HAS(s.notes.v[0], edits[i].note);
	CHECK(!file_edits_changed(&s) || s.after.n > 0);
	CHECK(!file_edits_changed(&s) || s.added.n + s.removed.n > 0);
}

static void test_edits(void)
{
	char *root = (char[]){"UUID=1"};
	const struct format f = {.roots = {.v = &root, .n = 1}};

	for (size_t i = 0; i < sizeof(edits) / sizeof(*edits); i++) {
		check_case("edit: %s", edits[i].name);
		edit_check(i, &f, edits[i].before, edits[i].after);
		if (edits[i].after)
			edit_check(i, &f, edits[i].after, edits[i].after);
	}
}

int main(void)
{
	test_readings();
	test_refusals();
	test_length();
	test_edits();
	return check_done();
}
