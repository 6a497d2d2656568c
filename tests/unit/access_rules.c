/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The udev rules for who may open a device (host/access_rules). That udev does what they say,
 * tests/boot/hands shows. */
#include "host/access_rules.h"

#include "check.h"
#include "core/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST                                                                                      \
	"# Made by vfio-bind from F: who may open the devices. Overwritten when that changes.\n"
#define GROUP(address)                                                                                \
	"ACTION!=\"remove\", SUBSYSTEM==\"vfio\", TEST==\"%S/kernel/iommu_groups/%k/devices/" address \
	"\""
#define DEVICE(address) "ACTION!=\"remove\", SUBSYSTEM==\"vfio-dev\", KERNELS==\"" address "\""
#define BOTH(address, what) GROUP(address) what "\n" DEVICE(address) what "\n"

static const struct {
	const char *name, *config, *profile, *rules; /* rules NULL: no file */
} rows[] = {
	{"an owner alone", "[device 01:00.0]\nowner = alice\n", NULL,
		FIRST BOTH("0000:01:00.0", ", OWNER=\"alice\", MODE=\"0600\"")},
	{"a group may write", "[device 01:00.0]\ngroup = kvm\n", NULL,
		FIRST BOTH("0000:01:00.0", ", GROUP=\"kvm\", MODE=\"0660\"")},
	{"a mode wins", "[device 01:00.0]\nowner = 1000\ngroup = kvm\nmode = 640\n", NULL,
		FIRST BOTH("0000:01:00.0", ", OWNER=\"1000\", GROUP=\"kvm\", MODE=\"0640\"")},
	{"two devices, one without",
		"[device 02:00.1]\nmode = 0666\n[device 01:00.0]\nd3cold = no\n", NULL,
		FIRST BOTH("0000:02:00.1", ", MODE=\"0666\"")},
	{"none", "[device 01:00.0]\ndriver = none\n", NULL, NULL},
	{"a config in error", "[device 01:00.0]\nowner = alice\nmode = x\n", NULL, NULL},
	{"a profile key by key, once a device",
		"[device 01:00.0]\nowner = alice\nmode = 0600\n[profile vm]\n"
		"[profile vm device 01:00.0]\nowner = bob\n",
		"vm", FIRST BOTH("0000:01:00.0", ", OWNER=\"bob\", MODE=\"0600\"")},
	{"another profile's",
		"[device 01:00.0]\nowner = alice\n[profile vm]\n[profile vm device 01:00.0]\nowner = bob\n",
		NULL, FIRST BOTH("0000:01:00.0", ", OWNER=\"alice\", MODE=\"0600\"")},
};

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		_cleanup_(config_done) struct config c;
		_cleanup_(text_done) struct text text = {0};

		check_case("%s", rows[i].name);
		int r = config_parse(&c, "F", rows[i].config, strlen(rows[i].config));
		CHECK(r == 0 || r == -EINVAL);
		if (rows[i].profile)
			CHECK_INT(profile_choose(&c, rows[i].profile), 0);
		if (CHECK_INT(access_rules_format(&text, &c), rows[i].rules != NULL) &&
			rows[i].rules)
			CHECK_STR(text.data, rows[i].rules);
	}
	return check_done();
}
