# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced by run.sh, and by lab_cluster.sh: unmodified zerotier-one nodes around a rootline, each in a network namespace of
# its own on one bridge. Offloads are off, so every frame is what it would be on a wire.
#
#     root            ctrl           c1             c2             c3
#   rootline       controller      client         client         client
#   10.77.0.1       10.77.0.2     10.77.0.11     10.77.0.12     10.77.0.13
#   fd77::1         fd77::2       fd77::11       fd77::12       fd77::13
#       |               |             |              |              |
#   ====================== br0 in namespace PREFIX-inet ======================
#
# The build sets INTEROP_ROOTLINE, INTEROP_HELPER (programs) and INTEROP_VECTORS (keys, planets, moon).

set -u -o pipefail

P=rllab$$
FAILED=0
NODES="ctrl c1 c2 c3"
ONLINE_MS=6000
JOIN_S=20
NET4=1 # 0: no IPv4 on the underlay

verdict() { # STATUS TEXT
	if [ "$1" = 0 ]; then
		echo "PASS $2"
	else
		echo "FAIL $2"
		FAILED=1
	fi
	return "$1"
}

try() { # TEXT COMMAND...
	local text=$1
	shift
	"$@"
	verdict $? "$text"
}

skip() {
	echo "SKIP $*"
	exit 77
}
die() {
	echo "FAIL $*"
	exit 1
}

need() {
	local tool
	# What is measured is the network, not who else wants the processor: stock nodes measure how late answers come,
	# and choose their member by that. All of a lab takes a small part of one core.
	chrt -r -p 5 $$ >/dev/null 2>&1 || renice -n -10 $$ >/dev/null 2>&1
	ZT=${ZTBIN:-$(command -v zerotier-one || true)}
	[ -n "$ZT" ] && [ -x "$ZT" ] ||
		skip "no zerotier-one: install it, or set ZTBIN to the program, to try stock nodes against rootline"
	[ "$(id -u)" = 0 ] || skip "network namespaces need root"
	for tool in ip ethtool nft jq curl ping; do
		command -v $tool >/dev/null || skip "$tool is not installed"
	done
	[ -c /dev/net/tun ] || skip "no /dev/net/tun: stock nodes cannot make their interface"
}

end() {
	if [ $FAILED = 0 ]; then
		echo "PASS all"
	else
		echo "FAIL some of the above"
	fi
	exit $FAILED
}

in_ns() { # NODE COMMAND...
	local node=$1
	shift
	ip netns exec "$P-$node" "$@"
}

ms() { date +%s%3N; }

wait_for() { # SECONDS COMMAND...
	local end=$(($(ms) + $1 * 1000))
	shift
	until "$@"; do
		[ "$(ms)" -lt $end ] || return 1
		sleep 0.1
	done
}

