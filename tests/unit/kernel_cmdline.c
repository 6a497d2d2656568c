/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/boot_switch.h"

#include "check.h"

#include <stdlib.h>

#define X10 "xxxxxxxxxx"
#define X300                                                                                       \
	X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10    \
		X10 X10 X10 X10 X10 X10 X10 X10

static const struct {
	const char *line;
	enum boot_mode mode;
	const char *reason; /* a part of it */
	bool debug;
} rows[] = {
	{"", BOOT_BIND, "", false},
	{"\n", BOOT_BIND, "", false},
	{"BOOT_IMAGE=/vmlinuz root=UUID=1-2 ro quiet splash\n", BOOT_BIND, "", false},

	/* our words, alone and among others, '-' and '_' as one, quoted as the kernel reads quotes
	 */
	{"vfio_bind=off", BOOT_OFF, "'vfio_bind=off'", false},
	{"quiet vfio_bind=off\n", BOOT_OFF, "'vfio_bind=off'", false},
	{"\tvfio_bind=off\tquiet", BOOT_OFF, "'vfio_bind=off'", false},
	{"vfio-bind=off", BOOT_OFF, "'vfio-bind=off'", false},
	{"\"vfio_bind=off\"", BOOT_OFF, "off", false},
	{"vfio_bind=\"off\"", BOOT_OFF, "off", false},
	{"dyndbg=\"file a +p\" vfio_bind=off", BOOT_OFF, "off", false},
	{"vfio_bind=dry-run", BOOT_DRY_RUN, "'vfio_bind=dry-run'", false},
	{"vfio_bind=on", BOOT_BIND, "", false},
	{"vfio_bind.debug", BOOT_BIND, "", true},
	{"vfio-bind.debug=1 vfio_bind=off", BOOT_OFF, "off", true},

	/* said twice: the more careful word, in either order */
	{"vfio_bind=dry-run vfio_bind=off", BOOT_OFF, "off", false},
	{"vfio_bind=off vfio_bind=dry-run", BOOT_OFF, "off", false},
	{"vfio_bind=off vfio_bind=on", BOOT_OFF, "off", false},
	{"vfio_bind=on vfio_bind=off", BOOT_OFF, "off", false},
	{"vfio_bind=dry-run single", BOOT_OFF, "'single'", false},

	/* a value that nobody knows is off: who types it stands before a black screen */
	{"vfio_bind", BOOT_OFF, "(taken as off)", false},
	{"vfio_bind=", BOOT_OFF, "(taken as off)", false},
	{"vfio_bind=Off", BOOT_OFF, "(taken as off)", false},
	{"vfio_bind=0", BOOT_OFF, "(taken as off)", false},
	{"vfio_bind=off,debug", BOOT_OFF, "(taken as off)", false},
	{"vfio_bind=dryrun", BOOT_OFF, "(taken as off)", false},
	{"vfio_bind=" X300, BOOT_OFF, "(taken as off)", false},

	/* rescue, in init's words and systemd's; also behind "--", where init's words stand */
	{"single", BOOT_OFF, "'single'", false},
	{"s", BOOT_OFF, "'s'", false},
	{"S", BOOT_OFF, "'S'", false},
	{"1", BOOT_OFF, "'1'", false},
	{"rescue", BOOT_OFF, "'rescue'", false},
	{"emergency", BOOT_OFF, "'emergency'", false},
	{"-b", BOOT_OFF, "'-b'", false},
	{"-s", BOOT_OFF, "'-s'", false},
	{"rd.rescue", BOOT_OFF, "'rd.rescue'", false},
	{"rd.emergency", BOOT_OFF, "'rd.emergency'", false},
	{"systemd.unit=rescue.target", BOOT_OFF, "rescue", false},
	{"systemd.unit=emergency", BOOT_OFF, "emergency", false},
	{"rd.systemd.unit=emergency.target", BOOT_OFF, "emergency", false},
	{"quiet -- single", BOOT_OFF, "'single'", false},
	{"quiet -- vfio_bind=off", BOOT_OFF, "off", false},

	/* Ubuntu's entry "recovery mode" */
	{"BOOT_IMAGE=/vmlinuz ro recovery nomodeset dis_ucode_ldr", BOOT_OFF, "'recovery'", false},

	/* a shell instead of init, by the last part of its path */
	{"init=/bin/sh", BOOT_OFF, "'init=/bin/sh'", false},
	{"rw init=/bin/bash", BOOT_OFF, "'init=/bin/bash'", false},
	{"rdinit=/bin/sh", BOOT_OFF, "'rdinit=/bin/sh'", false},
	{"init=sh", BOOT_OFF, "sh", false},
	{"\"init=/bin/ba\"sh", BOOT_OFF, "bash", false},
	{"init=/bin/ash", BOOT_OFF, "ash", false},
	{"init=/usr/bin/rbash", BOOT_OFF, "rbash", false},
	{"init=/bin/dash", BOOT_OFF, "dash", false},
	{"init=/usr/bin/zsh", BOOT_OFF, "zsh", false},
	{"init=/bin/ksh93", BOOT_OFF, "ksh93", false},
	{"init=/bin/mksh", BOOT_OFF, "mksh", false},
	{"init=/bin/csh", BOOT_OFF, "csh", false},
	{"init=/bin/tcsh", BOOT_OFF, "tcsh", false},
	{"init=/usr/bin/fish", BOOT_OFF, "fish", false},
	{"init=/bin/busybox sh", BOOT_OFF, "busybox", false},
	{"init=/bin/busybox.static", BOOT_OFF, "busybox", false},
	{"init=/bin/bash-static", BOOT_OFF, "bash-static", false},
	{"init=/bin/toybox", BOOT_OFF, "toybox", false},
	{"init=/sbin/sulogin", BOOT_OFF, "sulogin", false},
	{"init=/bin/sh init=/sbin/init", BOOT_OFF, "/bin/sh", false},
	{"init=/nix/" X300 "/bin/sh", BOOT_OFF, "'init=/nix/xxx", false},
	{"init=/nix/" X300 "/init", BOOT_BIND, "", false},
	{"init=/nix/store/bash/" X300 X300 "/init", BOOT_BIND, "", false},
	{"init=/nix/store/0c8sk7-nixos-system-host-24.05/init", BOOT_BIND, "", false},
	{"init=/sbin/init init=/usr/lib/systemd/systemd", BOOT_BIND, "", false},
	{"init= init init=/ init=/bin/ rdinit", BOOT_BIND, "", false},
	{"init=/bin/shell init=/bin/bashful init=/sh/init init=/bin/-sh", BOOT_BIND, "", false},
	{"init=/bin/bashbashbashbashbash init=/bin/shhhhhhhhhhhhhhh", BOOT_BIND, "", false},
	{"xinit=/bin/sh init.x=/bin/sh", BOOT_BIND, "", false},

	/* a shell before root is mounted: dracut, initramfs-tools and mkinitcpio, systemd */
	{"rd.break", BOOT_OFF, "'rd.break'", false},
	{"rd.break=pre-mount", BOOT_OFF, "'rd.break=pre-mount'", false},
	{"rdbreak", BOOT_OFF, "'rdbreak'", false},
	{"break", BOOT_OFF, "'break'", false},
	{"break=", BOOT_OFF, "'break='", false},
	{"break=premount", BOOT_OFF, "'break=premount'", false},
	{"systemd.break=pre-basic", BOOT_OFF, "'systemd.break=pre-basic'", false},
	{"rd.systemd.break", BOOT_OFF, "'rd.systemd.break'", false},

	/* a crash kernel */
	{"root=/dev/sda1 elfcorehdr=0x7b000000", BOOT_OFF, "'elfcorehdr=0x7b000000'", false},

	/* words that are like ours and are none */
	{"recovery=1 recover recoverytool x=recovery", BOOT_BIND, "", false},
	{"breakpoint rd.breaks rd_break rd.brea xbreak=1 note=\"a break=b\"", BOOT_BIND, "", false},
	{"elfcorehdrs=1 crashkernel=256M", BOOT_BIND, "", false},
	{"my_vfio_bind=off", BOOT_BIND, "", false},
	{"vfio_bindx=off", BOOT_BIND, "", false},
	{"vfio_bind.off", BOOT_BIND, "", false},
	{"vfio_bind.debugger", BOOT_BIND, "", false},
	{"x=vfio_bind=off", BOOT_BIND, "", false},
	{"dyndbg=\"vfio_bind=off +p\"", BOOT_BIND, "", false},
	{"note=\"boot single vfio_bind=off\"", BOOT_BIND, "", false},
	{"singles rescue1 emergency=1 11 -s1 1s", BOOT_BIND, "", false},
	{"systemd.unit=rescue.target.x systemd.unit=graphical.target", BOOT_BIND, "", false},
	{"root=single init=/bin/single", BOOT_BIND, "", false},
	{"\"quiet vfio_bind=off", BOOT_BIND, "", false}, /* a quote that does not end */
	{X300 "vfio_bind=off", BOOT_BIND, "", false},
	{"systemd.unit=" X300 X300, BOOT_BIND, "", false},
	{"quiet \v" X300 "\fsingle", BOOT_OFF, "'single'", false},
};

