// SPDX-License-Identifier: BSD-3-Clause
// What is in the files of a new cluster.
#include "dpdk-app/cli/cli_cluster.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static json_t *member_json(const struct config_member *m)
{
	json_t *j = json_pack("{s:i, s:s, s:s}", "id", (int)m->id, "name", m->name, "coordinates",
			      m->coordinates);
	if (*m->front_ipv4)
		json_object_set_new(j, "front_ipv4", json_string(m->front_ipv4));
	if (*m->front_ipv6)
		json_object_set_new(j, "front_ipv6", json_string(m->front_ipv6));
	return j;
}

static int port_of(const char *front)
{
	const char *slash = strchr(front, '/');
	return slash ? atoi(slash + 1) : 0;
}

// The ports of its fronts, each once.
static json_t *udp_ports(const struct config_member *m)
{
	int four = port_of(m->front_ipv4), six = port_of(m->front_ipv6);
	if (four && six && four != six)
		return json_pack("[i, i]", four, six);
	return json_pack("[i]", four ? four : six);
}

char *cli_cluster_config(const struct cli_cluster *c, unsigned i)
{
	const struct config_member *self = &c->members.v[i];
	char server[32];
	json_t *members = json_array();
	for (unsigned k = 0; k < c->members.count; k++)
		json_array_append_new(members, member_json(&c->members.v[k]));
	snprintf(server, sizeof(server), "tls://127.0.0.1:%d", CLI_CLUSTER_CLIENT_PORT);
	json_t *cluster = json_pack("{s:s, s:s, s:o, s:s, s:[s], s:s, s:s, s:s}", //
				    "name", c->name, "member", self->name,        //
				    "members", members,                           //
				    "key_file", CLI_CLUSTER_ETC "/cluster.key",   //
				    "nats_servers", server,                       //
				    "nats_ca", CLI_CLUSTER_ETC "/ca.crt",         //
				    "nats_cert", CLI_CLUSTER_ETC "/member.crt",   //
				    "nats_key", CLI_CLUSTER_ETC "/member.key");
	json_t *j = json_pack("{s:[s], s:o, s:o}", "ports", "auto", "udp_ports", udp_ports(self),
			      "cluster", cluster);
	char *text = j ? json_dumps(j, JSON_INDENT(2)) : NULL, *lines = NULL;
	if (text && asprintf(&lines, "%s\n", text) < 0)
		lines = NULL;
	free(text);
	json_decref(j);
	return lines;
}

// Where other members' NATS servers find that of this one: in the family that all of them have.
static void gateway_host(char host[static CONFIG_FRONT_MAX], const struct cli_cluster *c,
			 unsigned i)
{
	bool four = true;
	for (unsigned k = 0; k < c->members.count; k++)
		four &= *c->members.v[k].front_ipv4 != 0;
	const struct config_member *m = &c->members.v[i];
	const char *front = four ? m->front_ipv4 : m->front_ipv6;
	snprintf(host, CONFIG_FRONT_MAX, four ? "%.*s" : "[%.*s]", (int)strcspn(front, "/"), front);
}

static void put_tls(FILE *f, const char *indent)
{
	fprintf(f,
		"%stls {\n"
		"%s  cert_file: \"" CLI_CLUSTER_ETC "/nats/nats.crt\"\n"
		"%s  key_file: \"" CLI_CLUSTER_ETC "/nats/nats.key\"\n"
		"%s  ca_file: \"" CLI_CLUSTER_ETC "/nats/ca.crt\"\n"
		"%s  verify: true\n"
		"%s  timeout: 3\n"
		"%s}\n",
		indent, indent, indent, indent, indent, indent, indent);
}

static void put_gateways(FILE *f, const struct cli_cluster *c, unsigned self)
{
	char host[CONFIG_FRONT_MAX];
	fputs("  gateways: [\n", f);
	for (unsigned k = 0; k < c->members.count; k++) {
		if (k == self)
			continue;
		gateway_host(host, c, k);
		fprintf(f, "    { name: \"%s\", urls: [\"tls://%s:%d\"] }\n", c->members.v[k].name,
			host, CLI_CLUSTER_GATEWAY_PORT);
	}
	fputs("  ]\n", f);
}

