# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Packages of any suite and machine of Debian, with lists and cache below $build/apt: the system's own apt, its suites
# and its architectures are neither read nor changed. Sourced; wants $build and die(), which ends the script.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The mirror this machine already uses for Debian itself (not for its security updates, which are
# another archive with other suite names), so that a machine behind a local mirror stays behind it.
mirror()
{
	if [ -n "${DEBIAN_MIRROR-}" ]; then
		echo "$DEBIAN_MIRROR"
		return
	fi
	# shellcheck disable=SC2016 # the names are apt's, not the shell's
	apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
		sed -n 's/^Debian|Debian|//p' | head -n 1
}

# APT_CONFIG is read before everything else; Dir::Etc::Parts keeps the rest of the machine's
# configuration out, except for what says how to reach the network, which is handed over line by
# line.
#
# apt_setup SUITE ARCH: sets APT_CONFIG, $uri and $apt, the directory for all of it.
apt_setup()
{
	# shellcheck disable=SC2154 # build is of who sources this
	apt=$build/apt/$2-$1
	uri=$(mirror)
	[ -n "$uri" ] ||
		die "apt knows no Debian archive here: run apt-get update, or set DEBIAN_MIRROR=ADDRESS"
	[ -r "$keyring" ] || die "$keyring is not here: install debian-archive-keyring"
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/debs"
	: >"$apt/status"
	echo "deb [signed-by=$keyring] $uri $1 main" >"$apt/sources.list"
	{
		env -u APT_CONFIG apt-config dump Acquire::http
		env -u APT_CONFIG apt-config dump Acquire::https
		cat <<-END
			Dir::Etc::SourceList "$apt/sources.list";
			Dir::Etc::SourceParts "/dev/null";
			Dir::Etc::Parts "/dev/null";
			Dir::Etc::Preferences "/dev/null";
			Dir::Etc::PreferencesParts "/dev/null";
			Dir::State::Lists "$apt/lists";
			Dir::State::status "$apt/status";
			Dir::Cache "$apt/cache";
			APT::Architecture "$2";
			APT::Architectures "$2";
			APT::Sandbox::User "";
			Acquire::Languages "none";
			Acquire::Check-Valid-Until "false";
			Acquire::Retries "3";
		END
	} >"$apt/apt.conf"
	export APT_CONFIG="$apt/apt.conf"
}
