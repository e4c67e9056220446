// SPDX-License-Identifier: BSD-3-Clause
// What an operator does with the files of a cluster.
#include "dpdk-app/cli/cli_cluster.h"
#include "dpdk-app/ctl_proto.h"

#include <time.h>

static void day(char text[static 16], time_t t)
{
	struct tm tm;
	gmtime_r(&t, &tm);
	strftime(text, 16, "%Y-%m-%d", &tm);
}

static void put_members(const struct cli_cluster *c, time_t until, time_t ca_until, FILE *out)
{
	char end[16], ca_end[16];
	day(end, until);
	day(ca_end, ca_until);
	fprintf(out, "%s: the cluster \"%s\"\n", c->dir, c->name);
	for (unsigned i = 0; i < c->members.count; i++) {
		const struct config_member *m = &c->members.v[i];
		fprintf(out, "  %s/%s: member %u at %s, %s%s%s\n", c->dir, m->name, (unsigned)m->id,
			m->coordinates, m->front_ipv4,
			*m->front_ipv4 && *m->front_ipv6 ? " and " : "", m->front_ipv6);
	}
	fprintf(out,
		"\nCertificates end on %s, that of the authority on %s.\n"
		"Members whose certificates have ended do not hear each other:\n"
		"\"rootline-cli cluster renew\" before that.\n",
		end, ca_end);
}

static const char owners[] =
	"     cd " CLI_CLUSTER_ETC "\n"
	"     chown rootline: cluster.key member.key sign.key && chown nats: nats/nats.key\n";

static void copy_step(const struct cli_cluster *c, const char *again, FILE *out)
{
	char host[CONFIG_FRONT_MAX];
	cli_cluster_host(host, c, 0);
	fprintf(out,
		"2. Copy each folder to its machine%s, as " CLI_CLUSTER_ETC ", with its modes:\n"
		"     rsync -rp %s/%s/ root@%s:" CLI_CLUSTER_ETC "/\n",
		again, c->dir, c->members.v[0].name, host);
}

static void after_renewal(const struct cli_cluster *c, FILE *out)
{
	fprintf(out,
		"\nNext:\n"
		"1. Put %s/ca.key where nobody gets at it; %s has served its time.\n",
		c->dir, c->from);
	for (unsigned i = 0; i < c->members.count; i++)
		if (!c->signs[i])
			fprintf(out,
				"   %s/%s has no " CLI_CLUSTER_SIGN
				": its machine keeps its own.\n",
				c->dir, c->members.v[i].name);
	copy_step(c, " again", out);
	fprintf(out, "3. On each machine:\n%s", owners);
	if (c->members.count > c->old_members)
		fputs("     cp nats/nats-server.conf /etc/nats-server.conf    (made anew: other "
		      "gateways)\n"
		      "   Members that join get the root's identity, and the planet its next\n"
		      "   revision: see rootline-cluster(7).\n",
		      out);
	fputs("4. On one machine after the other, those that join last:\n"
	      "     systemctl restart nats-server\n"
	      "     systemctl reload rootline\n"
	      "   and wait until \"rootline-cli cluster\" shows all of them as before.\n",
	      out);
}

static void after_init(const struct cli_cluster *c, FILE *out)
{
	fprintf(out,
		"\nNext:\n"
		"1. Put %s/ca.key where nobody gets at it: whoever has it can become a member.\n",
		c->dir);
	copy_step(c, "", out);
	fputs("   A machine that has a config already gets the \"cluster\" out of the new one "
	      "into it.\n",
	      out);
	fprintf(out,
		"3. On each machine:\n"
		"     apt-get install nats-server\n"
		"%s"
		"     cp nats/nats-server.conf /etc/nats-server.conf\n"
		"     systemctl restart nats-server\n"
		"   Let UDP to the addresses above through from everywhere, and TCP %d from the\n"
		"   other members alone.\n"
		"4. All members are one root: copy identity.secret and identity.public of the "
		"first,\n"
		"   which its rootline has made, to " CTL_STATE_DIR " of the others, mode 600,\n"
		"   and give them to the user rootline there.\n"
		"5. The planet shall name all of them. On the first, in world.json, in the place "
		"of\n"
		"   \"endpoints\" of this root:\n"
		"     \"cluster\": \"" CLI_CLUSTER_ETC "/rootline.json\"\n"
		"   and make the next revision, with the signing keys of the one in force:\n"
		"     cd " CTL_STATE_DIR " && mkworld build -o planet world/world.json\n"
		"   (before, if there was no planet yet: mkworld init --root identity.public "
		"world).\n"
		"   Copy the planet to " CTL_STATE_DIR " of the others.\n"
		"6. Start rootline on each with --config " CLI_CLUSTER_ETC "/rootline.json, and "
		"look:\n"
		"     rootline-cli cluster\n"
		"More in rootline-cluster(7).\n",
		owners, CLI_CLUSTER_GATEWAY_PORT);
}

void cli_cluster_next_steps(const struct cli_cluster *c, time_t until, time_t ca_until, FILE *out)
{
	put_members(c, until, ca_until, out);
	if (c->from)
		after_renewal(c, out);
	else
		after_init(c, out);
}
