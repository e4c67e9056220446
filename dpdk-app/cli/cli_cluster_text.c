// SPDX-License-Identifier: BSD-3-Clause
// What is in the files of a new cluster.
#include "dpdk-app/cli/cli_cluster.h"

#include <stdlib.h>
#include <string.h>

static json_t *member_json(const struct config_member *m)
{
	json_t *j = json_pack("{s:i, s:s, s:s}", "id", (int)m->id, "name", m->name, "coordinates",
			      m->coordinates);
	if (*m->front_ipv4)
		json_object_set_new(j, "front_ipv4", json_string(m->front_ipv4));
	if (*m->front_ipv6)
		json_object_set_new(j, "front_ipv6", json_string(m->front_ipv6));
	json_object_set_new(j, "public_key", json_string(m->public_key));
	if (m->capacity)
		json_object_set_new(j, "capacity", json_integer(m->capacity));
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

static json_t *new_config(const struct cli_cluster *c, const struct config_member *self)
{
	char server[32];
	snprintf(server, sizeof(server), "tls://127.0.0.1:%d", CLI_CLUSTER_CLIENT_PORT);
	json_t *cluster = json_pack("{s:s, s:s, s:s, s:s, s:s, s:[s], s:s, s:s, s:s}", //
				    "name", c->name, "cluster_id", c->cluster_id,      //
				    "member", self->name,                              //
				    "key_file", CLI_CLUSTER_ETC "/cluster.key",        //
				    "member_key_file",                                 //
				    CLI_CLUSTER_ETC "/" CLI_CLUSTER_SIGN,              //
				    "nats_servers", server,                            //
				    "nats_ca", CLI_CLUSTER_ETC "/ca.crt",              //
				    "nats_cert", CLI_CLUSTER_ETC "/member.crt",        //
				    "nats_key", CLI_CLUSTER_ETC "/member.key");
	return json_pack("{s:[s], s:o, s:o}", "ports", "auto", "udp_ports", udp_ports(self),
			 "cluster", cluster);
}

char *cli_cluster_config(const struct cli_cluster *c, unsigned i)
{
	const struct config_member *self = &c->members.v[i];
	// Whatever else an operator has put into it stays.
	char *old = cli_cluster_old(c, self->name, "rootline.json");
	json_t *j = old ? json_loads(old, 0, NULL) : new_config(c, self);
	json_t *members = json_array();
	for (unsigned k = 0; k < c->members.count; k++)
		json_array_append_new(members, member_json(&c->members.v[k]));
	json_object_set_new(json_object_get(j, "cluster"), "members", members);
	char *text = json_dumps(j, JSON_INDENT(2)), *lines = NULL; // of NULL: NULL
	if (text && asprintf(&lines, "%s\n", text) < 0)
		lines = NULL;
	free(old);
	free(text);
	json_decref(j);
	return lines;
}

// In the family that all of them have.
void cli_cluster_host(char host[static CONFIG_FRONT_MAX], const struct cli_cluster *c, unsigned i)
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
		cli_cluster_host(host, c, k);
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
	// With the same members it is the same, and may have been fitted to its machine.
	if (c->from && c->members.count == c->old_members)
		text = cli_cluster_old(c, m->name, "nats/nats-server.conf");
	if (text)
		return text;
	FILE *f = open_memstream(&text, &len);
	if (!f)
		return NULL;
	cli_cluster_host(host, c, i);
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
