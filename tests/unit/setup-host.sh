# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # here, work, program
# A machine for the real `setup`, without a guest: in namespaces, with a tree as /sys, and an /etc, /boot, /var and /run of its
# own; Debian's generators are stand-ins that write what theirs write. Sourced by bash scripts; $here, $work and $program are theirs.

# machine [TREE]: as it is before setup.
# shellcheck disable=SC2120 # most want the first tree
machine() {
	local group
	rm -rf "${work:?}"/{etc,boot,var,run,up,wk,over}
	mkdir -p "$work"/{etc/default,boot/grub,var/lib,run,up/vfio-bind,wk,sbin,over}
	[ "$(cat "$work/tree" 2>/dev/null)" = "${1-identical-cards}" ] || {
		rm -rf "${work:?}/sys"
		"$here/tree" "$here/trees/${1-identical-cards}" "$work/sys"
		for group in "$work"/sys/kernel/iommu_groups/*; do
			[ ! -d "$group" ] || echo '0x00000000fee00000 0x00000000feefffff msi' >"$group/reserved_regions"
		done
		echo "${1-identical-cards}" >"$work/tree"
	}
	cp -L /etc/passwd /etc/group "$work/etc/"
	printf 'GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"\nGRUB_CMDLINE_LINUX=""\n' >"$work/etc/default/grub"
	printf 'ID=debian\nVERSION_ID=13\n' >"$work/etc/os-release"
	echo 'root=/dev/sda1 ro quiet' >"$work/over/cmdline"
	printf 'processor\t: 0\nflags\t\t: fpu vmx\n' >"$work/over/cpuinfo"
	printf '            CPU0\n  24:          0  IR-PCI-MSI 0-edge      0000:00:1f.0\n' >"$work/over/interrupts"
	touch "$work/boot/vmlinuz-6.12.1" "$work/boot/initrd.img-6.12.1"
	cat >"$work/sbin/grub-mkconfig" <<-'EOF'
	#!/bin/sh
	echo begun >>/run/generator
	sleep "$(cat /run/seconds)"
	. /etc/default/grub
	[ "$1" != -o ] || exec >"$2"
	printf 'menuentry "Debian" {\n\tlinux /vmlinuz-6.12.1 root=/dev/sda1 ro %s %s\n\tinitrd /initrd.img-6.12.1\n}\n' \
		"$GRUB_CMDLINE_LINUX_DEFAULT" "$GRUB_CMDLINE_LINUX"
	EOF
	printf '#!/bin/sh\nexec grub-mkconfig -o /boot/grub/grub.cfg\n' >"$work/sbin/update-grub"
	cp "$here"/../../setup/* "$work/up/vfio-bind/"
	# An image of what the hook puts into it, for the check that reads it back.
	cat >"$work/sbin/update-initramfs" <<-'EOF'
	#!/usr/bin/env python3
	import os, time
	def entry(name, text):
	    body = text.encode()
	    head = "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x" % (1, 0o100644, 0, 0, 1, 0, len(body), 0, 0, 0, 0, len(name) + 1, 0)
	    return (head + name + "\0").encode() + bytes(-(110 + len(name) + 1) % 4) + body + bytes(-len(body) % 4)
	def digest(data):
	    value = 0xcbf29ce484222325
	    for byte in data:
	        value = (value ^ byte) * 0x100000001b3 % 2**64
	    return value
	print("update-initramfs: Generating /boot/initrd.img-6.12.1", flush=True)
	time.sleep(float(open("/run/image-seconds").read()))
	image = entry("usr/bin/init", "some program")
	if os.path.exists("/etc/vfio-bind.conf"):
	    config = open("/etc/vfio-bind.conf", "rb").read()
	    image += entry("etc/vfio-bind.image", "version 1\nkernel 6.12.1\nprogram 0.3.0\nconfig %016x /etc/vfio-bind.conf\n" % digest(config))
	    os.makedirs("/run/vfio-bind/made", exist_ok=True)
	    open("/run/vfio-bind/made/6.12.1", "w").close()
	open("/boot/initrd.img-6.12.1", "wb").write(image + entry("TRAILER!!!", ""))
	EOF
	printf '#!/bin/sh\n' | tee "$work/sbin/systemctl" >"$work/sbin/mkinitramfs"
	chmod 755 "$work"/sbin/* "$work/up/vfio-bind/setup"
	ln -sf "$program" "$work/sbin/vfio-bind"
	echo 0 >"$work/run/image-seconds"
	echo 0 >"$work/run/seconds"
	inside update-initramfs >/dev/null
	inside update-grub
	rm "$work/run/generator"
	rm -rf "$work/first"
	mkdir "$work/first"
	cp -a "$work/etc" "$work/boot" "$work/first/"
}

# In namespaces: root of nothing but these directories; `mounts` are those that are its own. `inside_words` are the same as the
# beginning of a command.
# shellcheck disable=SC2016 # the inner shell expands it
echo 'work=$1 mounts=$2; shift 2
exec 3>&2 2>/dev/null
mount -t overlay overlay -o "lowerdir=/usr/lib,upperdir=$work/up,workdir=$work/wk" /usr/lib
mount --rbind "$work/sbin" /usr/sbin
for d in $mounts; do mount --rbind "$work/$d" "/$d"; done
for f in "$work"/over/*; do mount --bind "$f" "/proc/${f##*/}"; done
exec 2>&3 3>&-
exec "$@"' >"$work/inside.sh"
inside_words=(unshare -rm sh -e "$work/inside.sh" "$work")
own='etc boot var run sys'
inside() {
	"${inside_words[@]}" "${mounts:-$own}" "$@"
}

# back: each byte below /etc and /boot is what it was before setup.
back() {
	diff -r "$work/first/etc" "$work/etc" 2>&1 | head -n 3
	diff -r "$work/first/boot" "$work/boot" 2>&1 | head -n 3
}
