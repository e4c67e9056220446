#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Ports on a real kernel: both kinds that share an interface with it, all forms of answer, both families,
# VLAN; the kernel keeps what is its own; kill -9, restart and stop leave nothing behind.
#
#      PREFIX-root                         PREFIX-cli
#   +-------------------+               +-------------------+
#   | port_echo    eth0 |===== veth ====| eth0   port_probe |
#   +-------------------+               +-------------------+
#     10.98.0.1/24                        10.98.0.2/24
#     fd98::1/64                          fd98::2/64
#
# ports.sh ECHO PROBE RAW [XDP-PROGRAM FOREIGN-XDP-PROGRAM]. Exit: 0 good, 1 not, 77 skipped.
set -u -o pipefail

ECHO=$1
PROBE=$2
RAW=$3
XDP=${4:-}
FOREIGN=${5:-}
P=ports-$$
WORK=$(mktemp -d)
PID=
FAILED=0

skip() { echo "SKIP: $*"; exit 77; }
root() { ip netns exec "$P-root" "$@"; }
cli() { ip netns exec "$P-cli" "$@"; }
gone() { ! kill -0 "$1" 2>/dev/null; }

check() { # TEXT COMMAND...
	local text=$1
	shift
	if "$@"; then
		echo "ok - $text"
	else
		echo "not ok - $text"
		FAILED=1
	fi
}

# wait_for SECONDS COMMAND...
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

cleanup() {
	local status=$?
	trap - EXIT INT TERM
	[ -n "$PID" ] && kill -9 "$PID" 2>/dev/null
	ip netns del "$P-root" 2>/dev/null
	ip netns del "$P-cli" 2>/dev/null
	if [ $status -ne 0 ] && [ $status -ne 77 ]; then
		echo "--- port_echo said:"
		cat "$WORK/log" "$WORK/err" 2>/dev/null
	fi
	rm -rf "$WORK"
	exit $status
}

up() { # NAMESPACE LAST-NUMBER
	ip -n "$1" link set lo up
	ip -n "$1" link set eth0 up
	# Checksums as on a real wire, tags inside the frames.
	ip netns exec "$1" ethtool -K eth0 tx off rx off txvlan off rxvlan off >/dev/null 2>&1
	ip -n "$1" addr add "10.98.0.$2/24" dev eth0
	ip -n "$1" addr add "fd98::$2/64" dev eth0 nodad
}

start() { # ARGUMENTS...
	: >"$WORK/log"
	# Not through root(): the process must be this shell's own child.
	ip netns exec "$P-root" "$ECHO" --state "$WORK" --memory-mb 128 --udp-port 9993 \
		--udp-port 9443 "$@" >"$WORK/log" 2>"$WORK/err" &
	PID=$!
	wait_for 15 is_ready
}

is_ready() { grep -q '^ready' "$WORK/log" || gone "$PID"; }
alive() { ! gone "$PID"; }
says() { grep -q "$1" "$WORK/log" "$WORK/err"; }
no_xdp() { ! ip -n "$P-root" link show eth0 | grep -q xdp; }
has_xdp() { ip -n "$P-root" link show eth0 | grep -q xdp; }
is_promisc() { ip -n "$P-root" link show eth0 | grep -q PROMISC; }
no_sockets() { ! root ss -Hulpn 'sport = :9993 or sport = :9443' | grep -q .; }

stop() {
	kill -TERM "$PID"
	wait "$PID"
	local status=$?
	PID=
	return $status
}

kill_hard() {
	kill -9 "$PID"
	wait "$PID" 2>/dev/null
	PID=
}

