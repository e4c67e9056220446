// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/link_nats_setup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	IO_BUFFER = 128 * 1024, // a batch and its line go out in one write
	CLUSTER_NAME_MAX = 64,
	PEM_MAX = 65536,
};

#define SAY(...)         snprintf(why, RL_LINK_WHY_MAX, __VA_ARGS__)
#define FAIL(error, ...) (SAY(__VA_ARGS__), -(error))

const char *rl_nats_setup_shown(const char *url)
{
	const char *at = strrchr(url, '@'), *scheme = strstr(url, "://");
	return at ? at + 1 : scheme ? scheme + 3 : url;
}

static int check_name(const char *what, const char *name, char why[static RL_LINK_WHY_MAX])
{
	if (!name || !*name || strlen(name) > CLUSTER_NAME_MAX)
		return FAIL(EINVAL, "%s is missing, or longer than %d", what, CLUSTER_NAME_MAX);
	if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")])
		return FAIL(EINVAL, "%s %s: only a to z, 0 to 9 and - may be in it", what, name);
	return 0;
}

static int check_servers(const struct rl_link_nats_config *c, char why[static RL_LINK_WHY_MAX])
{
	const char *scheme = c->plain ? "nats://" : "tls://";

	if (!c->server_count || c->server_count > RL_LINK_NATS_SERVERS_MAX)
		return FAIL(EINVAL, "%u nats servers: name 1 to %d", c->server_count,
			    RL_LINK_NATS_SERVERS_MAX);
	for (unsigned i = 0; i < c->server_count; i++) {
		const char *shown = rl_nats_setup_shown(c->servers[i]);
		if (strncmp(c->servers[i], scheme, strlen(scheme)))
			return FAIL(EINVAL, "nats server %s: write %sHOST:PORT%s", shown, scheme,
				    c->plain ? ", as TLS is off" : "");
		if (strlen(shown) >= RL_LINK_SERVER_MAX)
			return FAIL(EINVAL, "nats server %.40s..: its name is too long", shown);
	}
	return 0;
}

// OpenSSL's own complaint about such a file names neither the file nor what to do.
static int check_pem(const char *what, const char *path, bool is_key,
		     char why[static RL_LINK_WHY_MAX])
{
	char text[PEM_MAX + 1];
	FILE *f = fopen(path, "re");
	if (!f) {
		int error = errno;
		return FAIL(error, "cannot read %s %s: %s", what, path, strerror(error));
	}
	size_t n = fread(text, 1, PEM_MAX, f);
	int error = ferror(f) ? errno : 0;
	fclose(f);
	if (error)
		return FAIL(error, "cannot read %s %s: %s", what, path, strerror(error));
	text[n] = 0;
	const char *begin = strstr(text, "-----BEGIN ");
	bool right = begin && strstr(begin, is_key ? "PRIVATE KEY-----" : "CERTIFICATE-----");
	int ret = 0;
	if (!right)
		ret = FAIL(EINVAL, "%s %s holds none: it must be a PEM file", what, path);
	else if (is_key && strstr(begin, "ENCRYPTED"))
		ret = FAIL(
			EINVAL,
			"%s %s asks for a passphrase, which nobody can give at a start: store it "
			"without one, mode 600",
			what, path);
	explicit_bzero(text, sizeof(text));
	return ret;
}

static int check_tls(const struct rl_link_nats_config *c, char why[static RL_LINK_WHY_MAX])
{
	if (c->plain)
		return c->ca || c->cert || c->key
			       ? FAIL(EINVAL, "certificates are given, but TLS is off")
			       : 0;
	if (!c->ca)
		return FAIL(EINVAL, "the certificate of the authority that signs those of nats "
				    "servers is missing");
	if (!c->cert != !c->key)
		return FAIL(EINVAL, "a certificate needs its key, and a key its certificate");
	int ret = check_pem("certificate", c->ca, false, why);
	if (!ret && c->cert)
		ret = check_pem("certificate", c->cert, false, why);
	if (!ret && c->key)
		ret = check_pem("key", c->key, true, why);
	return ret;
}

