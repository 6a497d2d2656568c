# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # for whoever sources this
# A plain Debian on a disk, typed at through its serial terminal. Sourced by the bash scripts beside it, which set
# `logs` first.

here_setup=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
t=$(mktemp -d "${TMPDIR:-/tmp}/setup.XXXXXX")
# shellcheck source=tests/bootcfg/machine.sh
. "$here_setup/../bootcfg/machine.sh"
BOOT_TIMEOUT=${BOOTCFG_BOOT_TIMEOUT:-1500}
logs=$build/$logs
mkdir -p "$logs"
trap 'vm_end_all; rm -rf "$t"' EXIT
rc=0
# A session boots a whole Debian and makes images in it, on an emulated processor, which others may have most of: what hangs
# is silent for so many seconds, and what goes on printing is waited for, up to the second limit.
silence=${SETUP_SILENCE:-1800}
patience=${SETUP_TIMEOUT:-5400}

# result WHAT TROUBLE: "" is none.
result() {
	if [ -z "$2" ]; then
		echo "ok - setup: $1"
	else
		echo "not ok - setup: $1: $2 (see $logs)"
		rc=1
	fi
}

# ---- the disk -------------------------------------------------------------------------------------------------------

# `default_words`: of the kernel, in place of quiet. `esp`: the ESP is mounted. As an installer leaves it, with an image that knows nothing of us; a root shell on the second serial port, for whoever
# types there; then our programs and hooks, as `make install` has them.
# shellcheck disable=SC2317 # disk_make calls it
disk_fill() {
	local tree=$1 version kernel
	read -r _ version kernel < <("$here/kernels" trixie) || return
	rm -f "$tree/boot/initrd.img-$version"
	cp -a "$kernel/lib/modules/$version" "$tree/usr/lib/modules/"
	mkdir -p "$tree/etc/systemd/system/serial-getty@ttyS1.service.d" "$tree/etc/systemd/system/getty.target.wants" \
		"$tree/usr/share/misc"
	cat >"$tree/etc/systemd/system/serial-getty@ttyS1.service.d/root.conf" <<-'END'
		[Service]
		ExecStart=
		ExecStart=-/sbin/agetty --autologin root --keep-baud 115200 ttyS1 dumb
	END
	ln -sf /usr/lib/systemd/system/serial-getty@.service "$tree/etc/systemd/system/getty.target.wants/serial-getty@ttyS1.service"
	# Its own limits are those of a real processor: 90 s for the second serial port, and for every service.
	mkdir -p "$tree/etc/systemd/system.conf.d"
	printf '[Manager]\nDefaultDeviceTimeoutSec=%s\nDefaultTimeoutStartSec=%s\n' "$silence" "$silence" \
		>"$tree/etc/systemd/system.conf.d/slow.conf"
	# Waits that nobody here is interested in.
	ln -sf /dev/null "$tree/etc/systemd/system/systemd-networkd-wait-online.service"
	sed -i "s/^GRUB_TIMEOUT=.*/GRUB_TIMEOUT=0/; s/^GRUB_CMDLINE_LINUX=.*/GRUB_CMDLINE_LINUX=\"console=ttyS0 no_timer_check\"/
		s/^GRUB_CMDLINE_LINUX_DEFAULT=.*/GRUB_CMDLINE_LINUX_DEFAULT=\"${default_words-quiet}\"/" "$tree/etc/default/grub"
	[ -n "${esp-}" ] || sed -i '/vfat/d' "$tree/etc/fstab"
	# Every Debian has the names, by pciutils.
	[ ! -e /usr/share/misc/pci.ids ] || cp /usr/share/misc/pci.ids "$tree/usr/share/misc/"
	# What update-initramfs asks of a kernel's configuration.
	echo CONFIG_RD_ZSTD=y >"$tree/boot/config-$version"
	# The GPU's driver is in the image, which is the harder case.
	echo bochs >>"$tree/etc/initramfs-tools/modules"
	# shellcheck disable=SC2016 # for the inner shell
	unshare -m sh -ec 'mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"; mount --rbind /sys "$1/sys"
		chroot "$1" depmod "$2"; chroot "$1" update-initramfs -c -k "$2"' sh "$tree" "$version" >"$logs/initramfs.log" 2>&1 || return
	make -C "$top" -s install DESTDIR="$tree" >/dev/null
}

# grub_install TARGET...: GRUB goes onto the disk from inside, as an installer does it.
grub_install() {
	direct trixie
	guest install "$t/disk" "grub-install $* && update-grub && echo 'GRUB installed'" \
		"${direct[@]}" | tee "$logs/install.story" | grep -q '^GRUB installed'
}

# ---- a session ------------------------------------------------------------------------------------------------------