static void check_long_word(void)
{
	static char line[KCMDLINE_MAX], word[KCMDLINE_WORD_MAX];
	const char *at = line;

	check_case("whether a line has a word: the whole of it, behind any blank");
	CHECK(kcmdline_has("a=1 b\tc\n", "b"));
	CHECK(kcmdline_has("a=1 b\tc\n", "c"));
	CHECK(kcmdline_has("a=\"x y\" b", "a=\"x y\""));
	CHECK(!kcmdline_has("a=1 bc", "b"));
	CHECK(!kcmdline_has("a=\"x y\" b", "y\""));
	CHECK(!kcmdline_has(" \t\n", ""));
	CHECK(!kcmdline_has("", "a"));

	check_case("a word as long as the kernel's buffer is whole");
	memset(line, 'x', 4096);
	memcpy(line, "a=\"b c\" ids=", sizeof("a=\"b c\" ids=") - 1);
	CHECK(kcmdline_word_next(&at, word));
	CHECK_STR(word, "a=b c");
	CHECK(kcmdline_word_next(&at, word));
	CHECK_INT(strlen(word), 4096 - strlen("a=\"b c\" "));
	CHECK(kcmdline_word_is(word, "ids"));
	CHECK(!kcmdline_word_next(&at, word));
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *line = strdup(rows[i].line); /* of just its size, for the sanitizer */

		if (!line)
			abort();
		int shown = (int)strcspn(rows[i].line, "\n");
		check_case("'%.*s'", shown < 60 ? shown : 60, rows[i].line);
		struct boot_switch b = boot_switch_parse(line);
		CHECK_INT(b.mode, rows[i].mode);
		CHECK_HAS(b.reason, rows[i].reason);
		CHECK_INT(b.reason[0] != '\0', b.mode != BOOT_BIND);
		CHECK_INT(b.debug, rows[i].debug);
		free(line);
	}
	check_long_word();
	return check_done();
}
