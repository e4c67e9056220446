// SPDX-License-Identifier: BSD-3-Clause
// Who is let in, whom a link trusts, and what is said about it.
#include "tests/smoke/nats_link.h"

#include <stdio.h>
#include <string.h>

static struct member m;

struct files files_of(const char *dir)
{
	struct files f;
	snprintf(f.ca, sizeof(f.ca), "%s/a/ca.crt", dir);
	snprintf(f.cert, sizeof(f.cert), "%s/a/member.crt", dir);
	snprintf(f.key, sizeof(f.key), "%s/a/member.key", dir);
	snprintf(f.tls, sizeof(f.tls),
		 "tls { cert_file: \"%s/a/nats/nats.crt\", key_file: \"%s/a/nats/nats.key\",\n"
		 "ca_file: \"%s/a/nats/ca.crt\", verify: true, timeout: 3 }",
		 dir, dir, dir);
	return f;
}

struct rl_link_nats_config tls_config(const struct files *f)
{
	static const char *const servers[] = {"tls://127.0.0.1:4222"};
	struct rl_link_nats_config c = plain_config(1);
	c.plain = false;
	c.servers = servers;
	c.ca = f->ca;
	c.cert = f->cert;
	c.key = f->key;
	return c;
}

static void connects(const struct rl_link_nats_config *c, const char *text)
{
	bool up = member_start(&m, c) && until(&m, NULL, 5000, m.up);
	check(up, "%s%s%s", text, up ? "" : ": ", up ? "" : m.text);
	member_stop(&m);
}

// It keeps trying, and says why it is not let in.
static void refused(const struct rl_link_nats_config *c, const char *words, const char *text)
{
	bool down = member_start(&m, c) && until(&m, NULL, 5000, m.down) && !m.up;
	check(down && strstr(m.text, words), "%s: %s", text, m.text);
	member_stop(&m);
}

static void tls_refused(const struct files *mine, const struct files *others)
{
	struct rl_link_nats_config c = tls_config(mine);

	c.cert = c.key = NULL;
	refused(&c, "wants one", "no certificate");
	c.cert = others->cert;
	c.key = others->key;
	refused(&c, "refuses this member's certificate", "a certificate of another authority");
	c = tls_config(others);
	c.cert = mine->cert;
	c.key = mine->key;
	refused(&c, "issuer certificate", "a server of another authority");
	// The certificate names 127.0.0.1, localhost and its member.
	c = tls_config(mine);
	c.servers = (const char *const[]){"tls://127.0.0.99:4222"};
	refused(&c, "mismatch", "a server of another name");
	struct rl_link_nats_config plain = plain_config(1);
	refused(&plain, "127.0.0.1:4222", "no TLS where it is wanted");
}

// Both flood: neither holds up the other, or itself.
static void both_ways(const struct rl_link_nats_config *c)
{
	static uint8_t largest[RL_LINK_BYTES_MAX];
	struct rl_link_nats_config two = *c;
	struct member n;
	unsigned published[2] = {0};

	two.self = 2;
	member_start(&m, c);
	member_start(&n, &two);
	until(&m, &n, 5000, m.up && n.up);
	for (uint64_t start = now_us(); now_us() - start < 2000000;) {
		bool full = true;
		if (!rl_link_publish(m.link, RL_LINK_BULK, 2, largest, sizeof(largest)))
			full = !++published[0];
		if (!rl_link_publish(n.link, RL_LINK_BULK, 1, largest, sizeof(largest)))
			full = !++published[1];
		if (full || published[0] % 16 == 0)
			poll_both(&m, &n);
	}
	check(until(&m, &n, 10000, n.data == published[0] && m.data == published[1]),
	      "%u and %u of the largest, both ways", n.data, m.data);
	check(m.up == 1 && n.up == 1, "by the same connections: %u, %u", m.up, n.up);
	member_stop(&m);
	member_stop(&n);
}