char *cli_cluster_nats(const struct cli_cluster *c, unsigned i)
{
	const struct config_member *m = &c->members.v[i];
	char host[CONFIG_FRONT_MAX], *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	if (!f)
		return NULL;
	gateway_host(host, c, i);
	fprintf(f,
		"# nats-server of member %s of the cluster %s; made by rootline-cli cluster init.\n"
		"# Every link has TLS, and both ends show a certificate of the cluster's "
		"authority.\n"
		"\n"
		"server_name: \"%s\"\n"
		"# For the rootline of this machine alone.\n"
		"listen: \"127.0.0.1:%d\"\n",
		m->name, c->name, m->name, CLI_CLUSTER_CLIENT_PORT);
	put_tls(f, "");
	fputs("\n"
	      "# A peer that is too slow is let go: what waits for it would be stale anyway.\n"
	      "max_connections: 64\n"
	      "max_payload: 1MB\n"
	      "max_pending: 16MB\n"
	      "write_deadline: \"2s\"\n"
	      "ping_interval: \"2s\"\n"
	      "ping_max: 2\n"
	      "logtime: false\n"
	      "\n"
	      "gateway {\n",
	      f);
	fprintf(f,
		"  name: \"%s\"\n"
		"  # Behind a NAT: the machine's own address here, and the one below as "
		"\"advertise\".\n"
		"  # Let the other members alone through to this TCP port.\n"
		"  listen: \"%s:%d\"\n"
		"  reject_unknown_cluster: true\n",
		m->name, host, CLI_CLUSTER_GATEWAY_PORT);
	put_tls(f, "  ");
	put_gateways(f, c, i);
	fputs("}\n", f);
	if (!fclose(f))
		return text;
	free(text);
	return NULL;
}

char *cli_cluster_san(const struct config_member *m)
{
	char *san = NULL;
	int four = (int)strcspn(m->front_ipv4, "/"), six = (int)strcspn(m->front_ipv6, "/");
	if (asprintf(&san, "DNS:%s,DNS:localhost,IP:127.0.0.1%s%.*s%s%.*s", m->name,
		     four ? ",IP:" : "", four, m->front_ipv4, six ? ",IP:" : "", six,
		     m->front_ipv6) < 0)
		return NULL;
	return san;
}

static void day(char text[static 16], time_t t)
{
	struct tm tm;
	gmtime_r(&t, &tm);
	strftime(text, 16, "%Y-%m-%d", &tm);
}

void cli_cluster_next_steps(const struct cli_cluster *c, time_t until, time_t ca_until, FILE *out)
{
	const struct config_member *first = &c->members.v[0];
	char end[16], ca_end[16], host[CONFIG_FRONT_MAX];
	day(end, until);
	day(ca_end, ca_until);
	gateway_host(host, c, 0);
	fprintf(out, "%s: the cluster \"%s\"\n", c->dir, c->name);
	for (unsigned i = 0; i < c->members.count; i++) {
		const struct config_member *m = &c->members.v[i];
		fprintf(out, "  %s/%s: member %u at %s, %s%s%s\n", c->dir, m->name, (unsigned)m->id,
			m->coordinates, m->front_ipv4,
			*m->front_ipv4 && *m->front_ipv6 ? " and " : "", m->front_ipv6);
	}
	fprintf(out,
		"\nCertificates end on %s, that of the authority on %s. Members whose "
		"certificates\n"
		"have ended do not hear each other.\n"
		"\nNext:\n"
		"1. Put %s/ca.key where nobody gets at it: whoever has it can become a member.\n"
		"2. Copy each folder to its machine, as " CLI_CLUSTER_ETC ":\n"
		"     rsync -rp %s/%s/ root@%s:" CLI_CLUSTER_ETC "/\n"
		"3. On each machine:\n"
		"     apt-get install nats-server\n"
		"     cd " CLI_CLUSTER_ETC
		" && chown rootline: cluster.key member.key && chown nats: "
		"nats/nats.key\n"
		"     cp nats/nats-server.conf /etc/nats-server.conf && systemctl restart "
		"nats-server\n"
		"   Let UDP to the addresses above through from everywhere, and TCP %d from the "
		"other "
		"members alone.\n"
		"4. All members are one root: copy identity.secret and identity.public of the "
		"first to "
		"the state\n"
		"   directories of the others, mode 600.\n"
		"5. Make the planet that names all of them:\n"
		"     mkworld init world\n"
		"     in world/world.json: \"roots\": [{\"identity\": \"@identity.public\", "
		"\"cluster\": \"rootline.json\"}]\n"
		"     with identity.public and %s/%s/rootline.json copied to world/\n"
		"     mkworld build world/world.json\n"
		"\nrootline " ROOTLINE_VERSION
		" checks this config, but cannot serve as a member yet.\n",
		end, ca_end, c->dir, c->dir, first->name, host, CLI_CLUSTER_GATEWAY_PORT, c->dir,
		first->name);
}
