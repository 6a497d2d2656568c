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
complete -c vfio-bind -n 'not __fish_use_subcommand; and string match -q -- "--config*" (__vfio_bind_options)' -l config -s c -r -F
complete -c vfio-bind -n '__vfio_bind_vm; and test (count (commandline -opc)) -eq 2' -F -a '(virsh -q -c qemu:///system list --all --name 2>/dev/null)'
complete -c vfio-bind -n '__vfio_bind_vm; and test (count (commandline -opc)) -eq 3' -a 'add remove show'
complete -c vfio-bind -n 'not __fish_use_subcommand; and not __vfio_bind_vm' -a '(for d in /sys/bus/pci/devices/*; basename $d; end)'
