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
	'--gpu WHICH') mapfile -t COMPREPLY < <(compgen -W non-boot -- "$cur") ;;
	-*' '*) ;;
	*)
		case $cur in
		-*) words=$("$program" "${COMP_WORDS[1]}" --help 2>/dev/null | grep -o -- '--[a-z][a-z-]*' | sort -u) ;;
		*) words=$(_vfio_bind_vm || { cd /sys/bus/pci/devices 2>/dev/null && echo *; }) ;;
		esac
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		# A colon separates words for bash: what precedes the last one is on the line already.
		if declare -F __ltrim_colon_completions >/dev/null; then
			__ltrim_colon_completions "$cur"
		fi
		;;
	esac
}
complete -F _vfio_bind vfio-bind
