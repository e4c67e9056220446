#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# run.sh [--no-inline] BENCH_VETH XDP_FILTER SECONDS ROUNDS KIND...: relays over a veth pair between two network namespaces of its own, by loops
# on kernel sockets and by each KIND (packet, xdp), in turn, for so many seconds each; medians of the rounds on stdout, one JSON
# object a line. Status 77: cannot be done here. --no-inline: only with the far end by itself.
set -eu
inline=true
[ "$1" != --no-inline ] || {
	inline=false
	shift
}
program=$1 filter=$2 secs=$3 rounds=$4
shift 4
p=rlbench$$
far=far$$ # the sender's end: no other interface has this name, and no other kernel thread is named after it
work=$(mktemp -d)
end='' # process of the relay that runs

cleanup() {
	[ -z "$end" ] || kill "$end" 2>/dev/null || true
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
for tool in ip ethtool taskset chrt pgrep nft; do
	command -v "$tool" >/dev/null || skip "$tool is missing"
done
ip netns add "$p-root" 2>/dev/null || skip 'network namespaces cannot be made here'
ip netns add "$p-gun"
near() { ip netns exec "$p-root" "$@"; }
away() { ip netns exec "$p-gun" "$@"; }

ready() { # NAMESPACE INTERFACE NUMBER
	ip netns exec "$1" ethtool -K "$2" tx off rx off gso off gro off tso off >/dev/null 2>&1 || true
	ip -n "$1" addr add "10.99.0.$3/24" dev "$2"
	ip -n "$1" link set "$2" up
	ip -n "$1" link set lo up
}
ip link add eth0 netns "$p-root" type veth peer name "$far" netns "$p-gun"
ready "$p-root" eth0 1
ready "$p-gun" "$far" 2
root_mac=$(near cat /sys/class/net/eth0/address) far_mac=$(away cat "/sys/class/net/$far/address")
# Nobody answers ARP while DPDK has the port.
ip -n "$p-root" neigh replace 10.99.0.2 lladdr "$far_mac" dev eth0 nud permanent
ip -n "$p-gun" neigh replace 10.99.0.1 lladdr "$root_mac" dev "$far" nud permanent
away nft "table netdev bench { chain in { type filter hook ingress device \"$far\" priority 0; udp dport 9994 drop; }; }" ||
	skip 'nft cannot drop what has arrived'

# What has arrived is taken in by a thread of the far end's own on the sender's CPU, every 50 us, as a NIC on another machine
# would have it done; neither loop nor root pays for that, or for waking it.
far_by_itself() {
	away ethtool -K "$far" gro on >/dev/null && away sh -c "cd /sys/class/net/$far && echo 1 >threaded &&
		echo 50000 >gro_flush_timeout && echo 1000 >napi_defer_hard_irqs" || return 1
	thread=$(pgrep "^napi/$far-") && taskset -pc 0 "$thread" >/dev/null && chrt -f -p 1 "$thread"
}

# As a veth is by default: whoever sends takes his packets in at the other end as well, before his system call returns.
far_inline() {
	away sh -c "cd /sys/class/net/$far && echo 0 >threaded && echo 0 >gro_flush_timeout && echo 0 >napi_defer_hard_irqs"
	away ethtool -K "$far" gro off >/dev/null
}

# Whatever else runs here is to get in between as little as can be. Where each session is scheduled as a group, only the
# group's own niceness counts.
# shellcheck disable=SC2016
first='{ echo -15 >/proc/self/autogroup; } 2>/dev/null; exec nice -n -15 "$@"'

arrived() { away cat "/sys/class/net/$far/statistics/rx_packets"; }

# relay NAME COMMAND...: runs it at the one end and the sender at the other; it ends when no more packets come.
# What it prints, with what arrived in front, goes to $work/round/NAME.
relay() {
	name=$1
	shift
	# DPDK puts our worker on CPU 1 by itself.
	case $1 in
	plain | loop) pin='taskset -c 1' ;;
	*) pin='' ;;
	esac
	: >"$work/err"
	# shellcheck disable=SC2086
	near setsid sh -c "$first" first $pin "$program" "$@" 30 >"$work/out" 2>>"$work/err" &
	end=$!
	tries=0
	until grep -q '^bench_veth: ready' "$work/err" || [ $tries = 100 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	before=$(arrived)
	away setsid sh -c "$first" first taskset -c 0 "$program" gun "$secs" >/dev/null
	status=0
	wait "$end" || status=$?
	end=''
	[ $status = 0 ] || {
		tail -n 5 "$work/err" >&2
		return 1
	}
	echo "$(($(arrived) - before)) $(cat "$work/out")" >"$work/round/$name"
	grep '^bench_veth: ns' "$work/err" | sed "s/^bench_veth/bench: veth, $name/" >&2
}
dpdk() { # NAME PROGRAM KIND
	relay "$1" "$2" "af_$3:eth0" "$filter" "$far_mac"
}

