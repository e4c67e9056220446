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
for family in 4 6; do
	sim $family verbs ignored multicast suites fragments worlds badmac unproven sizes relay
done
sim 4 frames
sim 4 forged
sim 6 forged
sim 46 worlds relay rendezvous
sim 4 rebind
sim 6 rebind
sim 46 lost6

check "rootline is still the same process" kill -0 "$ROOT_PID"
ok "$(kernel_refusals)" "the kernel refused nothing ($(kernel_refusals))"
finish
