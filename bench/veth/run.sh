#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# run.sh BENCH_VETH XDP_FILTER SECONDS KIND...: relays over a veth pair between two network namespaces of its own, by a loop on
# kernel sockets and by each KIND (packet, xdp); figures on stdout, one JSON object a line. Status 77: cannot be done here.
set -eu
program=$1 filter=$2 secs=$3
shift 3
p=rlbench$$
work=$(mktemp -d)

cleanup() {
	ip netns del "$p-root" 2>/dev/null || true
	ip netns del "$p-gun" 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

skip() {
	echo "bench: veth is not measured: $*" >&2
	exit 77
}

[ "$(id -u)" = 0 ] || skip 'not root'
[ "$(nproc)" -ge 2 ] || skip 'one CPU alone: sender and root need one each'
for tool in ip ethtool taskset; do
	command -v "$tool" >/dev/null || skip "$tool is missing"
done
ip netns add "$p-root" 2>/dev/null || skip 'network namespaces cannot be made here'
ip netns add "$p-gun"
ip link add eth0 netns "$p-root" type veth peer name eth0 netns "$p-gun"
n=1
for ns in root gun; do
	ip netns exec "$p-$ns" ethtool -K eth0 tx off rx off gso off gro off tso off >/dev/null 2>&1 || true
	ip -n "$p-$ns" addr add "10.99.0.$n/24" dev eth0
	ip -n "$p-$ns" link set eth0 up
	ip -n "$p-$ns" link set lo up
	n=$((n + 1))
done
mac() { ip -n "$p-$1" -br link show eth0 | awk '{print $3}'; }
# Nobody answers ARP while DPDK has the port.
ip -n "$p-root" neigh replace 10.99.0.2 lladdr "$(mac gun)" dev eth0 nud permanent
ip -n "$p-gun" neigh replace 10.99.0.1 lladdr "$(mac root)" dev eth0 nud permanent
# What has arrived at the other end is no more the relay's work; without nft a socket there takes it in.
ip netns exec "$p-gun" nft 'table netdev bench { chain in { type filter hook ingress device "eth0" priority 0;
	udp dport 9994 drop; }; }' 2>/dev/null || echo 'bench: no nft: the other end costs more' >&2
sleep 2 # a veth that has just come up loses packets

# relay NAME LEAD COMMAND...: runs it at the one end, and after LEAD seconds the sender at the other.
relay() {
	name=$1 lead=$2
	shift 2
	ip netns exec "$p-root" "$program" "$@" >"$work/$name" 2>"$work/err" &
	end=$!
	sleep "$lead"
	ip netns exec "$p-gun" taskset -c 0 "$program" gun "$secs" >/dev/null
	wait "$end" || {
		tail -n 5 "$work/err" >&2
		return 1
	}
}

figure() { # NAME TITLE VALUE UNIT LIMIT
	printf '{"name": "%s", "title": "%s", "value": %s, "unit": "%s", "limit": %s}\n' "$@"
}

per_s() { awk -v s="$secs" '{ printf "%.0f", $1 / s }' "$work/$1"; }
ns() { awk '{ print $2 }' "$work/$1"; }

relay loop 1 loop "$((secs + 2))"
figure veth_loop_pps 'veth, kernel-socket loop, relay 100 B' "$(per_s loop)" 1/s null
figure veth_loop_ns 'veth, kernel-socket loop, CPU a packet' "$(ns loop)" ns null
for kind; do
	upper=$(echo "$kind" | tr '[:lower:]' '[:upper:]')
	relay "$kind" 3 root "af_$kind:eth0" "$filter" "$(mac gun)" "$((secs + 4))" || continue
	figure "veth_${kind}_pps" "veth, AF_$upper, relay 100 B" "$(per_s "$kind")" 1/s null
	figure "veth_${kind}_ns" "veth, AF_$upper, CPU a packet" "$(ns "$kind")" ns null
	figure "veth_${kind}_ratio" "veth, AF_$upper: CPU of the loop over its own" \
		"$(awk -v l="$(ns loop)" -v r="$(ns "$kind")" 'BEGIN { printf "%.3g", l / r }')" x null
done