// NULL stays NULL.
static bool copy(char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return *to || !from;
}

static bool copy_all(struct rl_nats_setup *s, const struct rl_link_nats_config *c)
{
	for (unsigned i = 0; i < c->server_count; i++, s->server_count++)
		if (!copy(&s->server[i], c->servers[i]))
			return false;
	if (asprintf(&s->name, "rootline %s %s", c->cluster, c->member) < 0) {
		s->name = NULL;
		return false;
	}
	return copy(&s->ca, c->ca) && copy(&s->cert, c->cert) && copy(&s->key, c->key) &&
	       copy(&s->user, c->user) && copy(&s->password, c->password);
}

int rl_nats_setup_new(struct rl_nats_setup **out, const struct rl_link_nats_config *c,
		      char why[static RL_LINK_WHY_MAX])
{
	*out = NULL;
	int ret = check_name("cluster name", c->cluster, why);
	if (!ret)
		ret = check_name("member name", c->member, why);
	if (!ret && c->self == RL_LINK_ALL)
		ret = FAIL(EINVAL, "0 is no number of a member: 1 to 255");
	if (!ret && !c->user != !c->password)
		ret = FAIL(EINVAL, "a user needs a password, and a password a user");
	if (!ret)
		ret = check_servers(c, why);
	if (!ret)
		ret = check_tls(c, why);
	if (ret)
		return ret;

	struct rl_nats_setup *s = calloc(1, sizeof(*s));
	if (!s)
		return FAIL(ENOMEM, "no memory");
	s->users = 1;
	s->self = c->self;
	s->plain = c->plain;
	snprintf(s->prefix, sizeof(s->prefix), "rootline.%s", c->cluster);
	if (!copy_all(s, c)) {
		rl_nats_setup_drop(s);
		return FAIL(ENOMEM, "no memory");
	}
	*out = s;
	return 0;
}

struct rl_nats_setup *rl_nats_setup_hold(struct rl_nats_setup *s)
{
	atomic_fetch_add(&s->users, 1);
	return s;
}

void rl_nats_setup_drop(struct rl_nats_setup *s)
{
	if (!s || atomic_fetch_sub(&s->users, 1) != 1)
		return;
	for (unsigned i = 0; i < s->server_count; i++)
		free(s->server[i]);
	free(s->name);
	free(s->ca);
	free(s->cert);
	free(s->key);
	free(s->user);
	if (s->password)
		explicit_bzero(s->password, strlen(s->password));
	free(s->password);
	free(s);
}

// libnats' texts without its "(conn.c:1909): " in front.
static const char *without_place(const char *text)
{
	const char *end = text && *text == '(' ? strstr(text, "): ") : NULL;
	return end ? end + 3 : text;
}

static natsStatus set_plain(const struct rl_nats_setup *s, unsigned server, natsOptions *o)
{
	natsStatus e = natsOptions_SetURL(o, s->server[server]);
	// Reconnecting is ours: one way for the first connection and all later ones, without
	// libnats' own memory of old messages, and refused ones are tried again, too.
	e = e ? e : natsOptions_SetAllowReconnect(o, false);
	e = e ? e : natsOptions_SetIgnoreDiscoveredServers(o, true);
	e = e ? e : natsOptions_SetName(o, s->name);
	e = e ? e : natsOptions_SetTimeout(o, RL_NATS_CONNECT_MS);
	e = e ? e : natsOptions_SetPingInterval(o, RL_NATS_PING_MS);
	e = e ? e : natsOptions_SetMaxPingsOut(o, RL_NATS_PINGS);
	e = e ? e : natsOptions_SetIOBufSize(o, IO_BUFFER);
	// What is published is a whole batch: waiting for more (1 ms in libnats) gains nothing.
	e = e ? e : natsOptions_SetSendAsap(o, true);
	e = e ? e : natsOptions_SetNoEcho(o, true);
	// One thread for what comes, not one for each subscription.
	e = e ? e : natsOptions_UseGlobalMessageDelivery(o, true);
	if (s->user)
		e = e ? e : natsOptions_SetUserInfo(o, s->user, s->password);
	return e;
}

