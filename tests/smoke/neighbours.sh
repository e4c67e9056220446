#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The machine's own traffic goes on through the interface that rootline serves: ping, TCP, other
# UDP; and the kernel does not answer for rootline. Argument: af_packet or af_xdp.
#
#   [root: rootline on KIND:eth0, tcp server] ==== veth ==== [cli: ping, tcp client, nodes]

SMOKE_DIR=${SMOKE_DIR:-$(dirname "$0")}
# shellcheck source=tests/smoke/_init.sh
. "$SMOKE_DIR/_init.sh"
KIND=$1
BYTES=2000000

fetch() { # ADDRESS
	root "$SMOKE_HELPER" tcp-serve "$1" 2222 $BYTES &
	local server=$!
	PIDS+=("$server")
	cli "$SMOKE_HELPER" tcp-fetch "$1" 2222 $BYTES
	local status=$?
	gone $server || stop_pid $server
	wait $server 2>/dev/null
	return $status
}

pings() { # ADDRESS [SIZE]
	command -v ping >/dev/null || { note "no ping installed"; return 0; }
	cli ping -n -q -c 5 -i 0.1 -W 2 -s "${2:-56}" "$1" >"$WORK/ping" && grep -q ' 0% packet loss' "$WORK/ping"
}

refused_elsewhere() {
	local before after
	before=$(kernel_refusals)
	cli bash -c 'echo x >/dev/udp/10.99.0.1/9992' || return 1
	sleep 0.2
	after=$(kernel_refusals)
	[ "$after" -gt "$before" ]
}

setup
start_root "$KIND" may-skip
sim 46 relay
ok "$(kernel_refusals)" "the kernel sends no 'port unreachable' for what rootline takes"
check "ping by IPv4" pings 10.99.0.1
check "ping by IPv6" pings fd99::1
check "ping of 4000 bytes" pings 10.99.0.1 4000
check "TCP by IPv4" fetch 10.99.0.1
check "TCP by IPv6" fetch fd99::1
check "another UDP port is the kernel's: it says unreachable" refused_elsewhere
sim 46 suites

# The same while nodes talk.
sim 4 relay fragments >"$WORK/sim" &
PIDS+=($!)
busy=$!
check "ping while rootline works" pings 10.99.0.1
check "TCP while rootline works" fetch 10.99.0.1
wait $busy
ok $? "and rootline's clients are served meanwhile"
finish
