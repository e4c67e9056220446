#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Links between members over real nats-servers: exchange, questions, servers that are killed, frozen, silent, too strict
# or not to be trusted.
#
#   namespace of its own, loopback only
#     nats_link: members 1 and 2 --- nats-server 127.0.0.1:4222 (and 4223), started and killed by nats_link itself
#     and as `rootline-cli cluster init` wants it:
#       member 1 --- 127.0.0.1:4222, gateway 127.0.0.2:7222 === 127.0.0.3:7222, 127.0.0.1:4223 --- member 2
#                                                           === 127.0.0.4:7222, 127.0.0.1:4224 --- member 3
#
# Arguments: rootline-cli, nats_link; scenarios of it (all).

set -u -o pipefail
CLI=$1 NATS_LINK=$2

# shellcheck source=tests/smoke/_nats.sh
. "$(dirname "$0")/_nats.sh"

for name in alice other; do
	"$CLI" cluster init "$WORK/$name" --name alice --member a=1,1,127.0.0.2/9993 --member b=2,2,127.0.0.3/9993 \
		--member c=3,3,127.0.0.4/9993 >/dev/null || exit 1
done
# Their servers, moved so that all are on one machine.
port=4222
for name in a b c; do
	sed "s|/etc/rootline|$WORK/alice/$name|; s|127.0.0.1:4222|127.0.0.1:$port|" \
		"$WORK/alice/$name/nats/nats-server.conf" >"$WORK/alice/$name.conf"
	port=$((port + 1))
done
LSAN_OPTIONS="suppressions=$(dirname "$0")/lsan.supp:print_suppressions=0" \
	TSAN_OPTIONS="suppressions=$(dirname "$0")/tsan.supp:print_suppressions=0" \
	"$NATS_LINK" "$WORK" "$WORK/alice" "$WORK/other" "${@:3}"