int rl_nats_setup_options(const struct rl_nats_setup *s, unsigned server, natsOptions **out,
			  char why[static RL_LINK_WHY_MAX])
{
	natsOptions *o = NULL;
	natsStatus e = natsOptions_Create(&o);
	e = e ? e : set_plain(s, server, o);
	if (e) {
		snprintf(why, RL_LINK_WHY_MAX, "nats server %s: %s",
			 rl_nats_setup_shown(s->server[server]), natsStatus_GetText(e));
		goto fail;
	}
	if (s->plain)
		goto done;
	e = natsOptions_SetSecure(o, true);
	e = e ? e : natsOptions_LoadCATrustedCertificates(o, s->ca);
	if (e) {
		snprintf(why, RL_LINK_WHY_MAX, "cannot use certificate %s: %s", s->ca,
			 without_place(nats_GetLastError(NULL)));
		goto fail;
	}
	e = s->cert ? natsOptions_LoadCertificatesChain(o, s->cert, s->key) : NATS_OK;
	if (e) {
		snprintf(why, RL_LINK_WHY_MAX,
			 "cannot use certificate %s with key %s: they must belong together: %s",
			 s->cert, s->key, without_place(nats_GetLastError(NULL)));
		goto fail;
	}
done:
	*out = o;
	return 0;

fail:
	natsOptions_Destroy(o);
	return e == NATS_NO_MEMORY ? -ENOMEM : -EINVAL;
}

void rl_nats_setup_why(const struct rl_nats_setup *s, const char *url, natsStatus status,
		       const char *text, bool in_time, bool made, char why[static RL_LINK_WHY_MAX])
{
	const char *server = rl_nats_setup_shown(url);
	const char *said = text && *text ? without_place(text) : natsStatus_GetText(status);

	switch (status) {
	case NATS_NO_SERVER:
	case NATS_TIMEOUT:
		SAY("cannot reach nats server %s: %s: does it run, and is the way to it open?",
		    server, in_time ? "refused, or no such host" : "no answer in time");
		break;
	case NATS_CONNECTION_AUTH_FAILED:
		SAY("nats server %s refused: %s: check the user, or to which user the server "
		    "maps this member's certificate",
		    server, said);
		break;
	case NATS_NOT_PERMITTED:
		SAY("nats server %s refused: %s: it must allow this member to publish and "
		    "subscribe to %s.>",
		    server, said, s->prefix);
		break;
	case NATS_SECURE_CONNECTION_WANTED:
		SAY("nats server %s offers no TLS: give its configuration a tls section", server);
		break;
	case NATS_SSL_ERROR:
		SAY("nats server %s: %s: check that %s has signed its certificate, which must "
		    "name that host, and this member's",
		    server, said, s->ca ? s->ca : "the authority");
		break;
	case NATS_PROTOCOL_ERROR: // "Expected 'PONG', got ''"
	case NATS_CONNECTION_CLOSED:
	case NATS_IO_ERROR:
		SAY("nats server %s closed the connection%s", server,
		    made && status == NATS_IO_ERROR ? ", or takes nothing any more"
		    : made || s->plain              ? ""
				       : " when TLS was agreed: it stops, or refuses this member's "
					 "certificate, or wants one: its log tells");
		break;
	case NATS_STALE_CONNECTION:
		SAY("nats server %s does not answer any more: frozen, or the way to it is cut",
		    server);
		break;
	default:
		SAY("nats server %s: %s", server, said);
	}
}
