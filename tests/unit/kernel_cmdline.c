/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/kernel_cmdline.h"

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
	{"rd.rescue", BOOT_OFF, "'rd.rescue'", false},
	{"rd.emergency", BOOT_OFF, "'rd.emergency'", false},
	{"systemd.unit=rescue.target", BOOT_OFF, "rescue", false},
	{"systemd.unit=emergency", BOOT_OFF, "emergency", false},
	{"rd.systemd.unit=emergency.target", BOOT_OFF, "emergency", false},
	{"quiet -- single", BOOT_OFF, "'single'", false},
	{"quiet -- vfio_bind=off", BOOT_OFF, "off", false},

	/* words that are like ours and are none */
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
};

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
	return check_done();
}
