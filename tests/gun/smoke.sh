#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# rootline-gun brings a population online at a root and gets its answers. Arguments: sockets (the core
# behind plain sockets) or af_packet (rootline); the list of identities; "dpdk" if the gun has it.
#
#   [root: socket_root or rootline] ==== veth ==== [cli: rootline-gun, 200 nodes in 10/8 and fd00::/16]

SMOKE_DIR=${SMOKE_DIR:-$(dirname "$0")/../smoke}
# shellcheck source=tests/smoke/_init.sh
. "$SMOKE_DIR/_init.sh"
KIND=$1
IDENTITIES=$2
GUN=$SMOKE_CLIENT
NODES_OF_GUN=200

command -v jq >/dev/null || skip "jq is not installed"

# Nodes of their own for each family: a root relays to the address that was proven last.
others() { tail -n "+$((NODES_OF_GUN + 1))" "$IDENTITIES" >"$WORK/others"; }

# A kernel's sockets need routes and neighbours; rootline answers by the way packets came.
start_target() {
	if [ "$KIND" = af_packet ]; then
		start_root af_packet
		return
	fi
	ARP=--answer-arp
	ip -n "$P-root" route add 10.0.0.0/8 dev eth0
	ip -n "$P-root" route add fd00::/16 dev eth0
	ip netns exec "$P-root" "$SMOKE_ROOTLINE" "$WORK/state/identity.secret" - 10.99.0.1/9993 fd99::1/9993 \
		>"$WORK/log" 2>&1 &
	PIDS+=($!)
	wait_for 10 grep -q serving "$WORK/log" || die "socket_root does not serve"
}

population() { # FILE SOURCES IDENTITIES
	"$GUN" population "$WORK/$1" --nodes $NODES_OF_GUN --from "$3" --sources "$2" --quiet \
		--root "$SMOKE_DIR/data/identity.public"
}

# shoot COMMAND POPULATION TARGET OPTIONS...: the report is in $WORK/report.
shoot() {
	cli timeout 100 "$GUN" "$1" --population "$WORK/$2" --target "$3" ${ARP:+"$ARP"} --quiet --json \
		"${@:4}" >"$WORK/report" 2>"$WORK/err"
	local status=$?
	[ $status = 0 ] || sed 's/^/# /' "$WORK/err"
	return $status
}

told() { jq -e "$1" "$WORK/report" >/dev/null || { sed 's/^/# /' "$WORK/report"; return 1; }; }

ends() { # STATUS TEXT COMMAND...
	local want=$1 text=$2
	shift 2
	"$@" >"$WORK/out" 2>"$WORK/err"
	local got=$?
	[ $got = "$want" ] && grep -q -- "$text" "$WORK/err" && return 0
	echo "# ended with $got: $(cat "$WORK/err")"
	return 1
}

all_join() { # POPULATION TARGET
	shoot join "$1" "$2" --interface eth0 --rate 400 --retry 1000 --seconds 60 --min-ratio 1 &&
		told ".join.online == $NODES_OF_GUN and .join.proven == $NODES_OF_GUN" &&
		told '.heard["with a wrong MAC"] == 0 and .heard["with a wrong UDP checksum"] == 0'
}

served() { # POPULATION TARGET TRAFFIC [OPTIONS]
	shoot replay "$1" "$2" --interface eth0 --rate 1500 --seconds 2 --min-ratio 0.99 --traffic "$3" "${@:4}" &&
		told '.replay.sent > 1000 and .replay.latency.p50_ns > 0' &&
		told '.heard["with a wrong MAC"] == 0 and .heard["malformed"] == 0'
}

busy() { # POPULATION TARGET
	shoot devices "$1" "$2" --interface eth0 --join 400 --rate 800 --seconds 1 --retry 1000 &&
		told ".devices.served == $NODES_OF_GUN and .devices.errands.relay.answered >= $((2 * NODES_OF_GUN))" &&
		told '[.devices.errands[] | .begun == .answered] | all'
}

replayed() { # LINK...
	"$GUN" pcap --population "$WORK/four" --traffic mixed --packets 2000 "$WORK/mixed.pcap" --seed 4 &&
		shoot replay four 10.99.0.1/9993 "$@" --rate 1500 --packets 2000 --min-ratio 0.99 "$WORK/mixed.pcap" &&
		told '.replay.sent == 2000 and .replay.by_verb.HELLO.ratio > 0.98'
}

repeatable() {
	for i in 1 2; do
		"$GUN" pcap --population "$WORK/four" --traffic mixed --packets 500 --time 1700000000 "$WORK/$i.pcap"
	done
	cmp "$WORK/1.pcap" "$WORK/2.pcap"
}

swept() {
	shoot replay four 10.99.0.1/9993 --interface eth0 --traffic whois-root --sweep 500-1k --seconds 0.5 &&
		told '.sweep.highest_per_s > 400 and (.sweep.steps | length) >= 2'
}

