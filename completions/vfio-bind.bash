# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of vfio-bind. Commands and options are asked of the program's own --help, so that they are those of the
# version that is installed.

# Of `vm` the first word is a VM or a file, the second a verb.
_vfio_bind_vm()
{
	[ "${COMP_WORDS[1]}" = vm ] || return
	case $COMP_CWORD in
	2) virsh -q -c qemu:///system list --all --name 2>/dev/null; compgen -f -- "${COMP_WORDS[2]}" ;;
	3) echo add remove show ;;
	*) return 1 ;;
	esac
}

# The addresses that begin with a word; if there are several, each with the name of its device.
_vfio_bind_addresses()
{
	"${COMP_WORDS[0]}" "${COMP_WORDS[1]}" --help 2>/dev/null | head -n 1 | grep -q ADDRESS || return
	COLUMNS=200 "${COMP_WORDS[0]}" list 2>/dev/null |
		awk -v begin="$1" '/^[0-9a-f]+:/ && index($1, begin) == 1 { at[++n] = $1; $1 = $2 = $3 = ""; sub(/^ +/, ""); name[n] = $0 }
			END { for (i = 1; i <= n; i++) print at[i] (n > 1 ? "  " name[i] : "") }'
}

# What an option takes, one a line.
_vfio_bind_values()
{
	case $1 in
	'--gpu WHICH') echo non-boot ;;
	'--color WHEN') printf '%s\n' auto always never ;;
	'--driver DRIVER') printf '%s\n' vfio-pci none ;;
	'--profile NAME') echo none; sed -n 's/^\[profile \([^] ]*\)\]$/\1/p' /etc/vfio-bind.conf 2>/dev/null ;;
	'--read-back WHAT') printf '%s\n' with without no-other ;;
	'--connect URI') printf '%s\n' qemu:///system qemu:///session ;;
	'--group N') (cd /sys/kernel/iommu_groups 2>/dev/null && printf '%s\n' *) ;;
	*' KERNEL' | *' VERSION') (cd /lib/modules 2>/dev/null && printf '%s\n' *) ;;
	esac
}

_vfio_bind()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} program=${COMP_WORDS[0]} words takes=''
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		words="$("$program" --help 2>/dev/null | sed -n 's/^  \([a-z]\{1,\}\) .*/\1/p') --help --version"
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		return
	fi
	# The value of an option follows its name in capitals.
	case $prev in
	-*) takes=$("$program" "${COMP_WORDS[1]}" --help 2>/dev/null | sed -n "s/^ .*$prev \([A-Z]\{1,\}\) .*/ \1/p" | head -n 1) ;;
	esac
	case $prev$takes in
	*' FILE') mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	*' DIR') mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
	-*' '*) mapfile -t COMPREPLY < <(compgen -W "$(_vfio_bind_values "$prev$takes")" -- "$cur") ;;
	*)
		case $cur in
		-*)
			words=$("$program" "${COMP_WORDS[1]}" --help 2>/dev/null | grep -o -- '--[a-z][a-z-]*' | sort -u)
			mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
			;;
		*)
			if words=$(_vfio_bind_vm); then
				mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
			else
				mapfile -t COMPREPLY < <(_vfio_bind_addresses "$cur")
			fi
			;;
		esac
		# A colon separates words for bash: what precedes the last one is on the line already.
		if declare -F __ltrim_colon_completions >/dev/null; then
			__ltrim_colon_completions "$cur"
		fi
		;;
	esac
}
complete -F _vfio_bind vfio-bind