# The cards: 00:02.0, the twin of the boot display; 00:04.0 with a sound function; two old cards behind one bridge, and so in
# one IOMMU group.
# shellcheck disable=SC2054 # QEMU's commas
machine=(-accel tcg -machine q35,kernel-irqchip=split -cpu qemu64,vendor=GenuineIntel -smp 2 -m 1024 -nodefaults
	-no-user-config -display none -no-reboot -nic none -device intel-iommu,intremap=on
	-device VGA,addr=1.0 -device VGA,addr=2.0 -device bochs-display,addr=4.0,multifunction=on
	-device ich9-intel-hda,addr=4.1 -device pcie-pci-bridge,id=bridge,addr=5.0
	-device e1000,bus=bridge,addr=1.0 -device piix3-usb-uhci,bus=bridge,addr=2.0)

uefi=()
# session NAME STEP...: boots the disk and types. `cast`: three words for tests/setup/type. `cut`: a regular expression of
# the console at which the power goes, in place of all steps.
session() {
	local name=$1 status=0 qemu
	shift
	timeout $((patience + 100)) qemu-system-x86_64 "${machine[@]}" "${uefi[@]}" \
		-drive "file=$t/disk,format=raw,if=virtio,cache=unsafe" \
		-serial "file:$logs/$name.console" -serial "unix:$t/$name.line,server=on,wait=off" \
		-monitor none </dev/null >&2 2>"$logs/$name.qemu" &
	qemu=$!
	if [ -n "${cut-}" ]; then
		power_cut "$name" "$cut" $qemu
		return
	fi
	"$here_setup/type" ${cast:+--cast "${cast[@]}"} "$t/$name.line" "$logs/$name.typed" "$patience" "$silence" "$@" >&2 2>"$logs/$name.type" ||
		status=$?
	[ $status -eq 0 ] || {
		kill $qemu 2>/dev/null
		cat "$logs/$name.type"
	}
	wait $qemu
}

power_cut() {
	local console=$logs/$1.console heard=$SECONDS size=0 now
	until grep -qE "$2" "$console" 2>/dev/null || [ $SECONDS -ge $((heard + silence)) ] || ! kill -0 "$3" 2>/dev/null; do
		sleep 0.2
		now=$(stat -c %s "$console" 2>/dev/null)
		[ "$now" = "$size" ] || heard=$SECONDS size=$now
	done
	kill "$3"
	wait "$3"
}

# seen SESSION WORD: what the terminal showed between two words of ours.
seen() {
	sed -n "/^$2 begins/,/^$2 ends/p" "$logs/$1.typed" | sed '1d;$d'
}

# screen SESSION COMMAND: what a person saw from typing it to the next prompt.
screen() {
	awk -v line="debian:~# $2" 'shown && /^debian:~# / { exit } $0 == line { shown = 1 } shown' "$logs/$1.typed"
}

# wide FILE...: lines that are wider than the terminal; what others print (update-initramfs) is theirs, and what is typed.
wide() {
	grep -vhE '^(W: |update-initramfs|debian:~# )' "$@" | awk 'length > 80' | head -n 3
}

# ended SESSION WORD STATUS: "echo WORD ended with $?" told that.
ended() {
	grep -q "^$2 ended with $3\$" "$logs/$1.typed" || grep "^$2 ended with" "$logs/$1.typed" || tail -n 5 "$logs/$1.typed"
}

drivers_are() {
	local found
	found=$(seen "$1" drivers | paste -sd ' ')
	[[ $found = "$2"* ]] || echo "they are $found"
}

# dash does not edit lines, so that a terminal without echo shows output and nothing else.
prompt='^debian:~# $'
quiet=('root@[^#]*# ?$=>exec dash' '^# $=>stty -echo cols 80 rows 24; PS1="debian:~# "; echo')
# shellcheck disable=SC2016 # for the guest's shell
look='udevadm settle; echo; echo drivers begins; for a in 00:01.0 00:02.0 00:04.0 00:04.1; do echo $a $(basename "$(readlink /sys/bus/pci/devices/0000:$a/driver)"); done; echo drivers ends'
files='echo; echo files begins; (find /etc -xdev -type f ! -name mtab ! -path "/etc/systemd/*" ! -path "*machine-id*" ; echo /boot/grub/grub.cfg) | sort | xargs sha256sum; echo files ends'
line='echo; echo line begins; cat /proc/cmdline; echo line ends'
# From here on the terminal shows what is typed, as a person sees it; and no more, with the status of the last command.
shown='stty echo; echo'
hidden() {
	# shellcheck disable=SC2016 # for the guest's shell
	echo 's=$?; stty -echo; echo; echo '"$1"' ended with $s'
}

setup_need() {
	[ "$(id -u)" -eq 0 ] || {
		echo 'skip - setup: needs root'
		exit 0
	}
}
