// SPDX-License-Identifier: BSD-3-Clause
// rootline-idtool: identities of nodes, and moons.
#include "root/tools/idtool.h"
#include "root/tools/file.h"
#include "root/tools/say.h"

#include <sodium.h>

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct verb {
	const char *name;
	int least;        // arguments needed
	int short_status; // exit code if there are fewer
	const char *args;
	const char *summary;
	int (*run)(int argc, char **argv);
};

static bool is_literal(const char *arg)
{
	return strlen(arg) > 32 && arg[10] == ':';
}

static bool parse_identity(const char *text, struct rl_identity *id, struct rl_secret *secret,
			   bool *has_secret)
{
	struct rl_secret own = {0};
	struct rl_identity whole;

	if (rl_identity_parse(id, NULL, text) < 0)
		return false;
	if (has_secret)
		*has_secret = rl_identity_parse(&whole, &own, text) == 0;
	if (secret)
		*secret = own;
	sodium_memzero(&own, sizeof(own));
	return true;
}

bool idtool_identity(const char *arg, struct rl_identity *id, struct rl_secret *secret,
		     bool *has_secret)
{
	char text[RL_IDENTITY_SECRET_TEXT + 2]; // a line end and the zero
	size_t len = 0;
	bool good;

	if (is_literal(arg))
		return parse_identity(arg, id, secret, has_secret);
	if (file_read(arg, text, sizeof(text) - 1, &len) < 0)
		return false;
	text[len] = '\0';
	good = strlen(text) == len && parse_identity(text, id, secret, has_secret);
	sodium_memzero(text, sizeof(text));
	return good;
}

bool idtool_identity_or_complain(const char *arg, struct rl_identity *id, struct rl_secret *secret,
				 bool *has_secret)
{
	if (idtool_identity(arg, id, secret, has_secret))
		return true;
	fprintf(stderr, "Identity argument invalid or file unreadable: %s\n", arg);
	return false;
}

// The upper bits of an address from its first hex digits.
static int parse_vanity(const char *text, uint64_t *value, unsigned *bits)
{
	size_t n = strlen(text);

	*value = 0;
	*bits = (unsigned)n * 4;
	if (n > 10)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		if (!isxdigit((unsigned char)text[i]))
			return -EINVAL;
		*value = *value << 4 | (uint64_t)strtoul((char[]){text[i], 0}, NULL, 16);
	}
	*value <<= 40 - *bits;
	return n >= 2 && (*value >> 32) == 0xff ? -EINVAL : n == 10 && *value == 0 ? -EINVAL : 0;
}

// About fifteen tries make one identity; a line each would flood the terminal.
static bool progress(void *ctx)
{
	uint64_t *tries = ctx;

	if (++*tries % 256 == 0 && isatty(STDERR_FILENO))
		fprintf(stderr, "\rvanity address: %" PRIu64 " keys tried", *tries);
	return true;
}

static int make_identity(struct rl_identity *id, struct rl_secret *secret, const char *vanity)
{
	struct rl_scratch *scratch;
	uint64_t value = 0, tries = 0;
	unsigned bits = 0;
	int ret;

	if (vanity && parse_vanity(vanity, &value, &bits) < 0) {
		say_error("%s cannot begin an address: give up to ten hex digits, not ff and not "
			  "all 0",
			  vanity);
		return -EINVAL;
	}
	scratch = rl_scratch_new();
	if (!scratch) {
		say_error("not enough memory");
		return -ENOMEM;
	}
	ret = rl_identity_generate(scratch, id, secret, value, bits, bits ? progress : NULL,
				   &tries);
	rl_scratch_free(scratch);
	if (ret < 0)
		say_error("no identity was made: %s", strerror(-ret));
	else if (bits)
		fprintf(stderr, "%svanity address: found %010" PRIx64 " !\n",
			tries >= 256 && isatty(STDERR_FILENO) ? "\r" : "", id->address);
	return ret;
}

