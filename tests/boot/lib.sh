# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What every test that boots a machine needs: kernels, images, machines, and the verdict told from
# inside. Sourced by bash scripts. Everything written stands below $build/boot; nothing else of the
# machine is touched.
#
# Needs (Debian names): qemu-system-x86, busybox-static, kmod, cpio, xz-utils, zstd, binutils, jq, apt,
# debian-archive-keyring.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
build=${BUILD:-$top/build}
# The machine that boots: amd64, or arm64 by `foreign`.
arch=${BOOT_ARCH:-amd64}
case $arch in
amd64) qemu=qemu-system-x86_64 objcopy=objcopy work=$build/boot ;;
arm64) qemu=qemu-system-aarch64 objcopy=aarch64-linux-gnu-objcopy work=$build/boot-arm64 ;;
*) echo "BOOT_ARCH=$arch: amd64 or arm64" >&2 && exit 2 ;;
esac
ovmf=/usr/share/OVMF
PATH=$PATH:/usr/sbin:/sbin

# The files of an image, as those of a system: nobody but root may write them.
umask 022

# record_nothing FILE: the record of an image whose host needs no PCI function: root is in memory, and the default route
# goes over no PCI function. Without a record NICs are bound by address alone.
record_nothing()
{
	[ -e "$1" ] || printf '%s\n' 'version 1' 'keep route-elsewhere the default route goes over a NIC that is on no PCI function' \
		'keep end' >"$1"
}

# Seconds after which QEMU is killed; the guest's own watchdog is sooner and says so in the verdict.
BOOT_TIMEOUT=${BOOT_TIMEOUT:-150}

say()
{
	printf '%s\n' "$*" >&2
}

die()
{
	say "$(basename "$0"): $*"
	exit 2
}

# packages_missing < TOOL PACKAGE...: the packages of those that are not here, on stdout, one to a line.
packages_missing()
{
	local tool package
	while read -r tool package; do
		command -v "$tool" >/dev/null || echo "$package"
	done
}

# tools_missing: the Debian packages to install, on stdout, one to a line; nothing when all is
# there.
tools_missing()
{
	case $arch in
	amd64) echo qemu-system-x86_64 qemu-system-x86 ;;
	arm64) printf '%s\n' 'qemu-system-aarch64 qemu-system-arm' 'aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu' \
		'aarch64-linux-gnu-objcopy binutils-aarch64-linux-gnu' ;;
	esac | packages_missing
	packages_missing <<-END
		modprobe kmod
		cpio cpio
		xz xz-utils
		zstd zstd
		objcopy binutils
		jq jq
		apt-get apt
		dpkg-deb dpkg
	END
	[ "$arch" != amd64 ] || busybox_static >/dev/null || echo busybox-static
}

tools_need()
{
	local missing
	missing=$(tools_missing | tr '\n' ' ')
	[ -z "$missing" ] || die "tools are missing here; install: $missing"
}

# busybox_static: path of a busybox that needs no libraries.
busybox_static()
{
	local path
	path=$(command -v busybox) && ! ldd "$path" >/dev/null 2>&1 && echo "$path"
}

# ---- images: a row of cpio archives, which the kernel unpacks one over the other -----------------

# The modules a distribution's image would hold for the machine below, what vfio-bind loads and the host's drivers; names
# a kernel hasn't got are left out.
vfio_modules='vfio vfio-pci vfio_iommu_type1 vfio_virqfd iommufd i6300esb'
host_modules='bochs snd-hda-intel snd-hda-codec-generic e1000e nvme ahci efivarfs'

# image_pack DIRECTORY FILE: the directory as a cpio archive, the same bytes for the same contents.
image_pack()
{
	(cd "$1" && find . -mindepth 1 -print0 | LC_ALL=C sort -z |
		cpio --quiet -0 -o -H newc -R 0:0 --reproducible) >"$2.new" && mv "$2.new" "$2"
}

