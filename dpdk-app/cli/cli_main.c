// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/cli/cli_cluster.h"

#include "dpdk-app/ctl_proto.h"

#include <getopt.h>
#include <string.h>
#include <unistd.h>

static void print_usage(FILE *out)
{
	fputs("usage: rootline-cli [OPTIONS] COMMAND\n\nCommands:\n", out);
	for (const struct cli_command *c = cli_commands; c->name; c++)
		fprintf(out, "  %-9s %-10s %s\n", c->name, c->args, c->help);
	fputs("  cluster   init|renew Config, keys and certificates of a cluster; needs no "
	      "rootline.\n"
	      "\nOptions:\n"
	      "  -j, --json       print JSON\n"
	      "  -D, --state DIR  state directory of the rootline to ask (" CTL_STATE_DIR ")\n"
	      "  --socket PATH    its control socket (DIR/" CTL_SOCKET_NAME ")\n"
	      "  --all            drops: reasons that never happened too\n"
	      "  -h, --help       this text\n"
	      "  -V, --version    the version of this program\n"
	      "\nExit status: 0 done, 1 refused by rootline, 2 wrong usage, 3 no rootline "
	      "reached.\n",
	      out);
}

static int usage(const char *what, const char *word)
{
	fprintf(stderr, "rootline-cli: %s%s%s; \"rootline-cli --help\" lists what there is\n", what,
		*word ? " " : "", word);
	return CLI_USAGE;
}

static bool set_socket(struct cli_options *o, const char *dir, const char *name)
{
	int n = snprintf(o->socket, sizeof(o->socket), "%s%s%s", dir, *dir ? "/" : "", name);
	return n > 0 && (size_t)n < sizeof(o->socket);
}

enum { OPT_SOCKET = 256, OPT_ALL };

static const struct option long_options[] = {
	{"json", no_argument, NULL, 'j'},
	{"state", required_argument, NULL, 'D'},
	{"socket", required_argument, NULL, OPT_SOCKET},
	{"all", no_argument, NULL, OPT_ALL},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

// -1: go on; otherwise the exit status.
static int parse(int argc, char **argv, struct cli_options *o)
{
	int opt;
	while ((opt = getopt_long(argc, argv, "jD:hV", long_options, NULL)) != -1) {
		switch (opt) {
		case 'j':
			o->json = true;
			break;
		case OPT_ALL:
			o->all = true;
			break;
		case 'D':
			if (!set_socket(o, optarg, CTL_SOCKET_NAME))
				return usage("path too long:", optarg);
			break;
		case OPT_SOCKET:
			if (!set_socket(o, "", optarg))
				return usage("path too long:", optarg);
			break;
		case 'h':
			print_usage(stdout);
			return CLI_OK;
		case 'V':
			printf("rootline-cli %s\n", ROOTLINE_VERSION);
			return CLI_OK;
		default:
			return usage("wrong option", "");
		}
	}
	return -1;
}

// One request for each argument, or one without any. The first failure counts; after a refusal the
// others are asked all the same.
static int ask_all(const struct cli_command *c, const struct cli_options *o, int argc, char **argv)
{
	int status = CLI_OK;
	for (int i = 0; i < argc || i == 0; i++) {
		int fd = cli_connect(o->socket);
		if (fd < 0)
			return CLI_UNREACHABLE;
		int one = cli_ask(fd, c, i < argc ? argv[i] : NULL, o, stdout, stderr);
		if (status == CLI_OK)
			status = one;
	}
	return status;
}

static int finished(int status)
{
	if ((fflush(stdout) || ferror(stdout)) && status == CLI_OK) {
		perror("rootline-cli: standard output");
		status = CLI_REFUSED;
	}
	return status;
}

int main(int argc, char **argv)
{
	struct cli_options o = {0};
	// "cluster init" and the like ask no daemon and have options of their own.
	bool words = argc > 2 && (*argv[2] != '-' || strcmp(argv[2], "--help") == 0 ||
				  strcmp(argv[2], "-h") == 0);
	if (words && strcmp(argv[1], "cluster") == 0)
		return finished(cli_cluster_main(argc - 2, argv + 2));
	set_socket(&o, CTL_STATE_DIR, CTL_SOCKET_NAME);
	int status = parse(argc, argv, &o);
	if (status >= 0)
		return status;
	argc -= optind;
	argv += optind;
	if (argc == 0)
		return usage("a command is missing", "");
	if (strcmp(argv[0], "help") == 0) {
		print_usage(stdout);
		return CLI_OK;
	}
	const struct cli_command *c = cli_command_find(argv[0]);
	if (!c)
		return usage("no such command:", argv[0]);
	if (c->many ? argc == 1 : argc > 1 + (c->field != NULL))
		return usage(c->many ? "an argument is missing for" : "too many arguments for",
			     argv[0]);
	status = ask_all(c, &o, argc - 1, argv + 1);
	return finished(status);
}
