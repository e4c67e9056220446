// SPDX-License-Identifier: BSD-3-Clause
// mkworld: planets and moons, made without editing or compiling anything.
#include "root/tools/mkworld.h"

#include <sodium.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct mk_verb *const verbs[] = {
	&mk_init, &mk_build,  &mk_update, &mk_rotate_key,
	&mk_show, &mk_verify, &mk_export, &mk_import,
};

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void print_usage(FILE *out)
{
	fputs("usage: mkworld VERB [OPTIONS] [ARGUMENTS]\n\n", out);
	for (size_t i = 0; i < N_VERBS; i++)
		fprintf(out, "  %-11s %s\n", verbs[i]->name, verbs[i]->summary);
	fputs("\nmkworld VERB --help tells more; mkworld(1) tells all. Exit status: 0 done or "
	      "yes,\n"
	      "1 failed or no, 2 called wrongly.\n",
	      out);
}

static void print_help(const struct mk_verb *verb)
{
	printf("usage: mkworld %s %s\n%s\n\n%s"
	       "  -q, --quiet            no warnings and notes\n"
	       "  -h, --help             this text\n",
	       verb->name, verb->args, verb->summary, verb->help);
}

int mk_getopt(const struct mk_verb *verb, int argc, char **argv, const char *letters,
	      const struct option *options, int *status)
{
	int c = getopt_long(argc, argv, letters, options, NULL);

	if (c == 'q') {
		say_quiet(true);
		return mk_getopt(verb, argc, argv, letters, options, status);
	}
	if (c == 'h') {
		print_help(verb);
		*status = MK_OK;
		return -2;
	}
	if (c == '?') {
		*status = mk_usage(verb, "it takes: %s", verb->args);
		return -2;
	}
	return c;
}

int mk_usage(const struct mk_verb *verb, const char *format, ...)
{
	struct say_why why;
	va_list args;

	va_start(args, format);
	vsnprintf(why.text, sizeof(why.text), format, args);
	va_end(args);
	say_error("%s: %s", verb->name, why.text);
	fprintf(stderr, "`mkworld %s --help` tells more.\n", verb->name);
	return MK_USAGE;
}

int mk_fail(const struct say_why *why)
{
	say_error("%s", why->text);
	return MK_NO;
}

uint64_t mk_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t mk_next_timestamp(uint64_t old_ms)
{
	uint64_t now = mk_now();

	return now > old_ms ? now : old_ms + 1;
}

uint64_t mk_random_id(void)
{
	uint64_t id;

	do {
		randombytes_buf(&id, sizeof(id));
		id &= 0x1fffffffffffffULL;
	} while (id <= UINT32_MAX); // above the reserved ones
	return id;
}

int mk_sign(struct rl_world *w, const struct keyfile_pair *signer, struct say_why *why)
{
	uint8_t data[ZT_WORLD_MAX];
	struct rl_world back;
	size_t len;
	int ret = world_refuse(w, why);

	if (ret < 0)
		return ret;
	if (rl_world_sign(w, signer->private_key) < 0)
		return say_why(why, "the world cannot be signed");
	len = rl_world_write(w, data);
	if (!len || rl_world_parse(&back, data, len) < 0 ||
	    !rl_world_verify(&back, signer->public_key))
		return say_why(why, "the finished world does not read back: nothing was written");
	return 0;
}

int mk_existing(struct rl_world *w, const char *path, struct say_why *why)
{
	uint8_t data[ZT_WORLD_MAX];
	size_t len = 0;
	int ret;

	if (strcmp(path, "-") == 0 || !file_exists(path))
		return 0;
	ret = file_read(path, data, sizeof(data), &len);
	if (ret < 0 && ret != -EFBIG) {
		say_why(why, "%s: %s", path, strerror(-ret));
		return ret;
	}
	if (ret < 0 || rl_world_parse(w, data, len) < 0)
		return say_why(
			why,
			"%s exists and is no planet or moon: it is left alone; give another -o",
			path);
	return 1;
}

void mk_warn(const struct rl_world *w, const struct rl_world *old)
{
	world_warn(w, mk_now(), world_complain_stderr, NULL);
	if (old)
		world_warn_against(w, old, world_complain_stderr, NULL);
}

int main(int argc, char **argv)
{
	static char name[] = "mkworld";

	if (sodium_init() < 0) {
		say_error("libsodium does not start");
		return MK_NO;
	}
	if (argc < 2) {
		print_usage(stderr);
		return MK_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_usage(stdout);
		return MK_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("mkworld (rootline) " ROOTLINE_VERSION);
		return MK_OK;
	}
	for (size_t i = 0; i < N_VERBS; i++) {
		if (strcmp(argv[1], verbs[i]->name) != 0)
			continue;
		argv[1] = name; // getopt begins its messages with it
		return verbs[i]->run(verbs[i], argc - 1, argv + 1);
	}
	say_error("there is no verb \"%s\"", argv[1]);
	print_usage(stderr);
	return MK_USAGE;
}
