// SPDX-License-Identifier: BSD-3-Clause
// Sets what the core sent in a replay beside what the recorded root sent, field by field. Every
// difference must be one that a row of the table in test_replay.c says is meant.
#pragma once

#include "tests/vectors/replay.h"

enum compare_side {
	COMPARE_FIELD,  // both sent it, a field differs
	COMPARE_OURS,   // only the core sent it
	COMPARE_THEIRS, // only the recorded root sent it
};

enum {
	COMPARE_RELAY = 0x40, // "verb" of what was relayed
	COMPARE_ANY = 0xff,
};

// One kind of difference that is meant.
struct compare_meant {
	enum compare_side side;
	int kind; // enum replay_kind, or -1 for both
	uint8_t verb;
	uint8_t in_verb;   // for OK and ERROR
	const char *field; // COMPARE_FIELD only
	// NULL: always. Else it must hold for this very difference; the absent one is NULL.
	bool (*holds)(const struct replay *r, const struct replay_sent *ours,
		      const struct replay_sent *theirs);
	const char *why;
	unsigned hits; // counted here
};

// Returns how many differences no row covers; each is reported on stderr. *compared counts what
// both sent.
unsigned compare(struct replay *r, struct compare_meant *meant, unsigned rows, unsigned *compared);