# image_put ROOT FILE...: host programs with the libraries they are linked to.
image_put()
{
	local root=$1 file lib
	shift
	for file; do
		install -D "$file" "$root/$file"
		# ldd's lines: "name => path (address)" and "path (address)"; vdso has no path.
		for lib in $(ldd "$file" 2>/dev/null | grep -o '/[^ ]*'); do
			install -D "$lib" "$root/$lib"
		done
	done
}

# image_file ROOT FILE PATH: a program at this path, with its libraries, as a layer of a base where everything is below /usr.
image_file()
{
	local lib
	install -D "$2" "$1/$3"
	for lib in $(ldd "$2" 2>/dev/null | grep -o '/[^ ]*'); do
		install -D "$lib" "$1/usr/${lib#/usr}"
	done
	# As in the base: a directory of that name in a layer would take the place of the link.
	for lib in lib lib64; do
		[ -e "$1/$lib" ] || [ ! -e "$1/usr/$lib" ] || ln -s "usr/$lib" "$1/$lib"
	done
}

# image_program ROOT FILE: vfio-bind as on a host, with its libraries and, where it has one beside it, the program of images.
image_program()
{
	image_file "$1" "$2" usr/bin/vfio-bind
	[ ! -x "${2%/*}/vfio-bind-boot" ] || install -D "${2%/*}/vfio-bind-boot" "$1/usr/lib/vfio-bind/vfio-bind-boot"
}

# modules_convert DIRECTORY FORM: every module below it as .ko, .ko.xz or .ko.zst, whatever it was.
# The kernel's own decoder takes only CRC32 or no check from xz, and 1 MiB of window (kernel:
# Documentation/staging/xz.rst).
modules_convert()
{
	local file
	find "$1" -name '*.ko.xz' -exec xz -d {} +
	find "$1" -name '*.ko.zst' -exec zstd -q -d --rm {} +
	case $2 in
	ko) ;;
	ko.xz) find "$1" -name '*.ko' -exec xz --check=crc32 --lzma2=dict=1MiB {} + ;;
	ko.zst) find "$1" -name '*.ko' -exec zstd -q --rm {} + ;;
	*) die "no such form of modules: $2" ;;
	esac
}

# modules_of DIRECTORY VERSION NAME...: the files of modules, with those they depend on.
modules_of()
{
	local dir=$1 version=$2 name
	shift 2
	for name; do
		modprobe -d "$dir" -S "$version" --show-depends "$name" 2>/dev/null
	done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u
}

# modules_ease DIRECTORY FILE...: all modules below it but those of these names without what takes an emulated processor
# half of their loading: compression, signature, types for BPF, and names that nothing refers to.
modules_ease()
{
	local dir=$1 file
	shift
	find "$dir" -name '*.ko*' | while read -r file; do
		case " ${*##*/} " in *" ${file##*/} "*) continue ;; esac
		case $file in
		*.xz) xz -d "$file" ;;
		*.zst) zstd -q -d --rm "$file" ;;
		esac
		file=${file%.xz}
		"$objcopy" --strip-unneeded --remove-section=.BTF "${file%.zst}"
	done
}

# client_build: the client of VFIO that every image holds, on stdout its path.
client_build()
{
	local client=$build/guest/vfio-client
	if [ "$arch" != amd64 ]; then
		client=$build/$arch/guest/vfio-client
		[ "$client" -nt "$here/vfio-client.c" ] || "$here/foreign" --make "$arch" -s "$client" >&2 && echo "$client"
		return
	fi
	[ "$client" -nt "$here/vfio-client.c" ] || make -s -C "$top" BUILD="$build" "$client" >&2 && echo "$client"
}