# ICMP "unreachable" that the kernel sent for our ports.
no_icmp() {
	local n
	n=$(cli cat /proc/net/snmp /proc/net/snmp6 | awk '
		/^Icmp: [0-9]/ { n += $4 }
		/^Icmp6InDestUnreachs/ { n += $2 }
		END { print n + 0 }')
	[ "$n" = 0 ]
}

tcp_passes() {
	root timeout 5 bash -c 'exec 3<>/dev/tcp/10.98.0.2/1' 2>"$WORK/tcp"
	# No listener there: "refused" is an answer that came by TCP.
	grep -q refused "$WORK/tcp"
}

not() { ! "$@"; }
echoes() { cli ping -q -c 2 -i 0.2 -W 1 "$1" >/dev/null; }
raw() { cli "$RAW" eth0 "$MAC" "$1" "$2" "$3" 9993; }

talk() { # KIND: everything that both kinds can do
	check "$1: IPv4" cli "$PROBE" 10.98.0.1 9993
	check "$1: IPv6" cli "$PROBE" fd98::1 9993
	check "$1: second UDP port" cli "$PROBE" 10.98.0.1 9443 B
	check "$1: VLAN, IPv4" raw 10 10.98.0.2 10.98.0.1
	check "$1: VLAN, IPv6" raw 10 fd98::2 fd98::1
	check "$1: VLAN that is not ours" not raw 11 10.98.0.2 10.98.0.1
	cli ethtool -K eth0 tx on >/dev/null 2>&1
	check "$1: sender that leaves checksums to its NIC, IPv4" cli "$PROBE" 10.98.0.1 9993
	check "$1: sender that leaves checksums to its NIC, IPv6" cli "$PROBE" fd98::1 9993
	cli ethtool -K eth0 tx off >/dev/null 2>&1
	check "$1: promiscuous mode as it was" is_promisc
	check "$1: ping IPv4" echoes 10.98.0.1
	check "$1: ping IPv6" echoes fd98::1
	check "$1: TCP" tcp_passes
	check "$1: the kernel answers nothing on our ports" no_icmp
	ip -n "$P-cli" neigh flush all 2>/dev/null
	check "$1: ARP answered by the kernel" echoes 10.98.0.1
}

# The program follows the interface.
new_address() { # KIND
	ip -n "$P-root" addr add 10.98.0.77/24 dev eth0
	wait_for 4 says "addresses changed"
	check "$1: an address added while it runs" cli "$PROBE" 10.98.0.77 9993 B
	ip -n "$P-root" addr del 10.98.0.77/24 dev eth0
}

twice() { # KIND PORT
	root "$ECHO" --state "$WORK" --memory-mb 64 --port "$2" >"$WORK/second" 2>&1
	check "$1: a second one is refused with a reason" grep -q "held by another program" "$WORK/second"
	check "$1: the first one goes on" cli "$PROBE" 10.98.0.1 9993 B
}

af_packet() {
	start --port af_packet:eth0 --vlan 0 --vlan 10
	check "af_packet: up" alive
	talk af_packet
	check "af_packet: IPv4 options" cli "$PROBE" -o 10.98.0.1 9993 B
	new_address af_packet
	twice af_packet af_packet:eth0
	check "af_packet: stops with status 0" stop
	check "af_packet: no sockets left" no_sockets
}

af_xdp() {
	[ -n "$XDP" ] || { echo "# af_xdp: not built"; return; }
	start --port af_xdp:eth0 --xdp-filter "$XDP" --vlan 0 --vlan 10
	check "af_xdp: up" alive
	check "af_xdp: program attached" has_xdp
	talk af_xdp
	new_address af_xdp
	twice af_xdp af_xdp:eth0
	ip -n "$P-root" link set eth0 xdp off
	check "af_xdp: program taken off is put back" wait_for 4 has_xdp
	check "af_xdp: and works" cli "$PROBE" 10.98.0.1 9993 B
	check "af_xdp: program still attached" has_xdp
	kill_hard
	check "af_xdp: kill -9 leaves the program" has_xdp
	start --port af_xdp:eth0 --xdp-filter "$XDP"
	check "af_xdp: starts again by itself" alive
	check "af_xdp: and answers" cli "$PROBE" 10.98.0.1 9993 BR
	kill_hard
	start --port af_packet:eth0
	check "af_packet: takes off what a killed run on af_xdp has left" no_xdp
	check "af_packet: and answers" cli "$PROBE" 10.98.0.1 9993 BR
	check "af_packet: stops with status 0" stop
	start --port af_xdp:eth0 --xdp-filter "$XDP"
	check "af_xdp: stops with status 0" stop
	check "af_xdp: no program left" no_xdp
	check "af_xdp: no sockets left" no_sockets
}

foreign_xdp() {
	[ -n "$XDP" ] || return
	check "somebody else's program: attached" ip -n "$P-root" link set eth0 xdp obj "$FOREIGN" sec xdp
	start --port af_xdp:eth0 --xdp-filter "$XDP"
	check "somebody else's program: refused" gone "$PID"
	check "somebody else's program: with a reason" says "of somebody else"
	check "somebody else's program: left alone" has_xdp
	start --port af_packet:eth0
	check "somebody else's program: left alone by af_packet, too" has_xdp
	check "somebody else's program: af_packet stops" stop
	PID=
	ip -n "$P-root" link set eth0 xdp off
}

refused() { # TEXT PORT
	root "$ECHO" --state "$WORK" --memory-mb 64 --port "$2" >"$WORK/second" 2>&1
	[ $? -ne 0 ] && grep -q "$1" "$WORK/second"
}

# Only where the machine has some free.
huge_pages() {
	local free
	free=$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages 2>/dev/null || echo 0)
	[ "$free" -ge 128 ] || { echo "# no huge pages free: not tried"; return; }
	start --port af_packet:eth0 --hugepages yes
	check "huge pages: up" says "hugepages yes"
	check "huge pages: af_packet answers" cli "$PROBE" 10.98.0.1 9993
	check "huge pages: stops" stop
	[ -n "$XDP" ] || return
	start --port af_xdp:eth0 --xdp-filter "$XDP" --hugepages yes
	check "huge pages: af_xdp answers" cli "$PROBE" fd98::1 9993
	check "huge pages: af_xdp stops" stop
}

