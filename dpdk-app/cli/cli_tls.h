// SPDX-License-Identifier: BSD-3-Clause
// An authority of one's own and certificates signed by it, for the links between members. Keys are
// ECDSA on P-256. One thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum {
	CLI_TLS_CA_DAYS = 3650,
	CLI_TLS_DAYS = 730,
	CLI_TLS_PEM_MAX = 4096, // bytes of a key or certificate as text, its zero included
};

struct cli_tls; // an authority

struct cli_tls_pair {
	char certificate[CLI_TLS_PEM_MAX];
	char key[CLI_TLS_PEM_MAX]; // secret: cli_tls_wipe it
	time_t until;              // when the certificate ends
};

// A new authority for the cluster of this name. NULL: libcrypto failed.
struct cli_tls *cli_tls_new(const char *cluster, struct cli_tls_pair *self);
// One that exists, from its PEM texts; until: when it ends. NULL: that is no authority with its
// key.
struct cli_tls *cli_tls_load(const char *cluster, const char *certificate, const char *key,
			     time_t *until);
// A new key and its certificate, which ends with the authority at the latest. san: what its peers
// may know it as, as "DNS:amsterdam,IP:192.0.2.1", or NULL. server: it serves TLS and is a client
// of other servers; else a client alone. False: libcrypto failed.
bool cli_tls_issue(const struct cli_tls *ca, const char *name, const char *san, bool server,
		   struct cli_tls_pair *pair);
void cli_tls_free(struct cli_tls *ca); // NULL is fine
void cli_tls_wipe(struct cli_tls_pair *pair);
// Random bytes for a key. False: there are none.
bool cli_tls_random(void *bytes, size_t len);