# image_tools ROOT: busybox and kmod, of the machine that boots.
image_tools()
{
	local root=$1 foreign file
	if [ "$arch" = amd64 ]; then
		install "$(busybox_static)" "$root/usr/bin/busybox"
		image_put "$root" "$(readlink -f "$(command -v modprobe)")"
		ln -sf "$(readlink -f "$(command -v modprobe)")" "$root/usr/bin/modprobe"
		return
	fi
	foreign=$("$here/foreign" "$arch") || return
	install "$foreign/bin/busybox" "$foreign/bin/kmod" "$root/usr/bin"
	ln -s kmod "$root/usr/bin/modprobe"
	for file in ld-linux-aarch64 libc libkmod liblzma libzstd libcrypto; do
		find "$foreign/lib" "$foreign/usr/lib" -name "$file.so.*"
	done | while read -r file; do
		install -D "$file" "$root/usr/lib/${file#"$foreign"*lib/}"
	done
}

# image_base SUITE FORM [WITHOUT...]: a base image with the kernel's modules, on stdout its path.
# FORM says how the modules are: signed, as the distribution ships them; shipped, those that vfio-bind loads as it ships
# them, and the host's drivers, of which nothing is asked but that they are there, quick to load; ko, ko.xz or ko.zst, all
# so. WITHOUT names modules to leave out; image_more, where it is set, more of them. Made once, whoever comes first.
image_base()
{
	mkdir -p "$work/images"
	(
		flock 9
		image_base_make "$@"
	) 9>"$work/images/lock"
}

image_base_make()
{
	local suite=$1 form=$2 version dir root name file out client keep
	shift 2
	client=$(client_build) || die 'no VFIO client'
	read -r _ version dir < <("$here/kernels" "$suite") || return
	out=$work/images/$(IFS=-; echo "$version-$form${image_more:+-with-${image_more// /-}}${*:+-without-$*}").cpio
	echo "$out"
	if [ "$out" -nt "$dir" ] && [ "$out" -nt "$here/init" ] && [ "$out" -nt "$here/lib.sh" ] &&
		[ "$out" -nt "$client" ]; then
		return
	fi
	root=$(mktemp -d "$work/images/root.XXXXXX")
	mkdir -p "$root/usr/bin" "$root/usr/lib" "$root/usr/lib64" "$root/etc/modprobe.d"
	ln -s usr/bin "$root/bin"
	ln -s usr/bin "$root/sbin"
	ln -s bin "$root/usr/sbin"
	ln -s usr/lib "$root/lib"
	ln -s usr/lib64 "$root/lib64"
	image_tools "$root" || return
	install "$here/init" "$root/init"
	install "$client" "$root/usr/bin/vfio-client"
	# shellcheck disable=SC2086 # names
	modules_of "$dir" "$version" $vfio_modules $host_modules ${image_more-} | while read -r file; do
		name=$(basename "$file")
		case " $* " in *" ${name%%.*} "*) continue ;; esac
		install -m 644 -D "$file" "$root/usr/${file#"$dir"/}"
	done
	cp "$dir/lib/modules/$version/"modules.{order,builtin*} "$root/usr/lib/modules/$version/"
	case $form in
	signed) ;;
	shipped)
		# shellcheck disable=SC2086
		mapfile -t keep < <(modules_of "$dir" "$version" $vfio_modules)
		modules_ease "$root/usr/lib/modules" "${keep[@]}"
		;;
	*) modules_convert "$root/usr/lib/modules" "$form" ;;
	esac
	depmod -b "$root" "$version"
	image_pack "$root" "$out" || die "$out could not be made"
	rm -rf "$root"
}

# ---- machines -----------------------------------------------------------------------------------