# Other interface, same name: the program says so instead of going deaf.
vanished() {
	ip -n "$P-root" link add gone0 type veth peer name gone1
	ip -n "$P-root" link set gone0 up
	ip -n "$P-root" link set gone1 up
	ip -n "$P-root" addr add 10.97.0.1/24 dev gone0
	start --port af_packet:eth0 --port af_packet:gone0
	check "an interface vanishes: up" alive
	ip -n "$P-root" link del gone0
	check "an interface vanishes: said" wait_for 4 says '"gone0" is gone'
	check "an interface vanishes: the other goes on" cli "$PROBE" 10.98.0.1 9993 B
	check "an interface vanishes: stops" stop
}

two_ports() {
	ip -n "$P-root" link set down0 up
	start --port null --port af_packet:eth0 --port af_packet:down0 --workers 2
	check "three ports, two workers: up" alive
	check "three ports, two workers: answers" cli "$PROBE" 10.98.0.1 9993
	check "three ports, two workers: stops" stop
}

replay() {
	cli timeout 10 tcpdump -q -i eth0 -w "$WORK/in.pcap" --immediate-mode -U 'udp dst port 9993' \
		>/dev/null 2>&1 &
	local dump=$!
	sleep 1
	cli "$PROBE" -s 10.98.0.1 9993 B
	cli "$PROBE" -s fd98::1 9993 V
	sleep 0.3
	kill "$dump" 2>/dev/null
	wait "$dump" 2>/dev/null
	start --port "pcap:$WORK/in.pcap,$WORK/out.pcap"
	wait "$PID"
	check "pcap: ends by itself" test $? = 0
	PID=
	check "pcap: both answered" test "$(tcpdump -qnr "$WORK/out.pcap" 2>/dev/null | grep -c '9993 >')" = 2
	check "pcap: checksums good" test "$(tcpdump -vvnr "$WORK/out.pcap" 2>/dev/null |
		grep -Ec 'udp sum ok')" = 2
}

[ "$(id -u)" = 0 ] || skip "needs root"
for tool in ip ethtool ping ss; do
	command -v $tool >/dev/null || skip "no $tool"
done
trap cleanup EXIT INT TERM
# In a build with sanitizers: stacks that reach through libraries to the one driver that may leak.
LSAN_OPTIONS="suppressions=$(dirname "$0")/lsan.supp:print_suppressions=0"
export ASAN_OPTIONS=fast_unwind_on_malloc=0 LSAN_OPTIONS
ip netns add "$P-root" 2>/dev/null || skip "no network namespaces here"
ip netns add "$P-cli"
ip link add eth0 netns "$P-root" type veth peer name eth0 netns "$P-cli" || skip "no veth here"
up "$P-root" 1
up "$P-cli" 2
ip -n "$P-root" link set eth0 promisc on
MAC=$(root cat /sys/class/net/eth0/address)

check "no such interface" refused "there is no interface" af_packet:nope
ip -n "$P-root" link add down0 type veth peer name down1
check "interface down" refused "is down" af_packet:down0
af_packet
af_xdp
foreign_xdp
two_ports
vanished
command -v tcpdump >/dev/null && replay
huge_pages
exit $FAILED
