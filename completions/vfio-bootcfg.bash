# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of vfio-bootcfg

_vfio_bootcfg()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words
	COMPREPLY=()
	case $prev in
	--cpu) words='intel amd arm' ;;
	--hugepages) words='1G: 2M:' ;;
	--acs-override) words='downstream multifunction downstream,multifunction' ;;
	--root)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	--boot-loader | --loader) words='grub systemd-boot bls uki limine refind extlinux kernelstub sdboot-manage clr-boot-manager sdbootutil proxmox' ;;
	--entry) words='default all' ;;
	--initrd | --refresh-image | --key | --certificate)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--menu) words=$(sed -n 's/^\[profile \([a-z0-9-]*\)\].*/\1/p' /etc/vfio-bind.conf 2>/dev/null)' none' ;;
	--add | --remove | --set | --isolate-cpus) return ;;
	*)
		words='--iommu --no-pt --cpu --add --remove --set --ids --hugepages --isolate-cpus
			--acs-override --release-framebuffer --status --check --undo --trial --confirm --once-fallback
			--history --dry-run
			--exit-code --root --boot-loader --loader --entry --addon --initrd --default --menu --refresh --refresh-image --key --certificate --drop-in --no-regen --force --yes --json
			--quiet --verbose --help --version'
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _vfio_bootcfg vfio-bootcfg
