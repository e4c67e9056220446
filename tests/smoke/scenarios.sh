#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# All that simulated nodes ask of a running root (sim_client names the scenarios), by IPv4, by IPv6
# and by both. Argument: af_packet or af_xdp.
#
#   [root: rootline on KIND:eth0] ==== veth ==== [cli: up to 60 nodes, one address each]

SMOKE_DIR=${SMOKE_DIR:-$(dirname "$0")}
# shellcheck source=tests/smoke/_init.sh
. "$SMOKE_DIR/_init.sh"
KIND=$1
setup
start_root "$KIND" may-skip

sim 4 crowd
sim 6 crowd

# These wait most of the time, so they go on beside the others, with other identities.
background=()
SKIP_IDS=1800
for slow in "46 rendezvous" "4 forged" "6 forged" "46 lost6"; do
	# shellcheck disable=SC2086
	sim $slow >"$WORK/sim.${#background[@]}" 2>&1 &
	background+=($!)
	PIDS+=($!)
	SKIP_IDS=$((SKIP_IDS + 10))
done
SKIP_IDS=300

for family in 4 6; do
	sim $family verbs ignored multicast suites fragments worlds badmac unproven sizes relay
done
sim 4 frames
sim 46 worlds relay
sim 4 rebind
sim 6 rebind

for i in "${!background[@]}"; do
	wait "${background[i]}"
	status=$?
	cat "$WORK/sim.$i"
	ok $status "beside the others: $(head -n 1 "$WORK/sim.$i")"
done
check "rootline is still the same process" kill -0 "$ROOT_PID"
ok "$(kernel_refusals)" "the kernel refused nothing ($(kernel_refusals))"
finish
