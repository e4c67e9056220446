// SPDX-License-Identifier: BSD-3-Clause
// What a packet that is sent is counted as, and whether an answer is due.
#pragma once

#include <stdbool.h>

// Identifier, name in reports, is an answer expected
#define CLASSES(X)                                \
	X(HELLO, "HELLO", true)                   \
	X(WHOIS, "WHOIS", true)                   \
	X(ECHO, "ECHO", true)                     \
	X(LIKE, "MULTICAST_LIKE", false)          \
	X(GATHER, "MULTICAST_GATHER", true)       \
	X(RELAY, "relayed packet", true)          \
	X(FRAGMENT, "relayed fragment", true)     \
	X(CONFIG, "NETWORK_CONFIG_REQUEST", true) \
	X(OTHER, "other verbs", false)            \
	X(HOSTILE, "hostile", false)              \
	X(FOREIGN, "of unknown nodes", false)

enum shot_class {
#define X(id, name, answered) CLASS_##id,
	CLASSES(X)
#undef X
		CLASS_COUNT,
};

const char *class_text(enum shot_class c);
bool class_answered(enum shot_class c);
