/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/bind_script.h"

#include "base/str.h"
#include "check.h"

#include <stdio.h>
#include <string.h>

/* reads(TEXT, WANT): what it binds, as "ADDRESS… ID… non-boot ?LINE". */
static void reads(const char *text, const char *want)
{
	_cleanup_(text_done) struct text got = {0};
	struct bind_script s;
	char address[PCI_ADDR_MAX], id[PCI_ID_MAX];

	CHECK_INT(bind_script_read(&s, text), 0);
	for (size_t i = 0; i < s.n_addresses; i++)
		text_print(&got, " %s", pci_addr_format(s.addresses[i], address));
	for (size_t i = 0; i < s.n_ids; i++)
		text_print(&got, " %s", pci_id_format(&s.ids[i], id));
	text_print(&got, "%s", s.non_boot ? " non-boot" : "");
	if (s.unclear)
		text_print(&got, " ?%u", s.unclear);
	CHECK_STR(got.data && got.len > 0 ? got.data + 1 : "", want);
	bind_script_done(&s);
}

#define LOOP                                                                                       \
	"for DEV in $DEVS; do\n echo vfio-pci > /sys/bus/pci/devices/$DEV/driver_override\ndone\n"

static void test_lists(void)
{
	check_case("bind_script: a list in one variable, with every kind of quotes");
	reads("DEVS=\"0000:0a:00.0 0000:0a:00.1\"\n" LOOP, "0000:0a:00.0 0000:0a:00.1");
	reads("DEVS='0000:0a:00.0 0000:0a:00.1'\n" LOOP, "0000:0a:00.0 0000:0a:00.1");
	reads("export DEVS=0000:0a:00.0\n" LOOP, "0000:0a:00.0");
	reads("DEVS=\"0000:0a:00.0\n  0000:0a:00.1\"\n" LOOP, "0000:0a:00.0 0000:0a:00.1");
	reads("DEVS=\"0000:0a:00.0 \\\n  0000:0a:00.1\"\n" LOOP, "0000:0a:00.0 0000:0a:00.1");

	check_case("bind_script: arrays, over several lines and added to");
	reads("DEVS=(0000:0a:00.0 \"0000:0a:00.1\")\n" LOOP, "0000:0a:00.0 0000:0a:00.1");
	reads("DEVS=(\n\t0000:0a:00.0\n\t'0000:0a:00.1'\n)\n" LOOP, "0000:0a:00.0 0000:0a:00.1");
	reads("DEVS+=(0000:0a:00.1)\n" LOOP, "0000:0a:00.1");

	check_case("bind_script: the words of a loop");
	reads("for dev in 0000:0a:00.0 0000:0a:00.1\ndo\n echo vfio-pci > $dev/driver_override\n",
		"0000:0a:00.0 0000:0a:00.1");

	check_case("bind_script: single lines of echo, each device once");
	reads("echo vfio-pci > /sys/bus/pci/devices/0000:0a:00.0/driver_override\n"
	      "echo 0000:0a:00.0 > /sys/bus/pci/drivers/vfio-pci/bind\n"
	      "printf '%s' 0000:0a:00.1 > /sys/bus/pci/drivers_probe\n",
		"0000:0a:00.0 0000:0a:00.1");

	check_case("bind_script: a variable for each function, with 0000: in front of it");
	reads("GPU=0a:00.0\nSND=\"0a:00.1\"\necho vfio-pci > /sys/bus/pci/devices/0000:$GPU/driver_override\n",
		"0000:0a:00.0 0000:0a:00.1");
	reads("TIME=0a:00.0\n" LOOP, "?3");

	check_case("bind_script: virsh, and ids for new_id");
	reads("virsh nodedev-detach pci_0000_0a_00_0\n", "0000:0a:00.0");
	reads("echo \"10de 1f02\" > /sys/bus/pci/drivers/vfio-pci/new_id\necho 10de 10f9 >new_id\n",
		"10de:1f02 10de:10f9");

	check_case("bind_script: Unraid's vfio-pci.cfg");
	reads("BIND=0000:0a:00.0|10de:1f02 0000:0a:00.1|10de:10f9\n", "0000:0a:00.0 0000:0a:00.1");
}

static void test_not_taken(void)
{
	check_case("bind_script: comments are none of it");
	reads("# DEVS=\"0000:11:00.3\"\nDEVS=0000:0a:00.0 # was 0000:11:00.4\n" LOOP,
		"0000:0a:00.0");
	reads("X='#'0000:0a:00.0\n", "0000:0a:00.0");

	check_case("bind_script: an address in a condition is not taken, and told");
	reads("DEVS=0000:0a:00.0\nif [ $DEV = 0000:00:02.0 ]; then exit; fi\n" LOOP,
		"0000:0a:00.0 ?2");

	check_case("bind_script: a loop over boot_vga means every display but the boot display");
	reads("for i in /sys/bus/pci/devices/*/boot_vga; do\n echo vfio-pci > $i/driver_override\n",
		"non-boot");

	check_case("bind_script: what can't be told has its line");
	reads("\nfor d in /sys/kernel/iommu_groups/1/devices/*; do\n echo vfio-pci > $d/driver_override\n",
		"?2");
	reads("for d in $X/iommu_group/devices/*; do\n echo vfio-pci > $d/driver_override\n", "?1");
	reads("echo $id > /sys/bus/pci/drivers/vfio-pci/new_id\n", "?1");
	reads("modprobe vfio-pci\n", "?1");
	reads("", "?1");
}

int main(void)
{
	test_lists();
	test_not_taken();
	return check_done();
}
