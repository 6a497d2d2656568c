# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion of vfio-bind. Commands and options are asked of the program's own --help, so that they are those of the
# version that is installed.

function __vfio_bind_commands
	vfio-bind --help 2>/dev/null | string replace -rf '^  ([a-z]+) +(.*)' '$1\t$2'
end

function __vfio_bind_options
	set -l words (commandline -opc)
	vfio-bind $words[2] --help 2>/dev/null |
		string replace -rf '^ +(?:-[a-z], )?(--[a-z-]+)(?: [A-Z]+)? +(.*)' '$1\t$2'
end

# Of `vm` the first word is a VM or a file, the second a verb.
function __vfio_bind_vm
	set -l words (commandline -opc)
	test "$words[2]" = vm; and test (count $words) -lt 4
end

complete -c vfio-bind -f
complete -c vfio-bind -n __fish_use_subcommand -a '(__vfio_bind_commands)'
complete -c vfio-bind -n __fish_use_subcommand -l help -d 'list the commands'
complete -c vfio-bind -n __fish_use_subcommand -l version -d 'the version'
complete -c vfio-bind -n 'not __fish_use_subcommand; and string match -q -- "-*" (commandline -ct)' -a '(__vfio_bind_options)'
# The word that an option of the command takes, where the cursor is behind it: "--color WHEN".
function __vfio_bind_takes
	set -l words (commandline -opc)
	test (count $words) -gt 2; and string match -q -- '--*' $words[-1]; or return
	vfio-bind $words[2] --help 2>/dev/null | string match -r -- "$words[-1] [A-Z]+" | head -n 1
end

function __vfio_bind_values
	set -l takes (__vfio_bind_takes)
	switch "$takes"
	case '--gpu WHICH'
		echo non-boot
	case '--color WHEN'
		printf '%s\n' auto always never
	case '--driver DRIVER'
		printf '%s\n' vfio-pci none
	case '--profile NAME'
		echo none
		string replace -rf '^\[profile ([^] ]*)\]$' '$1' </etc/vfio-bind.conf 2>/dev/null
	case '--read-back WHAT'
		printf '%s\n' with without no-other
	case '--connect URI'
		printf '%s\n' qemu:///system qemu:///session
	case '--group N'
		for d in /sys/kernel/iommu_groups/*; basename $d; end
	case '* KERNEL' '* VERSION'
		for d in /lib/modules/*; basename $d; end
	case '* FILE' '* DIR'
		__fish_complete_path (commandline -ct)
	end
end

# Each address with the name of its device.
function __vfio_bind_addresses
	set -l words (commandline -opc)
	vfio-bind $words[2] --help 2>/dev/null | head -n 1 | string match -q '*ADDRESS*'; or return
	COLUMNS=200 vfio-bind list 2>/dev/null |
		string replace -rf '^([0-9a-f]+:[0-9a-f:.]+) +\S+ +\S+ +(.*)' '$1\t$2'
end

complete -c vfio-bind -n 'test -n "$(__vfio_bind_takes)"' -a '(__vfio_bind_values)'
complete -c vfio-bind -n '__vfio_bind_vm; and test (count (commandline -opc)) -eq 2' -F -a '(virsh -q -c qemu:///system list --all --name 2>/dev/null)'
complete -c vfio-bind -n '__vfio_bind_vm; and test (count (commandline -opc)) -eq 3' -a 'add remove show'
complete -c vfio-bind -n 'not __fish_use_subcommand; and not __vfio_bind_vm; and test -z "$(__vfio_bind_takes)"' -a '(__vfio_bind_addresses)'
