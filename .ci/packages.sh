# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh disable=SC2034
# The packages of Debian 12 that rootline needs, for ./run and ./test. To be sourced.

# To build and to run.
packages_run='build-essential meson ninja-build pkg-config clang libdpdk-dev libsodium-dev libssl-dev liblz4-dev
	libjansson-dev liblmdb-dev libmaxminddb-dev libqrencode-dev libnats-dev libbpf-dev libxdp-dev libcmocka-dev libpcap-dev iproute2'

# To test: fuzzing, lints, networks.
packages_test="$packages_run libclang-rt-14-dev clang-format-14 llvm codespell mandoc shellcheck git python3 nftables
	ethtool jq curl iputils-ping tcpdump procps valgrind nats-server openssl"

# Those of the given ones that are not installed.
packages_missing() {
	for package in "$@"; do
		dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
			printf '%s ' "$package"
	done
}

# Whether a system with other names for its packages has what the build needs.
packages_present() {
	for tool in cc meson ninja clang pkg-config ip; do
		command -v "$tool" >/dev/null || return 1
	done
	pkg-config --exists 'libdpdk >= 22.11' libsodium libcrypto liblz4 jansson libqrencode libbpf libxdp cmocka
}

# Installs what is missing; says what and how it went. 1: it could not, and has said why.
packages_install() {
	# shellcheck disable=SC2048,SC2086
	missing=$(packages_missing $*)
	[ -n "$missing" ] || return 0
	if ! command -v apt-get >/dev/null; then
		packages_present && return 0
		echo "This is no Debian: there is no apt-get. Install what corresponds to these packages of Debian 12:" >&2
		echo "  $missing" >&2
		return 1
	fi
	if [ "$(id -u)" != 0 ]; then
		echo "Missing packages; as root: apt-get install $missing" >&2
		return 1
	fi
	echo "Installing: $missing"
	packages_log=$(mktemp)
	# A fresh machine has no package lists yet, an old one has lists that name what is gone.
	if { apt-get -q update && packages_apt_get "$missing"; } >"$packages_log" 2>&1 </dev/null; then
		rm -f "$packages_log"
		return 0
	fi
	tail -n 15 "$packages_log" >&2
	rm -f "$packages_log"
	echo "The packages could not be installed; the lines above are apt-get's. Needed: $missing" >&2
	return 1
}

packages_apt_get() {
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
		-o Dpkg::Options::=--force-confold -o DPkg::Lock::Timeout=300 install $1
}