# Every machine is a q35 with an emulated IOMMU. What is in the one called q35, and what a Debian
# kernel puts on it when nobody says otherwise:
#
#   00:01.0  VGA, the firmware's boot display     1234:1111  class 0300  bochs-drm
#   00:02.0  VGA, the second, identical card      1234:1111  class 0300  bochs-drm
#   00:03.0  secondary-vga, the same ids again    1234:1111  class 0380  bochs-drm
#   00:04.0  bochs-display                        1234:1111  class 0380  bochs-drm
#   00:04.1  HDA audio of another vendor          8086:293e  class 0403  snd_hda_intel
#   00:04.2  a function of the card's own vendor  1234:11e8  class 00ff  (none)
#   00:05.0  root port, 01:00.0 behind it         8086:10d3  class 0200  e1000e
#   00:06.0  root port, 02:00.0 behind it         8086:10d3  class 0200  e1000e, another serial number
#   00:1f.*  what every q35 has: ISA bridge, AHCI (ahci), SMBus
#
# uefi_args: QEMU's arguments for a machine with OVMF, whose variables are forgotten when it is off.
uefi_args()
{
	local suffix
	for suffix in _4M ''; do
		[ -e "$ovmf/OVMF_CODE$suffix.fd" ] || continue
		printf '%s\n' -drive "if=pflash,format=raw,readonly=on,file=$ovmf/OVMF_CODE$suffix.fd" \
			-drive "if=pflash,format=raw,snapshot=on,file=$ovmf/OVMF_VARS$suffix.fd"
		return
	done
	die "$ovmf has no OVMF_CODE.fd: install ovmf"
}

# machine_args MACHINE: QEMU's arguments for it, a word to a line.
#   no-iommu: q35 without its IOMMU; one-display: a VGA and a NIC; demo: what `demo` shows;
#   bare: nothing but an IOMMU;
#   inserted: a VGA and the two NICs of q35, and one more card in a slot before theirs, so that they
#   are 02:00.0 and 03:00.0;
#   nvme: a VGA and two NVMe drives behind 00:05.0 and 00:06.0 that share every id (1b36:0010) and
#   can have virtual functions; sound: q35 with a codec on its HDA controller;
#   lit-0380, lit-0380-of-two, lit-0300: two displays and UEFI, whose framebuffer is on the first of them
#     (OVMF gives each a GOP; the kernel's stub takes the first, drivers/firmware/efi/libstub/gop.c):
#     01:00.0 class 0380 beside 00:03.0 class 0300 | 00:02.0 and 00:03.0, both 0380 | 00:02.0 class 0300
#     beside 00:03.0 class 0380. 01:00.0 and not 00:02.0: the kernel probes it behind 00:03.0; the other
#     way round two of bochs crash Linux 6.1 (sysfb_disable unregisters what the first probe has freed);
#   unlit: two displays of class 0380 and a BIOS that drives neither, so that no witness names one.
#   virt, virt-no-smmu: arm64's, with an SMMUv3 or without; a VGA at 00:04.0, a display of class 0380 and a
#     controller for sound in one slot (00:02.*), which share a group, one more with the second serial port (00:03.*), whose
#     driver is built in, and a NIC behind a root port (01:00.0).
machine_args()
{
	case $1 in
	virt*)
		local smmu=,iommu=smmuv3
		[ "$1" = virt ] || smmu=
		printf '%s\n' -nodefaults -no-user-config -display none -no-reboot -nic none -accel tcg \
			-machine "virt,gic-version=3$smmu" -cpu cortex-a57 -smp 1 -m "${VM_MEMORY:-512}" \
			-device pcie-root-port,id=port1,addr=1.0,chassis=1 -device e1000e,bus=port1 \
			-device bochs-display,addr=2.0,multifunction=on -device ich9-intel-hda,addr=2.1 \
			-device ich9-intel-hda,addr=3.0,multifunction=on -device VGA,addr=4.0
		return
		;;
	esac
	# What QEMU wants of a drive with one virtual function (hw/nvme/ctrl.c, nvme_check_constraints).
	local virtual=sriov_max_vfs=1,sriov_vq_flexible=2,sriov_vi_flexible=1,max_ioqpairs=4,msix_qsize=5
	# TCG everywhere: the same on every machine, and an emulated IOMMU is all that is asked of
	# it. kernel-irqchip=split is what interrupt remapping wants (QEMU: hw/i386/intel_iommu.c).
	printf '%s\n' -nodefaults -no-user-config -display none -no-reboot -nic none -accel tcg \
		-machine q35,kernel-irqchip=split -cpu qemu64 -smp 1 -m "${VM_MEMORY:-512}"
	case $1 in
	q35 | one-display | demo | bare | inserted | nvme | sound | lit-0380 | lit-0380-of-two | lit-0300 | unlit)
		printf '%s\n' -device intel-iommu,intremap=on
		;;
	no-iommu) ;;
	*) die "no such machine: $1" ;;
	esac
	case $1 in
	lit-*) uefi_args || return ;;
	esac
	case $1 in
	lit-0380) printf '%s\n' -device pcie-root-port,id=port1,addr=2.0,chassis=1 -device bochs-display,bus=port1 \
		-device VGA,addr=3.0 ;;
	lit-0380-of-two | unlit) printf '%s\n' -device bochs-display,addr=2.0 -device bochs-display,addr=3.0 ;;
	lit-0300) printf '%s\n' -device VGA,addr=2.0 -device bochs-display,addr=3.0 ;;
	esac
	case $1 in
	lit-* | unlit) return ;;
	esac
	[ "$1" = bare ] || printf '%s\n' -device VGA,addr=1.0 -device pcie-root-port,id=port1,addr=5.0,chassis=1
	case $1 in
	q35 | no-iommu | sound) printf '%s\n' -device VGA,addr=2.0 -device secondary-vga,addr=3.0 \
		-device edu,addr=4.2 -device pcie-root-port,id=port2,addr=6.0,chassis=2 \
		-device e1000e,bus=port2,mac=52:54:00:00:00:02 ;;
	demo) printf '%s\n' -device VGA,addr=2.0 ;;
	inserted) printf '%s\n' -device pcie-root-port,id=port0,addr=4.0,chassis=3 -device e1000,bus=port0 \
		-device pcie-root-port,id=port2,addr=6.0,chassis=2 -device e1000e,bus=port2,mac=52:54:00:00:00:02 ;;
	nvme) printf '%s\n' -device pcie-root-port,id=port2,addr=6.0,chassis=2 \
		-device nvme-subsys,id=one -device nvme,bus=port1,serial=1,subsys=one,"$virtual" \
		-device nvme-subsys,id=two -device nvme,bus=port2,serial=2,subsys=two,"$virtual" ;;
	esac
	case $1 in
	q35 | no-iommu | demo | sound) printf '%s\n' -device bochs-display,addr=4.0,multifunction=on \
		-device ich9-intel-hda,addr=4.1,id=hda ;;
	esac
	[ "$1" != sound ] || printf '%s\n' -audiodev none,id=silence -device hda-output,bus=hda.0,audiodev=silence
	case $1 in
	bare | nvme) ;;
	*) printf '%s\n' -device e1000e,bus=port1,mac=52:54:00:00:00:01 ;;
	esac
}

