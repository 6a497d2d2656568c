#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What people run in an initramfs where there is no vfio-bind: every VGA card but the boot display, with all functions of
# its slot, is given an override, and modprobe loads the driver. It makes the calls that such scripts make.
for boot_vga in /sys/bus/pci/devices/*/boot_vga; do
	read -r boot <"$boot_vga"
	if [ "$boot" = 0 ]; then
		slot=${boot_vga%.?/boot_vga}
		for override in "$slot".*/driver_override; do
			echo vfio-pci >"$override"
		done
	fi
done
exec /usr/sbin/modprobe vfio-pci
