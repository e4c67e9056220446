// SPDX-License-Identifier: BSD-3-Clause
// rootline-gun: load for ZeroTier roots.
#include "bench/gun/gun.h"

#include <sodium.h>

#include <stdio.h>

static const struct cli_command *const commands[] = {
	&gun_population, &gun_pcap, &gun_join, &gun_devices, &gun_replay,
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void print_usage(FILE *f)
{
	fputs("usage: rootline-gun COMMAND [OPTIONS]\n\n", f);
	for (unsigned i = 0; i < COMMANDS; i++)
		fprintf(f, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n`rootline-gun COMMAND --help` tells more; rootline-gun(1) tells all.\n"
	      "Only shoot at roots that are yours.\n",
	      f);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		print_usage(stderr);
		return GUN_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_usage(stdout);
		return GUN_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("rootline-gun " ROOTLINE_VERSION);
		return GUN_OK;
	}
	if (sodium_init() < 0) {
		say_error("libsodium does not start");
		return GUN_CANNOT;
	}
	for (unsigned i = 0; i < COMMANDS; i++) {
		if (strcmp(argv[1], commands[i]->name) == 0)
			return commands[i]->run(argc - 1, argv + 1);
	}
	say_error("\"%s\" is no command", argv[1]);
	print_usage(stderr);
	return GUN_USAGE;
}
