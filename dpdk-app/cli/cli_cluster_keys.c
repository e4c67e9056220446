// SPDX-License-Identifier: BSD-3-Clause
// Keys of a cluster that are not for TLS: the one that all members share, and one of each member
// that it signs with, Ed25519. What was there already is kept.
#include "dpdk-app/cli/cli_cluster.h"
#include "dpdk-app/cli/cli_tls.h"

#include <openssl/evp.h>
#include <string.h>

void cli_cluster_hex(char *text, const uint8_t *bytes, size_t len)
{
	*text = 0;
	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

// The seed and then the public key, as the config wants it.
static bool new_pair(uint8_t secret[static CONFIG_SECRET_BYTES])
{
	size_t seed = CONFIG_KEY_BYTES, public = CONFIG_KEY_BYTES;
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	bool fine = key && EVP_PKEY_get_raw_private_key(key, secret, &seed) == 1 &&
		    EVP_PKEY_get_raw_public_key(key, secret + CONFIG_KEY_BYTES, &public) == 1 &&
		    seed + public == CONFIG_SECRET_BYTES;
	EVP_PKEY_free(key);
	return fine;
}

// All zero means "none" to the config.
static bool new_id(char text[static CONFIG_ID_MAX])
{
	uint8_t id[(CONFIG_ID_MAX - 1) / 2];
	do {
		if (!cli_tls_random(id, sizeof(id)))
			return false;
		cli_cluster_hex(text, id, sizeof(id));
	} while (strspn(text, "0") == CONFIG_ID_MAX - 1);
	return true;
}

static bool new_member(struct cli_cluster *c, unsigned i)
{
	struct config_member *m = &c->members.v[i];
	if (!new_pair(c->secret[i]))
		return false;
	cli_cluster_hex(m->public_key, c->secret[i] + CONFIG_KEY_BYTES, CONFIG_KEY_BYTES);
	c->signs[i] = true;
	return true;
}

bool cli_cluster_keys(struct cli_cluster *c, FILE *err)
{
	bool fine = c->from || (new_id(c->cluster_id) && cli_tls_random(c->key, sizeof(c->key)));
	for (unsigned i = c->old_members; fine && i < c->members.count; i++)
		fine = new_member(c, i);
	if (!fine)
		fputs("rootline-cli: no keys could be made: libcrypto has no random numbers\n",
		      err);
	return fine;
}

void cli_cluster_wipe(struct cli_cluster *c)
{
	explicit_bzero(c->key, sizeof(c->key));
	explicit_bzero(c->secret, sizeof(c->secret));
}
