// SPDX-License-Identifier: BSD-3-Clause
// Numbers of the ZeroTier wire, on one page. Sections are those of
// docs/protocol.md: 2.1 header, 3.1 fragments, 4 verbs, 5 objects, 7 constants.
#pragma once

enum {
	ZT_PORT = 9993,
	ZT_ADDRESS_LEN = 5,
	ZT_ADDRESS_RESERVED = 0xff, // first byte of an address that may not exist; marks a fragment

	// Header, 2.1
	ZT_AT_ID = 0,
	ZT_AT_TO = 8,
	ZT_AT_FROM = 13,
	ZT_AT_FLAGS = 18,
	ZT_AT_MAC = 19,
	ZT_AT_VERB = 27,
	ZT_AT_PAYLOAD = 28,
	ZT_HDR_LEN = 28,
	ZT_MAC_LEN = 8,

	ZT_FLAG_ENCRYPTED = 0x80, // suite 1: legacy mark; suite 0: encrypted HELLO (4.3.4)
	ZT_FLAG_FRAGMENTED = 0x40,
	ZT_SUITE_MASK = 0x38,
	ZT_SUITE_SHIFT = 3,
	ZT_HOPS_MASK = 0x07,

	ZT_SUITE_POLY1305 = 0,       // authenticated only
	ZT_SUITE_SALSA_POLY1305 = 1, // authenticated and encrypted
	ZT_SUITE_TRUSTED = 2,        // no protection at all: never accepted here
	ZT_SUITE_AES_GMAC_SIV = 3,

	ZT_VERB_MASK = 0x1f,
	ZT_VERB_COMPRESSED = 0x80,

	// Fragments, 3.1
	ZT_FRAG_AT_MARK = 13,
	ZT_FRAG_AT_COUNT = 14,
	ZT_FRAG_AT_HOPS = 15,
	ZT_FRAG_HDR_LEN = 16,
	ZT_FRAG_MAX = 7, // pieces of one packet, the head included

	ZT_MTU = 1432,         // UDP payload a packet is cut to
	ZT_PACKET_MAX = 10024, // whole or reassembled
	ZT_DATAGRAM_MIN = 17,  // shorter ones are beacons or noise

	// Identities, 1
	ZT_PUBLIC_LEN = 64,
	ZT_PRIVATE_LEN = 64,
	ZT_IDENTITY_LEN = 71, // binary, without its secret
	ZT_SIGNATURE_LEN = 96,
	ZT_WORK_MEMORY = 2097152,
	ZT_WORK_LIMIT = 17,

	// Worlds, 5.3
	ZT_WORLD_PLANET = 1,
	ZT_WORLD_MOON = 127,
	ZT_WORLD_ROOTS_MAX = 4,
	ZT_WORLD_ENDPOINTS_MAX = 32,
	ZT_WORLD_MAX = 8480,
	ZT_WORLD_ID_EARTH = 149604618,
	ZT_WORLD_ID_MARS = 227883110,

	ZT_PROTO_SELF = 12, // announced: suite 3 is opened and used
	ZT_PROTO_MIN = 4,   // older ones are not answered
	ZT_PROTO_AES = 12,  // opens suite 3

	// What a HELLO may bring, 4.3.1
	ZT_HELLO_AT_CLOCK = 33,
	ZT_HELLO_AT_IDENTITY = 41,
	ZT_HELLO_AT_PHYSICAL = 112,
	ZT_XHELLO_KEY_LEN = 32, // ephemeral key behind an encrypted HELLO
};

_Static_assert(ZT_HDR_LEN == 8 + 5 + 5 + 1 + 8 + 1, "header fields add up");
_Static_assert(ZT_FRAG_HDR_LEN == 8 + 5 + 1 + 1 + 1, "fragment header fields add up");
_Static_assert(ZT_PACKET_MAX == ZT_FRAG_MAX * ZT_MTU, "largest packet is what seven pieces carry");

enum zt_verb {
	ZT_VERB_NOP = 0x00,
	ZT_VERB_HELLO = 0x01,
	ZT_VERB_ERROR = 0x02,
	ZT_VERB_OK = 0x03,
	ZT_VERB_WHOIS = 0x04,
	ZT_VERB_RENDEZVOUS = 0x05,
	ZT_VERB_FRAME = 0x06,
	ZT_VERB_EXT_FRAME = 0x07,
	ZT_VERB_ECHO = 0x08,
	ZT_VERB_MULTICAST_LIKE = 0x09,
	ZT_VERB_NETWORK_CREDENTIALS = 0x0a,
	ZT_VERB_NETWORK_CONFIG_REQUEST = 0x0b,
	ZT_VERB_NETWORK_CONFIG = 0x0c,
	ZT_VERB_MULTICAST_GATHER = 0x0d,
	ZT_VERB_MULTICAST_FRAME = 0x0e,
	ZT_VERB_PUSH_DIRECT_PATHS = 0x10,
	ZT_VERB_ACK = 0x12,
	ZT_VERB_QOS_MEASUREMENT = 0x13,
	ZT_VERB_USER_MESSAGE = 0x14,
	ZT_VERB_REMOTE_TRACE = 0x15,
	ZT_VERB_PATH_NEGOTIATION_REQUEST = 0x16,
	ZT_VERB_COUNT = 0x20,
};

enum zt_error {
	ZT_ERROR_INVALID_REQUEST = 1,
	ZT_ERROR_BAD_PROTOCOL_VERSION = 2,
	ZT_ERROR_OBJ_NOT_FOUND = 3,
	ZT_ERROR_IDENTITY_COLLISION = 4,
	ZT_ERROR_UNSUPPORTED_OPERATION = 5,
};