# drive_args NAME FILE: QEMU's arguments for a drive whose changes are forgotten, a word to a line.
drive_args()
{
	printf '%s\n' -drive "file=$2,if=none,id=$1,format=raw,snapshot=on"
}

# vm_start NAME MACHINE [QEMU ARGUMENT...]: starts a machine and returns when it is off.
# $work/NAME.console has the first serial port (the console), $work/NAME.verdict the second (what
# the guest tells). 0: it powered itself off or rebooted; that says nothing of the verdict.
vm_start()
{
	local name=$1 machine=$2 status=0 args tell=(-serial "file:$work/$1.verdict")
	shift 2
	# This machine has one serial port of its own, so the other is a function of PCI.
	[ "$arch" = amd64 ] ||
		tell=(-chardev "file,id=tell,path=$work/$name.verdict" -device 'pci-serial,chardev=tell,addr=3.1')
	mkdir -p "$work"
	: >"$work/$name.console"
	: >"$work/$name.verdict"
	mapfile -t args < <(machine_args "$machine")
	# Whoever ends this script ends the machine: a shell does not hand a signal on to what it
	# waits for.
	(
		trap 'kill "$!"' TERM INT
		timeout "$BOOT_TIMEOUT" "$qemu" "${args[@]}" \
			-serial "file:$work/$name.console" "${tell[@]}" \
			"$@" 2>"$work/$name.qemu" &
		wait "$!"
	) || status=$?
	case $status in
	0) rm -f "$work/$name.qemu" ;;
	124) say "$name: still running after $BOOT_TIMEOUT s, ended" ;;
	*) say "$name: QEMU failed ($status): $(head -n 1 "$work/$name.qemu")" ;;
	esac
	return "$status"
}

