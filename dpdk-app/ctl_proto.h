// SPDX-License-Identifier: BSD-3-Clause
// What rootline and rootline-cli say to each other over the control socket: lines of JSON. Both
// sides include this; it needs nothing else.
//
// Request, one line:   {"cmd":"peers"}   {"cmd":"peers","address":"82baeaf349"}
//                      {"cmd":"geoip","ip":"192.0.2.1"}
// Answer: for "peers" one line for each peer, {"peer":{...},"clock":...}; then, always, one last
// line:
//   {"ok":true,"result":...}   or   {"ok":false,"error":"what is wrong"}
// A connection may carry several requests, answered in turn. Names and units of the stock node's
// HTTP interface are kept where it has the same thing:
//   info      address publicIdentity version versionMajor versionMinor versionRev online clock
//   uptime
//             planetWorldId planetWorldTimestamp moons ports udpPorts addresses workers peers
//             maxPeers
//   peer      address version versionMajor versionMinor versionRev protocol latency role firstSeen
//             lastReceive paths[address lastReceive active expired preferred]
//   drops     [{name count help}], every reason, in the order of root/drop.h
//   counters  [{name count help}]; verbs as verb_NAME
//   geoip     ip known, and if it is: latitude longitude file
// Times are ms of Unix time, latency ms (-1: unknown), uptime seconds.
#pragma once

enum {
	CTL_REQUEST_MAX = 512,         // bytes of a request with its newline
	CTL_ANSWER_LINE_MAX = 1 << 20, // no line of an answer is longer
};

#define CTL_SOCKET_NAME "rootline.sock" // in the state directory
#define CTL_STATE_DIR   "/var/lib/rootline"