void trust(void)
{
	struct files mine = files_of(own_dir), others = files_of(other_dir);
	struct rl_link_nats_config c = tls_config(&mine);
	struct server s;
	char both[1400];

	note("TLS");
	// On all addresses, so that it is met under a name that is not in its certificate.
	snprintf(both, sizeof(both), "host: \"0.0.0.0\"\n%s", mine.tls);
	server_start(&s, PORT, both);
	connects(&c, "a member with its certificate");
	c.servers = (const char *const[]){"tls://localhost:4222"};
	connects(&c, "by the server's name");
	tls_refused(&mine, &others);
	c = tls_config(&mine);
	both_ways(&c);
	server_end(&s);

	server_start(&s, PORT, "");
	c = tls_config(&mine);
	refused(&c, "offers no TLS", "a server without TLS");
	c = plain_config(1);
	both_ways(&c);
	server_end(&s);
}

void refusals(void)
{
	struct rl_link_nats_config c = plain_config(1);
	struct server s;

	note("refusals");
	server_start(&s, PORT,
		     "authorization { users: [ { user: \"u\", password: \"p\", permissions: {\n"
		     "publish: \"rootline.alice.>\", subscribe: \"rootline.alice.>\" } } ] }");
	refused(&c, "uthorization Violation", "no user");
	c.user = "u";
	c.password = "wrong";
	refused(&c, "uthorization Violation", "a wrong password");
	c.password = "p";
	connects(&c, "the right one, allowed the cluster's subjects alone");
	c.cluster = "bob";
	refused(&c, "rootline.bob.>", "another cluster's subjects");
	server_end(&s);

	server_start(&s, PORT, "max_payload: 1000");
	c = plain_config(1);
	member_start(&m, &c);
	until(&m, NULL, 5000, m.up);
	check(m.up && strstr(member_status(&m).error, "max_payload"), "a small server: %s",
	      member_status(&m).error);
	static uint8_t big[2000];
	rl_link_publish(m.link, 0, 2, big, sizeof(big));
	rl_link_publish(m.link, 0, 2, big, 10);
	until(&m, NULL, 2000, member_status(&m).sent == 1);
	struct rl_link_status t = member_status(&m);
	check(t.drops[RL_LINK_DROP_OUT_REFUSED] == 1 && t.connected && t.sent == 1,
	      "what is too large for it is dropped and counted");
	member_stop(&m);
	server_end(&s);
}

// Refused at once, with a sentence.
static void mistake(const struct rl_link_nats_config *c, const char *words)
{
	bool started = member_start(&m, c);
	check(!started && strstr(m.text, words), "%s", m.text);
	member_stop(&m);
}

void mistakes(void)
{
	struct files f = files_of(own_dir);
	struct rl_link_nats_config good = tls_config(&f), c;

	note("mistakes in a configuration");
#define WITH(field, value, words) (c = good, c.field = (value), mistake(&c, words))
	WITH(cluster, "a.b", "only a to z");
	WITH(cluster, "", "cluster name is missing");
	WITH(member, "*", "member name");
	WITH(self, 0, "no number of a member");
	WITH(server_count, 0, "nats servers");
	WITH(servers, ((const char *const[]){"nats://u:secret@h:1"}), "h:1: write tls://");
	WITH(ca, NULL, "missing");
	WITH(ca, "/nowhere/ca.crt", "cannot read certificate /nowhere/ca.crt: No such file");
	WITH(ca, f.key, "holds none");
	WITH(cert, NULL, "needs");
	WITH(key, "/nowhere/member.key", "cannot read key /nowhere/member.key: No such file");
	WITH(key, f.cert, "holds none");
	WITH(user, "u", "needs a password");
	WITH(plain, true, "write nats://");
	char other[300];
	snprintf(other, sizeof(other), "%s/a/nats/nats.key", own_dir);
	WITH(key, other, "must belong together");
	snprintf(other, sizeof(other), "%s/encrypted.key", server_dir);
	FILE *w = fopen(other, "we");
	fputs("-----BEGIN ENCRYPTED PRIVATE KEY-----\n", w);
	fclose(w);
	WITH(key, other, "passphrase");
	w = fopen(other, "we");
	fputs("-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n", w);
	fclose(w);
	WITH(ca, other, "cannot use certificate");
#undef WITH
}