# vm_background COMMAND...: runs it (vm_boot, or a function that uses it) as a job that ends with the
# script, machines included; for `wait`.
vm_background()
{
	# A process group of its own is what can be ended whole; timeout makes another for QEMU.
	set -m
	"$@" &
	set +m
	trap vm_end_all EXIT
	trap 'exit 1' INT TERM
}

vm_end_all()
{
	local group
	for group in $(jobs -pr); do
		kill -- "-$group" 2>/dev/null
	done
}

# Words for every kernel.
# no_timer_check: on a busy host the emulated timer can miss the moment in which the kernel waits
# for it, and with interrupt remapping that is a panic (panic_if_irq_remap,
# arch/x86/kernel/apic/io_apic.c).
# clocksource=hpet: on a busy host the kernel measures the processor's counter against a timer that comes too late, and
# takes it for up to thirty times slower than it is; all time limits in the guest are that much shorter then.
# cryptomgr.notests, initcall_blacklist: its ciphers do not test themselves, and neither a source of random numbers nor
# a kind of keys nor names for tracing that nothing here uses come up: up to two seconds of an emulated processor.
# rodata=off: it does not look through its own page tables for what is writable and executable.
kernel_words='console=ttyS0 panic=-1 no_timer_check clocksource=hpet intel_iommu=on rodata=off cryptomgr.notests'
kernel_words+=' initcall_blacklist=jent_mod_init,init_encrypted,trace_eval_init'

[ "$arch" = amd64 ] || kernel_words='console=ttyAMA0 panic=-1 rodata=off cryptomgr.notests'

# kernel_unpacked VMLINUZ: what a machine with a BIOS boots as that kernel, on stdout its path.
kernel_unpacked()
{
	"$here/unpack" "$1"
}

# vm_boot NAME MACHINE KERNEL COMMANDLINE IMAGE...: vm_start with a kernel and a row of images given
# from outside.
vm_boot()
{
	local name=$1 machine=$2 kernel=$3 cmdline=$4 status=0
	shift 4
	case $machine in
	lit-* | virt*) ;;
	*) kernel=$(kernel_unpacked "$kernel") || return ;;
	esac
	cat "$@" >"$work/$name.initrd"
	vm_start "$name" "$machine" -kernel "$kernel" -initrd "$work/$name.initrd" \
		-append "$kernel_words $cmdline" || status=$?
	rm -f "$work/$name.initrd"
	return "$status"
}

# ---- the verdict: what /init told, a fact to a line ---------------------------------------------

# verdict_devices FILE: the addresses of all PCI functions.
verdict_devices()
{
	sed -n 's/^device \([^ ]*\) .*/\1/p' "$1"
}

# verdict_get FILE ADDRESS KEY: class, id, subsystem, boot_vga, group, override or driver of one
# function.
verdict_get()
{
	sed -n "s/^device $2 .*$3=\([^ ]*\).*/\1/p" "$1"
}

# verdict_client FILE ADDRESS: usable, or unusable and why, as the client of VFIO told; nothing where it was not asked.
verdict_client()
{
	sed -n "s/^client $2 \\(\\(un\\)\\?usable.*\\)/\\1/p" "$1"
}

# verdict_lit FILE: the functions that the firmware's framebuffer was on before any driver came.
verdict_lit()
{
	sed -n 's/^lit \([^ ]*\) .*/\1/p' "$1"
}

# verdict_report FILE: /run/vfio-bind/report.json as it was.
verdict_report()
{
	sed -n 's/^report //p' "$1"
}

# verdict_reached FILE: did userland go on to the end, before the guest's watchdog?
verdict_reached()
{
	grep -qx 'userland reached' "$1" && ! grep -qx watchdog "$1"
}