// Each file is replaced whole, as the stock tool does; a secret is for its owner's eyes only.
static bool write_identity(const char *path, const struct rl_identity *id,
			   const struct rl_secret *secret)
{
	char text[RL_IDENTITY_SECRET_TEXT];
	int ret;

	rl_identity_text(id, secret, text);
	ret = file_replace(path, text, strlen(text), secret ? 0600 : 0644);
	sodium_memzero(text, sizeof(text));
	if (ret < 0)
		fprintf(stderr, "Error writing to %s\n", path);
	else
		printf("%s written\n", path);
	return ret == 0;
}

static int generate(int argc, char **argv)
{
	char text[RL_IDENTITY_SECRET_TEXT];
	struct rl_identity id;
	struct rl_secret secret;
	bool good = true;

	if (make_identity(&id, &secret, argc > 2 ? argv[2] : NULL) < 0)
		return 1;
	if (argc == 0)
		fputs(rl_identity_text(&id, &secret, text), stdout);
	else
		good = write_identity(argv[0], &id, &secret);
	if (good && argc > 1)
		good = write_identity(argv[1], &id, NULL);
	sodium_memzero(&secret, sizeof(secret));
	sodium_memzero(text, sizeof(text));
	return good ? 0 : 1;
}

static int validate(int argc, char **argv)
{
	struct rl_identity id;
	struct rl_scratch *scratch;
	bool valid;

	(void)argc;
	if (!idtool_identity_or_complain(argv[0], &id, NULL, NULL))
		return 1;
	scratch = rl_scratch_new();
	if (!scratch) {
		say_error("not enough memory");
		return 1;
	}
	valid = rl_identity_validate(scratch, &id);
	rl_scratch_free(scratch);
	fprintf(valid ? stdout : stderr,
		valid ? "%s is a valid identity\n" : "%s FAILED validation.\n", argv[0]);
	return valid ? 0 : 1;
}

static int getpublic(int argc, char **argv)
{
	char text[RL_IDENTITY_SECRET_TEXT];
	struct rl_identity id;

	(void)argc;
	if (!idtool_identity_or_complain(argv[0], &id, NULL, NULL))
		return 1;
	fputs(rl_identity_text(&id, NULL, text), stdout);
	return 0;
}

// initmoon and genmoon without an argument end with 0: so does the stock tool.
static const struct verb verbs[] = {
	{"generate", 0, 1, "[SECRET-FILE [PUBLIC-FILE [VANITY]]]", "make an identity", generate},
	{"validate", 1, 1, "IDENTITY", "check that the address follows from the key", validate},
	{"getpublic", 1, 1, "IDENTITY", "print the public part", getpublic},
	{"sign", 2, 1, "IDENTITY FILE", "sign a file with a secret identity", idtool_sign},
	{"verify", 3, 1, "IDENTITY FILE SIGNATURE", "check such a signature", idtool_verify},
	{"initmoon", 1, 0, "IDENTITY", "print a moon's JSON with new keys", idtool_initmoon},
	{"genmoon", 1, 0, "MOON.json", "sign it into <ID>.moon here", idtool_genmoon},
};

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static int usage(int status)
{
	puts("rootline-idtool " ROOTLINE_VERSION "\nusage: rootline-idtool VERB [ARGUMENTS]\n");
	for (size_t i = 0; i < N_VERBS; i++)
		printf("  %-9s %-36s %s\n", verbs[i].name, verbs[i].args, verbs[i].summary);
	puts("\nIDENTITY is the text itself or a file that holds it. Exit status: 0 done or yes, 1 "
	     "failed,\n"
	     "no, or called wrongly.");
	return status;
}

int main(int argc, char **argv)
{
	int status;

	if (sodium_init() < 0) {
		say_error("libsodium does not start");
		return 1;
	}
	if (argc < 2)
		return usage(1);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return usage(0);
	for (size_t i = 0; i < N_VERBS; i++) {
		if (strcmp(argv[1], verbs[i].name) != 0)
			continue;
		if (argc - 2 < verbs[i].least)
			return usage(verbs[i].short_status);
		status = verbs[i].run(argc - 2, argv + 2);
		if (fflush(stdout) != 0 || ferror(stdout)) {
			say_error("standard output: %s", strerror(errno));
			return 1;
		}
		return status;
	}
	return usage(1);
}
