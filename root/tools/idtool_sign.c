// SPDX-License-Identifier: BSD-3-Clause
// sign and verify.
#include "root/tools/file.h"
#include "root/tools/idtool.h"
#include "root/tools/say.h"

#include <sodium.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A file of any size, read whole. NULL after a message.
static char *message_of(const char *path, size_t *len)
{
	FILE *in = fopen(path, "rb"), *out;
	char part[65536], *data = NULL;
	bool good = in != NULL;
	size_t n;

	out = open_memstream(&data, len);
	while (good && out && (n = fread(part, 1, sizeof(part), in)) > 0)
		good = fwrite(part, 1, n, out) == n;
	good = good && !ferror(in);
	good = out && fclose(out) == 0 && good;
	if (in)
		fclose(in);
	if (good)
		return data;
	fprintf(stderr, "%s is not readable\n", path);
	free(data);
	return NULL;
}

int idtool_sign(int argc, char **argv)
{
	uint8_t sig[ZT_SIGNATURE_LEN];
	char hex[2 * ZT_SIGNATURE_LEN + 1], *data;
	struct rl_identity id;
	struct rl_secret secret;
	bool has_secret;
	size_t len;
	int ret;

	(void)argc;
	if (!idtool_identity_or_complain(argv[0], &id, &secret, &has_secret))
		return 1;
	if (!has_secret) {
		say_error("%s is public: it takes the secret identity to sign", argv[0]);
		return 1;
	}
	// A signature of a key that is not the address's own would convince nobody.
	if (!rl_identity_matches(&id, &secret)) {
		say_error("the private key in %s does not belong to its public key", argv[0]);
		return 1;
	}
	data = message_of(argv[1], &len);
	if (!data)
		return 1;
	ret = rl_sign(secret.key, data, len, sig);
	free(data);
	sodium_memzero(&secret, sizeof(secret));
	if (ret < 0)
		return 1;
	fputs(sodium_bin2hex(hex, sizeof(hex), sig, sizeof(sig)), stdout);
	return 0;
}

// Hex on the command line, or a file that holds it.
static bool parse_signature(const char *text, uint8_t sig[static ZT_SIGNATURE_LEN])
{
	const char *end = text;
	size_t len = 0;

	return sodium_hex2bin(sig, ZT_SIGNATURE_LEN, text, strlen(text), NULL, &len, &end) == 0 &&
	       len == ZT_SIGNATURE_LEN && end[strspn(end, "\r\n")] == '\0';
}

static bool signature_of(const char *arg, uint8_t sig[static ZT_SIGNATURE_LEN])
{
	char text[2 * ZT_SIGNATURE_LEN + 3];
	size_t len = 0;

	if (parse_signature(arg, sig))
		return true;
	if (file_read(arg, text, sizeof(text) - 1, &len) < 0)
		return false;
	text[len] = '\0';
	return strlen(text) == len && parse_signature(text, sig);
}

int idtool_verify(int argc, char **argv)
{
	uint8_t sig[ZT_SIGNATURE_LEN];
	struct rl_identity id;
	bool good;
	size_t len;
	char *data;

	(void)argc;
	if (!idtool_identity_or_complain(argv[0], &id, NULL, NULL))
		return 1;
	data = message_of(argv[1], &len);
	if (!data)
		return 1;
	good = signature_of(argv[2], sig) && rl_verify(id.public_key, data, len, sig, sizeof(sig));
	free(data);
	fprintf(good ? stdout : stderr,
		good ? "%s signature valid\n" : "%s signature check FAILED\n", argv[1]);
	return good ? 0 : 1;
}
