#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A stop leaves nothing behind; a kill leaves nothing in the way. Argument: af_packet or af_xdp.
#
#   [root: rootline on KIND:eth0] ==== veth ==== [cli: two nodes]

SMOKE_DIR=${SMOKE_DIR:-$(dirname "$0")}
# shellcheck source=tests/smoke/_init.sh
. "$SMOKE_DIR/_init.sh"
KIND=$1

has_xdp() { ip -n "$P-root" link show dev eth0 | grep -q xdp; }
udp_sockets() { root cat /proc/net/udp /proc/net/udp6 | awk '$2 ~ /:2709$/' | wc -l; }
packet_sockets() { root awk 'NR > 1' /proc/net/packet | wc -l; }

nothing_left() {
	! has_xdp && [ "$(udp_sockets)" = 0 ] && [ "$(packet_sockets)" = 0 ]
}

setup
check "nothing there before" nothing_left
start_root "$KIND" may-skip
sim 46 suites
[ "$KIND" != af_xdp ] || check "an XDP program is attached" has_xdp

for signal in TERM INT; do
	check "stops on SIG$signal" stop_root $signal
	check "nothing is left: no program, no socket" wait_for 5 nothing_left
	start_root "$KIND"
	check "comes up again" sim 46 suites
done

stop_root KILL
start_root "$KIND"
check "comes up after SIGKILL on the same interface" sim 46 suites relay
check "stops on SIGTERM" stop_root TERM
check "nothing is left" wait_for 5 nothing_left
finish