host_number() {
	case $1 in
	root) echo 1 ;;
	ctrl) echo 2 ;;
	c*) echo $((10 + ${1#c})) ;;
	esac
}
ip4() { echo "10.77.0.$(host_number "$1")"; }
ip6() { echo "fd77::$(host_number "$1")"; }

add_host() {
	local n=$1
	ip netns add "$P-$n" || die "cannot make namespace $P-$n"
	in_ns "$n" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.default.router_solicitations=0
	ip link add eth0 netns "$P-$n" type veth peer name "p-$n" netns "$P-inet"
	in_ns "$n" ethtool -K eth0 tx off rx off gso off gro off tso off >/dev/null 2>&1
	in_ns inet ethtool -K "p-$n" tx off rx off gso off gro off tso off >/dev/null 2>&1
	ip -n "$P-inet" link set "p-$n" master br0 up
	ip -n "$P-$n" link set lo up
	ip -n "$P-$n" link set eth0 up
	[ $NET4 = 0 ] || ip -n "$P-$n" addr add "$(ip4 "$n")/16" dev eth0
	ip -n "$P-$n" addr add "$(ip6 "$n")/64" dev eth0 nodad
}

lab_up() {
	ip netns add "$P-inet" || die "cannot make namespace $P-inet"
	in_ns inet sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	ip -n "$P-inet" link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
	ip -n "$P-inet" link set br0 up
	for n in root $NODES; do
		add_host $n
	done
}

gone() { ! kill -0 "$1" 2>/dev/null; }

# Stops what start_root or start_node started. Status: that of rootline; without meaning for a node.
stop() { # NAME [SIGNAL]
	local pid
	[ -s "$WORK/$1.pid" ] || return 0
	pid=$(cat "$WORK/$1.pid")
	rm -f "$WORK/$1.pid"
	kill "-${2:-TERM}" "$pid" 2>/dev/null
	wait_for 10 gone "$pid" || kill -9 "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
}

lab_down() {
	for n in $NODES root; do
		stop "$n"
	done
	for n in root $NODES inet; do
		! ip netns list | grep -qw "$P-$n" || ip netns del "$P-$n"
	done
	rm -rf "${WORK:?}"/*
}

# start_root KIND PLANET [MOON]: rootline on KIND:eth0; returns when it says that it serves.
start_root() {
	local pid ready state=$WORK/root
	mkdir -p "$state/moons.d"
	cp "$INTEROP_VECTORS/captures/root.secret" "$state/identity.secret"
	chmod 600 "$state/identity.secret"
	cp "$INTEROP_VECTORS/planet/$2" "$state/planet"
	[ -z "${3:-}" ] || cp "$INTEROP_VECTORS/moon/$3" "$state/moons.d/$3"
	rm -f "$WORK/notify"
	"$INTEROP_HELPER" ready "$WORK/notify" 30 &
	ready=$!
	wait_for 5 test -S "$WORK/notify"
	NOTIFY_SOCKET=$WORK/notify ip netns exec "$P-root" "$INTEROP_ROOTLINE" --state "$state" \
		--port "$1:eth0" --udp-port 9993 >>"$WORK/root.log" 2>&1 </dev/null &
	pid=$!
	echo $pid >"$WORK/root.pid"
	while ! gone $ready; do
		if gone $pid; then
			kill $ready
			return 1
		fi
		sleep 0.05
	done
	wait $ready
}

# start_node NAME PLANET|keep: a stock node; keep: with the planet it has. A path is a planet that is not among the
# vectors. Whoever has no identity there makes one.
start_node() {
	local n=$1 home=$WORK/$1 planet=$2
	mkdir -p "$home"
	if [ -f "$INTEROP_VECTORS/captures/$n.secret" ]; then
		cp "$INTEROP_VECTORS/captures/$n.secret" "$home/identity.secret"
		cut -d: -f1-3 "$home/identity.secret" >"$home/identity.public"
	fi
	case $planet in
	keep) ;;
	/*) cp "$planet" "$home/planet" ;;
	*) cp "$INTEROP_VECTORS/planet/$planet" "$home/planet" ;;
	esac
	printf lab >"$home/authtoken.secret"
	echo '{"settings":{"portMappingEnabled":false,"softwareUpdate":"disable","allowTcpFallbackRelay":false}}' \
		>"$home/local.conf"
	# meson fills allocated memory with noise (MALLOC_PERTURB_). Stock nodes 1.14.1 count on it
	# being zero somewhere: with noise they join, but carry no traffic.
	env -u MALLOC_PERTURB_ ip netns exec "$P-$n" "$ZT" -U -p9993 "$home" >"$WORK/$n.log" 2>&1 </dev/null &
	echo $! >"$WORK/$n.pid"
	# Stock nodes may end with an abort; the shell shall not comment on that.
	disown $!
	ms >"$WORK/$n.started"
}

forget_node() { # NAME: stops it and wipes what it learned
	stop "$1"
	rm -rf "${WORK:?}/$1"
}

api() { # NODE METHOD PATH [JSON]
	local args=(-s -m 3 -X "$2" -H "X-ZT1-Auth: lab")
	[ $# -lt 4 ] || args+=(-d "$4" -H 'Content-Type: application/json')
	in_ns "$1" curl "${args[@]}" "http://127.0.0.1:9993$3"
}

address() { cut -c1-10 "$WORK/$1/identity.public"; }
network() { echo "$(address ctrl)000001"; }

is_online() { [ "$(api "$1" GET /status | jq -r .online 2>/dev/null)" = true ]; }

# Within ONLINE_MS of the node's start.
online() {
	local start
	start=$(cat "$WORK/$1.started")
	until is_online "$1"; do
		[ $(($(ms) - start)) -lt $ONLINE_MS ] || return 1
		sleep 0.05
	done
	echo "     $1 ONLINE after $(($(ms) - start)) ms"
}

all_online() {
	local status=0
	for n in "$@"; do
		online "$n" || status=1
	done
	return $status
}

make_network() {
	api ctrl POST "/controller/network/$(network)" '{"name":"lab","private":false,
		"ipAssignmentPools":[{"ipRangeStart":"10.147.0.10","ipRangeEnd":"10.147.0.250"}],
		"routes":[{"target":"10.147.0.0/24"}],"v4AssignMode":{"zt":true},"v6AssignMode":{"rfc4193":true}}' |
		jq -e .id >/dev/null
}

zt_ip() {
	api "$1" GET "/network/$(network)" |
		jq -r '.assignedAddresses[]?' 2>/dev/null | grep -v : | head -n 1 | cut -d/ -f1
}
zt_if() { api "$1" GET "/network/$(network)" | jq -r .portDeviceName; }

has_ip() {
	local addr
	addr=$(zt_ip "$1")
	[ -n "$addr" ] && in_ns "$1" ip -4 addr show dev "$(zt_if "$1")" 2>/dev/null | grep -qF "$addr"
}

join() {
	api "$1" POST "/network/$(network)" '{}' >/dev/null
	wait_for "$JOIN_S" has_ip "$1"
}

# Path of A to B: "direct" as soon as one is active.
is_direct() {
	[ "$(api "$1" GET "/peer/$(address "$2")" | jq '[.paths[]? | select(.active)] | length' 2>/dev/null)" -gt 0 ] 2>/dev/null
}
is_relayed() { ! is_direct "$1" "$2"; }

one_ping() { in_ns "$1" ping -n -q -c1 -W1 "$(zt_ip "$2")" >/dev/null 2>&1; }

# No loss at all: A B SIZE.
pings() {
	local said
	said=$(in_ns "$1" ping -n -c 10 -i 0.2 -W 2 -M "do" -s "$3" "$(zt_ip "$2")")
	grep -q ' 0% packet loss' <<<"$said" || { echo "$said" && false; }
}

# Everything between two nodes on the underlay is dropped, in both namespaces.
block() { # A B
	local a b
	for a in "$1" "$2"; do
		b=$1
		[ "$a" != "$1" ] || b=$2
		in_ns "$a" nft -f - <<-NFT
			table inet lab {
				chain in { type filter hook input priority 0; ip saddr $(ip4 "$b") drop; ip6 saddr $(ip6 "$b") drop; iifname eth0 ip6 saddr fe80::/10 meta l4proto udp drop; }
				chain out { type filter hook output priority 0; ip daddr $(ip4 "$b") drop; ip6 daddr $(ip6 "$b") drop; oifname eth0 ip6 daddr fe80::/10 meta l4proto udp drop; }
			}
		NFT
	done
}

unblock() {
	local n
	for n in "$@"; do
		in_ns "$n" nft delete table inet lab
	done
}
