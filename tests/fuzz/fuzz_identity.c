// SPDX-License-Identifier: BSD-3-Clause
// Identities and addresses, as text and as bytes: what is taken must come out the same again.
#include "root/identity.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void text(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1);
	char out[RL_IDENTITY_SECRET_TEXT];
	struct rl_identity id, again;
	struct rl_secret secret, secret_again;
	uint64_t address;

	memcpy(copy, data, size);
	copy[size] = 0;
	if (rl_identity_parse(&id, &secret, copy) == 0) {
		rl_identity_text(&id, &secret, out);
		if (rl_identity_parse(&again, &secret_again, out) ||
		    !rl_identity_equal(&id, &again) ||
		    memcmp(&secret, &secret_again, sizeof(secret)))
			abort();
	}
	if (rl_identity_parse(&id, NULL, copy) == 0) {
		rl_identity_text(&id, NULL, out);
		if (rl_identity_parse(&again, NULL, out) || rl_identity_compare(&id, &again))
			abort();
	}
	if (rl_address_parse(&address, copy) == 0 && !rl_address_ok(address))
		abort();
	free(copy);
}

static void binary(const uint8_t *data, size_t size)
{
	struct rl_reader r = rl_reader(data, size);
	uint8_t out[ZT_IDENTITY_LEN];
	struct rl_writer w = rl_writer(out, sizeof(out));
	struct rl_identity id;

	rl_identity_get(&r, &id);
	if (r.bad)
		return;
	rl_identity_put(&w, &id);
	if (w.bad || memcmp(out, data, ZT_IDENTITY_LEN - 1) || out[ZT_IDENTITY_LEN - 1])
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	text(data, size);
	binary(data, size);
	return 0;
}
