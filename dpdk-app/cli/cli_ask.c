// SPDX-License-Identifier: BSD-3-Clause
// The conversation with the daemon.
#include "dpdk-app/cli/cli.h"

#include "dpdk-app/ctl_proto.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATIENCE_S = 10 };

const struct cli_command cli_commands[] = {
	{"info", "", "Address, version and state of the root.", "info", NULL, false, //
	 NULL, NULL, cli_show_info},
	{"peers", "[ADDRESS]", "Peers as a table, or one of them.", "peers", "address", false, //
	 cli_show_peers_head, cli_show_peer, NULL},
	{"listpeers", "", "Peers, a line each, for scripts.", "peers", NULL, false, //
	 cli_show_listpeers_head, cli_show_listpeer, NULL},
	{"drops", "", "Packets that ended here, by reason.", "drops", NULL, false, //
	 NULL, NULL, cli_show_drops},
	{"counters", "", "What was done, and how often.", "counters", NULL, false, //
	 NULL, NULL, cli_show_counters},
	{"geoip", "IP...", "Where addresses are believed to be, and who says so.", "geoip", "ip",
	 true, NULL, NULL, cli_show_geoip},
	{"cluster", "", "Members, the backplane, who was moved and why not.", "cluster", NULL,
	 false, NULL, NULL, cli_show_cluster},
	{"siblings", "", "Roots of other identities, and what was forwarded to them.", "siblings",
	 NULL, false, NULL, NULL, cli_show_siblings},
	{"who", "ADDRESS...", "At which member a client is.", "who", "address", true, //
	 NULL, NULL, cli_show_who},
	{"drain", "", "Sends the clients of this member to the others.", "drain", NULL, false, //
	 NULL, NULL, cli_show_drain},
	{"undrain", "", "Takes clients again.", "undrain", NULL, false, //
	 NULL, NULL, cli_show_drain},
	{NULL},
};

const struct cli_command *cli_command_find(const char *name)
{
	for (const struct cli_command *c = cli_commands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

static const char *what_to_check(int err)
{
	switch (err) {
	case ENOENT:
		return "is rootline running, with this state directory? See -D and --socket";
	case ECONNREFUSED:
		return "rootline is not running: only its socket is left";
	case EACCES:
	case EPERM:
		return "run this as root, or as a member of the group that the socket belongs to";
	case EAGAIN:
		return "rootline is too busy to answer: try again";
	default:
		return "see -D and --socket";
	}
}

int cli_connect(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = PATIENCE_S};
	size_t n = strlen(path);
	if (n >= sizeof(to.sun_path)) {
		fprintf(stderr, "rootline-cli: %s: longer than a socket's path can be\n", path);
		return -1;
	}
	memcpy(to.sun_path, path, n);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
		return fd;
	}
	int err = errno;
	fprintf(stderr, "rootline-cli: cannot reach rootline at %s: %s\n%s\n", path, strerror(err),
		what_to_check(err));
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool send_request(int fd, const struct cli_command *c, const char *argument)
{
	char *text = NULL;
	json_t *request = argument ? json_pack("{s:s, s:s}", "cmd", c->cmd, c->field, argument)
				   : json_pack("{s:s}", "cmd", c->cmd);
	char *body = request ? json_dumps(request, JSON_COMPACT) : NULL;
	int n = body ? asprintf(&text, "%s\n", body) : -1;
	bool ok = n > 0 && send(fd, text, (size_t)n, MSG_NOSIGNAL) == n;
	if (n > 0)
		free(text);
	free(body);
	json_decref(request);
	return ok;
}

static void json_item(FILE *out, const json_t *item, unsigned long long count)
{
	fputs(count ? ",\n" : "[\n", out);
	json_dumpf(item, out, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
}

static void json_end(FILE *out, const struct cli_command *c, const json_t *result,
		     unsigned long long count)
{
	if (c->item)
		fputs(count ? "\n]" : "[]", out);
	else
		json_dumpf(result, out, JSON_INDENT(1) | JSON_ENCODE_ANY);
	fputc('\n', out);
}

// One line of an answer. -1: there is more.
static int take_line(const json_t *line, unsigned long long *count, const struct cli_command *c,
		     const struct cli_options *o, FILE *out, FILE *err)
{
	const json_t *ok = json_object_get(line, "ok"), *item = json_object_get(line, "peer");
	if (item && c->item) {
		if (o->json)
			json_item(out, item, *count);
		else
			c->item(out, item, json_integer_value(json_object_get(line, "clock")));
		++*count;
		return -1;
	}
	if (json_is_true(ok)) {
		const json_t *result = json_object_get(line, "result");
		if (o->json)
			json_end(out, c, result, *count);
		else if (c->result)
			c->result(out, result, o);
		return CLI_OK;
	}
	if (json_is_false(ok)) {
		const char *why = json_string_value(json_object_get(line, "error"));
		fprintf(err, "rootline-cli: %s\n", why ? why : "refused without a reason");
		return CLI_REFUSED;
	}
	fputs("rootline-cli: this is no answer of rootline\n", err);
	return CLI_UNREACHABLE;
}

enum cli_exit cli_answer(FILE *in, const struct cli_command *c, const struct cli_options *o,
			 FILE *out, FILE *err)
{
	char *text = NULL;
	size_t room = 0;
	ssize_t n;
	unsigned long long count = 0;
	int status = -1;
	bool headed = o->json || !c->head;
	while (status < 0 && (n = getline(&text, &room, in)) > 0 && n <= CTL_ANSWER_LINE_MAX) {
		json_t *line = json_loadb(text, (size_t)n, 0, NULL);
		// No head above an error message.
		if (!headed && !json_is_false(json_object_get(line, "ok")))
			c->head(out);
		headed = true;
		status = take_line(line, &count, c, o, out, err);
		json_decref(line);
	}
	free(text);
	if (status >= 0)
		return status;
	fputs("rootline-cli: the answer broke off: rootline was stopped, or did not answer in "
	      "time\n",
	      err);
	return CLI_UNREACHABLE;
}

enum cli_exit cli_ask(int fd, const struct cli_command *c, const char *argument,
		      const struct cli_options *o, FILE *out, FILE *err)
{
	enum cli_exit status = CLI_UNREACHABLE;
	if (!send_request(fd, c, argument)) {
		fprintf(err, "rootline-cli: the request was not taken: %s\n", strerror(errno));
		close(fd);
		return status;
	}
	FILE *in = fdopen(fd, "r");
	if (in) {
		status = cli_answer(in, c, o, out, err);
		fclose(in);
	} else {
		close(fd);
	}
	return status;
}
