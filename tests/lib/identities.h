// SPDX-License-Identifier: BSD-3-Clause
// Reader of tests/lib/identities.txt: 2 100 valid throwaway identities with their secrets, one a
// line in the text form of docs/protocol.md 1.2.
#pragma once

#include "root/identity.h"

struct test_identity {
	struct rl_identity id;
	struct rl_secret secret;
};

// Reads at most max of them from path (usually IDENTITIES_FILE, which the build defines), leaving
// out the first `skip`. The number read, or -errno; -EINVAL: a line that is no identity. *list is
// allocated; free it.
int identities_load(const char *path, unsigned skip, unsigned max, struct test_identity **list);
// The public part of the one in an identity file.
bool identity_load(const char *path, struct rl_identity *id);
