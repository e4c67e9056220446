// SPDX-License-Identifier: BSD-3-Clause
// Every reason a packet ends here: one list gives the enum, the names of the counters (CLI,
// metrics) and the sentences of the manual. Those that start with FRAME_ or PORT_ are counted by
// the appliance.
#pragma once

// clang-format off
#define RL_DROPS(X) \
	X(NONE, "none", "not dropped") \
	X(TOO_SHORT, "too_short", "shorter than the smallest packet or fragment") \
	X(TOO_LONG, "too_long", "longer than the largest packet") \
	X(BEACON, "beacon", "LAN beacon of an ancient node") \
	X(BAD_SOURCE, "bad_source", "source address is reserved or our own") \
	X(BAD_SUITE, "bad_suite", "trusted path or unknown cipher suite") \
	X(RATE_RELAY, "rate_relay", "source over its budget for relayed packets") \
	X(RATE_KNOWN, "rate_known", "source over its budget for packets to the root") \
	X(RATE_MEMBER, "rate_member", "member or sibling over its budgets for what it passes on") \
	X(RATE_STRANGER, "rate_stranger", "prefix over its budget for HELLO of unknown nodes") \
	X(RATE_ENCRYPTED, "rate_encrypted", "prefix over its budget for encrypted HELLO") \
	X(RATE_VALIDATE, "rate_validate", "prefix over its budget for identity validations") \
	X(RATE_PEER, "rate_peer", "peer over its budget for one verb") \
	X(RATE_SIBLING, "rate_sibling", "sibling over its budget for packets to the root") \
	X(RATE_GUESS, "rate_guess", "destination unknown, and source over its budget for guesses that a sibling knows it") \
	X(HOPS, "hops", "relayed too often already") \
	X(NO_PEER, "no_peer", "destination unknown") \
	X(NO_PATH, "no_path", "destination known, but no proven path heard lately") \
	X(NOBODY, "nobody", "destination unknown, to the siblings too") \
	X(FROM_SIBLING, "from_sibling", "passed on by a sibling, and for nobody here") \
	X(FRAG_BAD, "frag_bad", "fragment with an impossible number, or pieces that do not fit") \
	X(FRAG_LOST, "frag_lost", "incomplete packet given up") \
	X(UNKNOWN_SOURCE, "unknown_source", "for the root, from a node that has not said HELLO") \
	X(BAD_MAC, "bad_mac", "message authentication failed") \
	X(BAD_LZ4, "bad_lz4", "compressed payload does not expand") \
	X(HELLO_MALFORMED, "hello_malformed", "HELLO that does not parse") \
	X(HELLO_OLD, "hello_old", "HELLO of a protocol version before 4") \
	X(HELLO_NOT_SENDER, "hello_not_sender", "HELLO whose identity is not its source") \
	X(HELLO_AGAIN, "hello_again", "HELLO of a peer beyond its budget") \
	X(ID_INVALID, "id_invalid", "identity whose address is not the derived one") \
	X(ID_KNOWN_BAD, "id_known_bad", "identity that failed validation a short while ago") \
	X(ID_WEAK_KEY, "id_weak_key", "key agreement gave the all-zero secret") \
	X(PEERS_FULL, "peers_full", "peer table full of live peers") \
	X(ADMISSION_FULL, "admission_full", "admission queue full: the client repeats in 5 s") \
	X(MEMBER_FULL, "member_full", "keepalive of another member: too many wait") \
	X(MALFORMED, "malformed", "payload of a verb that does not parse") \
	X(GROUPS_FULL, "groups_full", "multicast subscription beyond a limit") \
	X(WAYS_FULL, "ways_full", "address proven, but no room to store the way to it") \
	X(WITHHELD, "withheld", "answer withheld: the client is being moved to another member") \
	X(UNPROVEN, "unproven", "answer withheld: larger than the request, address not proven") \
	X(NO_ANSWER, "no_answer", "question without an answer here: WHOIS or GATHER of something unknown") \
	X(IGNORED, "ignored", "verb a root does not act on") \
	X(OUTBOX_FULL, "outbox_full", "extra packet not sent: out-box of the burst full") \
	X(FRAME_NOT_OURS, "frame_not_ours", "not UDP to one of our addresses and ports: the kernel's") \
	X(FRAME_IP_FRAGMENT, "frame_ip_fragment", "IP fragment") \
	X(FRAME_IP_OPTIONS, "frame_ip_options", "IPv4 options that do not fit the header") \
	X(FRAME_IP6_EXTENSION, "frame_ip6_extension", "IPv6 extension header that is not handled") \
	X(FRAME_MALFORMED, "frame_malformed", "lengths of Ethernet, IP and UDP disagree") \
	X(FRAME_CHECKSUM, "frame_checksum", "wrong IP or UDP checksum") \
	X(FRAME_SOURCE, "frame_source", "source address or port that cannot be answered") \
	X(PORT_TX_FULL, "port_tx_full", "transmit ring full") \
	X(PORT_NO_BUFFER, "port_no_buffer", "no buffer for an extra packet")
// clang-format on

enum rl_drop {
#define X(name, text, help) RL_DROP_##name,
	RL_DROPS(X)
#undef X
		RL_DROP_COUNT
};

const char *rl_drop_name(enum rl_drop d); // "bad_mac"
const char *rl_drop_help(enum rl_drop d); // the sentence