interrupted() {
	ip netns exec "$P-cli" "$GUN" replay --population "$WORK/four" --target 10.99.0.1/9993 --interface eth0 \
		${ARP:+"$ARP"} --traffic echo --rate 100 --seconds 60 >"$WORK/report" 2>/dev/null &
	local pid=$!
	PIDS+=("$pid")
	sleep 1
	kill -INT $pid
	wait_for 5 gone $pid && wait $pid && grep -q ECHO "$WORK/report"
}

guarded() {
	ip -n "$P-cli" route add default via 10.99.0.1 dev eth0
	ends 3 'default route' cli "$GUN" join --population "$WORK/four" --target 10.99.0.1/9993 --interface eth0
	local status=$?
	ip -n "$P-cli" route del default
	[ $status = 0 ] || return 1
	cli sysctl -qw net.ipv4.conf.eth0.forwarding=1
	ends 3 'forwards' cli "$GUN" join --population "$WORK/four" --target 10.99.0.1/9993 --interface eth0
	status=$?
	# With a MAC of its own the population is none of the kernel's business.
	shoot join four 10.99.0.1/9993 --interface eth0 --source-mac 02:00:00:00:00:99 --rate 400 --min-ratio 1 ||
		status=1
	cli sysctl -qw net.ipv4.conf.eth0.forwarding=0
	return $status
}

unplugged() { # LINK...
	ip -n "$P-cli" link set eth0 up
	ip netns exec "$P-cli" "$GUN" replay --population "$WORK/four" --target 10.99.0.1/9993 "$@" --quiet \
		${ARP:+"$ARP"} --traffic echo --rate 100 --seconds 30 >"$WORK/report" 2>"$WORK/err" &
	local pid=$!
	PIDS+=("$pid")
	sleep 3
	ip -n "$P-cli" link set eth0 down
	wait_for 10 gone $pid || return 1
	wait $pid
	[ $? = 3 ] && grep -q 'Network is down' "$WORK/err"
}

# Keys of another root: nothing it says is understood, nothing is answered.
fewer() {
	"$GUN" population "$WORK/wrong" --nodes 20 --from "$IDENTITIES" --quiet \
		--root "$(head -n 1 "$IDENTITIES" | cut -d: -f1-3)" || return 1
	ends 1 'asked for' cli "$GUN" replay --population "$WORK/wrong" --target 10.99.0.1/9993 --interface eth0 \
		${ARP:+"$ARP"} --traffic echo --rate 100 --seconds 0.5 --min-ratio 0.5
}

setup
others
population four 10.0.0.0/8 "$IDENTITIES" || die "no population"
population six fd00::/16 "$WORK/others" || die "no population"
start_target

check "$NODES_OF_GUN nodes come online by IPv4, all proven" all_join four 10.99.0.1/9993
for traffic in whois-root whois echo refresh relay-small relay-large relay-fragment; do
	check "$traffic by IPv4" served four 10.99.0.1/9993 $traffic
done
check "whois in suite 3" served four 10.99.0.1/9993 whois --suite 3
check "relays by Zipf's law" served four 10.99.0.1/9993 relay-small --zipf 1.1
check "they come online by IPv6" all_join six fd99::1/9993
check "mixed traffic by IPv6" served six fd99::1/9993 mixed
check "all devices at once are served" busy four 10.99.0.1/9993
check "a capture file is replayed" replayed --interface eth0
check "the same seed writes the same file" repeatable
[ "${3:-}" = dpdk ] && check "a capture file is replayed through DPDK" replayed --dpdk af_packet:eth0
check "a sweep finds a rate" swept
check "hostile traffic is survived" shoot replay four 10.99.0.1/9993 --interface eth0 --rate 1500 --seconds 2 --traffic hostile
check "and the others are served as before" served four 10.99.0.1/9993 mixed
check "an interrupt ends it with its report" interrupted
check "interfaces that are not to be used are refused" guarded
check "too few answers are told" fewer
check "nobody at the target's address is told" ends 3 'next-hop' cli "$GUN" join --population "$WORK/four" \
	--target 10.99.0.77/9993 --interface eth0
check "a node in the root's place is told" ends 3 'own IP address' cli "$GUN" join --population "$WORK/four" \
	--target 10.0.7.1/9993 --interface eth0
check "an interface that is none is told" ends 3 'interface nothing0' cli "$GUN" join --population "$WORK/four" \
	--target 10.99.0.1/9993 --interface nothing0
check "a link that goes away is told" unplugged --interface eth0
[ "${3:-}" = dpdk ] && check "by DPDK, too" unplugged --dpdk af_packet:eth0
check "a wrong call is told" ends 2 'target is missing' "$GUN" join --population "$WORK/four" --interface eth0
finish