cores() { "$program" cores; }

round() {
	rm -rf "$work/round"
	mkdir "$work/round"
	far_by_itself
	cores >"$work/round/cores"
	relay plain plain
	relay loop loop
	for kind; do
		[ "$kind" != xdp ] || dpdk bare bare xdp
		dpdk "$kind" root "$kind"
	done
	! $inline || round_inline "$@"
	cores >>"$work/round/cores"
}

round_inline() {
	far_inline
	relay inline_loop loop
	for kind; do
		dpdk "inline_$kind" root "$kind"
	done
}

# The host has moved our CPUs, nearer to each other or apart: what was measured before and after cannot be compared.
moved() { sort -n "$work/round/cores" | awk 'NR == 1 { least = $1 } END { exit !($1 > 1.7 * least) }'; }

far_by_itself || skip 'the kernel cannot take packets in by a thread (threaded NAPI)'
again=2
for _ in $(seq "$rounds"); do
	round "$@"
	while moved && [ $again -gt 0 ]; do
		echo 'bench: veth: the host has moved our CPUs; this round is done again' >&2
		again=$((again - 1))
		round "$@"
	done
	for result in "$work"/round/*; do
		cat "$result" >>"$work/${result##*/}"
	done
done

median() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
value() { awk -v i="$2" '{ print $i }' "$work/$1" | median; } # NAME COLUMN
per_s() { value "$1" 1 | awk -v s="$secs" '{ printf "%.0f", $1 / s }'; }
ns() { value "$1" "${2:-3}"; }
# Of each round, as the CPUs may be nearer to each other in one than in the next.
ratio() { cut -d ' ' -f 3 "$work/$1" | paste -d ' ' - "$work/$2" | awk '{ printf "%.3g\n", $1 / $4 }' | median; }
figure() { # NAME TITLE VALUE UNIT LIMIT
	printf '{"name": "%s", "title": "%s", "value": %s, "unit": "%s", "limit": %s}\n' "$@"
}
pair() { # RESULT TITLE: its two figures
	figure "veth_$1_pps" "veth, $2, relay 100 B" "$(per_s "$1")" 1/s null
	figure "veth_$1_ns" "veth, $2, CPU a packet" "$(ns "$1")" ns null
}

figure veth_cores_ns 'veth, a cache line to the other CPU and back' "$(ns cores 1)" ns null
pair plain 'kernel-socket loop, packet by packet'
pair loop 'kernel-socket loop, batches of 64'
! $inline || pair inline_loop 'far end inline, kernel-socket loop'
for kind; do
	title="AF_$(echo "$kind" | tr '[:lower:]' '[:upper:]')"
	limit=null
	if [ "$kind" = xdp ]; then
		pair bare "$title, port alone"
		limit=$(ratio loop bare)
	fi
	pair "$kind" "$title"
	figure "veth_${kind}_rx_ns" "veth, $title, of it receiving" "$(ns "$kind" 4)" ns null
	figure "veth_${kind}_core_ns" "veth, $title, of it the core" "$(ns "$kind" 5)" ns null
	figure "veth_${kind}_tx_ns" "veth, $title, of it sending" "$(ns "$kind" 6)" ns null
	figure "veth_${kind}_ratio" "veth, $title: CPU of the loop over its own" "$(ratio loop "$kind")" x "$limit"
	$inline || continue
	pair "inline_$kind" "far end inline, $title"
	figure "veth_inline_${kind}_ratio" "veth, far end inline, $title: CPU of the loop over its own" \
		"$(ratio inline_loop "inline_$kind")" x null
done
