// SPDX-License-Identifier: BSD-3-Clause
// The sender: the one thread of a link over NATS that connects, publishes and looks after it.
#include "cluster/link_nats_parts.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
	CHORES_MS = 1000,
	PROBE_LOST_MS = 5000,
	FIRST_PAUSE_MS = 50, // after a round through all servers; doubles
	PAUSE_DOUBLINGS = 4, // 800 ms
	STEADY_MS = 1000,    // a connection that ends earlier was in vain
	FAREWELL_MS = 500,   // for what waits at a stop, and again for the server to confirm it
};

// Threads of libnats may outlive the link: nobody waits for one that finds out itself that its
// server is gone, nor for an attempt that was left to itself. At the end of a process OpenSSL would
// take down what they are using; now the kernel does, which ends them first. It has to be said
// before the first use of OpenSSL, and nothing is lost by it.
__attribute__((constructor)) static void keep_openssl(void)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}

static uint64_t now_ms(const struct rl_link *l)
{
	(void)l;
	return rl_nats_now_us() / 1000;
}

// Until then, or the bell.
static void wait_until(struct rl_nats *n, uint64_t until_ms)
{
	uint64_t now = now_ms(&n->link);
	// A wait of 0 would not let go of the bell's news; a millisecond more does no harm.
	rl_link_bell_wait(n->link.out.bell, until_ms > now ? (int)(until_ms - now) : 1);
}

// A quarter more or less, so that members do not come all at once to a server that has started.
static uint64_t jitter(struct rl_nats *n, uint64_t ms)
{
	n->dice = n->dice * 1664525 + 1013904223;
	return ms * 3 / 4 + ms / 2 * (n->dice >> 16) / 65536;
}

static void pause_longer(struct rl_nats *n)
{
	unsigned doubled = n->rounds < PAUSE_DOUBLINGS ? n->rounds : PAUSE_DOUBLINGS;
	n->next_ms = now_ms(&n->link) + jitter(n, FIRST_PAUSE_MS << doubled);
	n->rounds++;
}

static void attempt_failed(struct rl_nats *n, const char *why)
{
	n->attempting = false;
	rl_link_state(&n->link, false, rl_nats_setup_shown(n->setup->server[n->server]), why);
	n->next_ms = 0;
	if (++n->server < n->setup->server_count)
		return;
	n->server = 0;
	pause_longer(n);
}

static void attempt_ended(struct rl_nats *n, struct rl_nats_attempt *a)
{
	if (!a->connection.out) {
		attempt_failed(n, a->why);
		rl_nats_attempt_free(a);
		return;
	}
	n->attempting = false;
	n->connection = a->connection;
	a->connection = (struct rl_nats_connection){0};
	n->connected_ms = now_ms(&n->link);
	n->chores_ms = 0;
	memset(n->slow, 0, sizeof(n->slow));
	rl_link_state(&n->link, true, rl_nats_setup_shown(n->setup->server[n->server]),
		      *a->why ? a->why : NULL);
	rl_nats_attempt_free(a);
}

static void connecting(struct rl_nats *n)
{
	if (!n->attempting) {
		if (now_ms(&n->link) < n->next_ms) {
			wait_until(n, n->next_ms);
			return;
		}
		int ret = rl_nats_attempt(n);
		if (ret) {
			attempt_failed(n, ret == -EBUSY ? "nats servers accept connections and "
							  "then say nothing: restart them"
							: strerror(-ret));
			return;
		}
		n->attempting = true;
		n->until_ms = now_ms(&n->link) + RL_NATS_ATTEMPT_MS;
	}
	wait_until(n, n->until_ms);
	struct rl_nats_attempt *a = rl_nats_attempted(n);
	if (a)
		attempt_ended(n, a);
	else if (now_ms(&n->link) >= n->until_ms) {
		char why[RL_LINK_WHY_MAX];
		rl_nats_forget(n);
		rl_nats_setup_why(n->setup, n->setup->server[n->server], NATS_TIMEOUT, NULL, false,
				  false, why);
		attempt_failed(n, why);
	}
}

// The connection is of no more use: the next one is tried at once, the nearest server first; but
// not over and over at a server that lets everybody in and throws them out.
static void lose(struct rl_nats *n, natsStatus e)
{
	const char *url = n->setup->server[n->server], *text = NULL;
	char why[RL_LINK_WHY_MAX];
	natsStatus last = natsConnection_GetLastError(n->connection.out, &text);

	if (!last)
		last = natsConnection_GetLastError(n->connection.in, &text);

	if (last && last != NATS_SLOW_CONSUMER)
		e = last;
	rl_nats_setup_why(n->setup, url, e, text, true, true, why);
	rl_link_state(&n->link, false, NULL, why);
	atomic_store(&n->link.rtt_us, 0);
	atomic_store(&n->probe_us, 0);
	rl_nats_forget(n);
	rl_nats_connection_free(&n->connection);
	n->server = 0;
	n->next_ms = 0;
	if (now_ms(&n->link) - n->connected_ms < STEADY_MS)
		pause_longer(n);
	else
		n->rounds = 0;
}

static natsStatus publish(struct rl_nats *n, struct rl_link_head *h)
{
	static const char *const lane[] = {"urgent", "bulk"};
	const char *prefix = n->setup->prefix;
	const void *bytes = rl_link_head_bytes(h);
	char subject[RL_NATS_PREFIX_MAX + 32], reply[RL_NATS_PREFIX_MAX + 32];

	if (h->what == RL_LINK_ANSWER)
		snprintf(subject, sizeof(subject), "%s.reply.%u.%x", prefix, h->to, h->request);
	else if (h->to == RL_LINK_ALL)
		snprintf(subject, sizeof(subject), "%s.all.%s.%u", prefix, lane[h->lane],
			 n->link.self);
	else
		snprintf(subject, sizeof(subject), "%s.to.%u.%s", prefix, h->to, lane[h->lane]);
	if (h->what != RL_LINK_QUESTION)
		return natsConnection_Publish(n->connection.out, subject, bytes, (int)h->len);
	snprintf(reply, sizeof(reply), "%s.reply.%u.%x", prefix, n->link.self, h->request);
	return natsConnection_PublishRequest(n->connection.in, subject, reply, bytes, (int)h->len);
}

// What waits. After an error the record stays first: it goes out by the next connection, unless it
// is stale by then.
static natsStatus send_waiting(struct rl_nats *n, uint64_t until_ms)
{
	struct rl_link_head *h;
	while (now_ms(&n->link) < until_ms && (h = rl_link_out_first(&n->link))) {
		natsStatus e = publish(n, h);
		if (e == NATS_MAX_PAYLOAD) {
			rl_link_box_drop(&n->link.out);
			rl_link_count(&n->link, RL_LINK_DROP_OUT_REFUSED, 1);
		} else if (e) {
			return e;
		} else {
			rl_link_out_sent(&n->link, h);
		}
	}
	return NATS_OK;
}

static natsStatus send_probe(struct rl_nats *n)
{
	char subject[RL_NATS_PREFIX_MAX + 32], reply[RL_NATS_PREFIX_MAX + 32];
	uint64_t now_us = rl_nats_now_us(), sent_us = atomic_load(&n->probe_us);

	if (sent_us && now_us - sent_us < PROBE_LOST_MS * 1000)
		return NATS_OK;
	snprintf(subject, sizeof(subject), "%s.nobody", n->setup->prefix);
	snprintf(reply, sizeof(reply), "%s.reply.%u.0", n->setup->prefix, n->link.self);
	atomic_store(&n->probe_us, now_us);
	return natsConnection_PublishRequest(n->connection.in, subject, reply, NULL, 0);
}

static natsStatus chores(struct rl_nats *n)
{
	uint64_t now = now_ms(&n->link);
	if (now < n->chores_ms)
		return NATS_OK;
	n->chores_ms = now + CHORES_MS;
	for (unsigned i = 0; i < RL_NATS_SUBS; i++) {
		int64_t dropped;
		if (natsSubscription_GetDropped(n->connection.sub[i], &dropped) ||
		    (uint64_t)dropped <= n->slow[i])
			continue;
		rl_link_count(&n->link, RL_LINK_DROP_IN_SLOW, (uint64_t)dropped - n->slow[i]);
		n->slow[i] = (uint64_t)dropped;
	}
	return send_probe(n);
}

static void connected(struct rl_nats *n)
{
	natsStatus e = rl_nats_closed(n) ? NATS_CONNECTION_CLOSED : NATS_OK;
	// In turns, so that chores are done in a flood, too.
	e = e ? e : send_waiting(n, now_ms(&n->link) + CHORES_MS);
	e = e ? e : chores(n);
	if (e)
		lose(n, e);
	else if (!atomic_load(&n->stop) && !rl_link_out_first(&n->link))
		wait_until(n, n->chores_ms); // the bell rings for what comes into an empty lane
}

static void *sender_main(void *arg)
{
	struct rl_nats *n = arg;

	while (!atomic_load(&n->stop)) {
		if (n->connection.out)
			connected(n);
		else
			connecting(n);
	}
	if (n->connection.out && !rl_nats_closed(n) &&
	    !send_waiting(n, now_ms(&n->link) + FAREWELL_MS))
		natsConnection_FlushTimeout(n->connection.out, FAREWELL_MS);
	rl_nats_unlist(n);
	rl_nats_attempt_free(rl_nats_attempted(n));
	rl_nats_connection_free(&n->connection);
	return NULL;
}

// Options are made once here, for their errors, and so that libnats' first threads are made in the
// same way as all later ones.
static int nats_start(struct rl_link *l, char why[static RL_LINK_WHY_MAX])
{
	struct rl_nats *n = (struct rl_nats *)l;
	natsOptions *o;
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int ret = rl_nats_setup_options(n->setup, 0, &o, why);
	if (!ret) {
		natsOptions_Destroy(o);
		rl_nats_list(n);
		ret = -pthread_create(&n->thread, NULL, sender_main, n);
		if (ret) {
			rl_nats_unlist(n);
			snprintf(why, RL_LINK_WHY_MAX, "cannot make a thread: %s", strerror(-ret));
		}
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return ret;
}

static void nats_stop(struct rl_link *l)
{
	struct rl_nats *n = (struct rl_nats *)l;
	atomic_store(&n->stop, true);
	rl_link_bell_ring(l->out.bell);
	pthread_join(n->thread, NULL);
	rl_link_state(l, false, NULL, "stopped");
}

static void nats_free(struct rl_link *l)
{
	rl_nats_setup_drop(((struct rl_nats *)l)->setup);
	free(l);
}

static const struct rl_link_ops nats_ops = {
	.now_ms = now_ms,
	.start = nats_start,
	.stop = nats_stop,
	.free = nats_free,
};

int rl_link_nats_new(struct rl_link **l, const struct rl_link_nats_config *c,
		     char why[static RL_LINK_WHY_MAX])
{
	*l = NULL;
	struct rl_nats *n = calloc(1, sizeof(*n));
	if (!n) {
		snprintf(why, RL_LINK_WHY_MAX, "no memory");
		return -ENOMEM;
	}
	uint32_t dice[2];
	int ret = rl_nats_setup_new(&n->setup, c, why);
	if (!ret && getrandom(dice, sizeof(dice), 0) != sizeof(dice)) {
		ret = -EIO;
		snprintf(why, RL_LINK_WHY_MAX, "the system gives no random numbers");
	}
	if (ret)
		goto free_setup;
	n->dice = dice[0];
	ret = rl_link_init(&n->link, &nats_ops, c->self, &c->limits, dice[1]);
	if (ret) {
		snprintf(why, RL_LINK_WHY_MAX, "no room for its boxes: %s", strerror(-ret));
		goto fini;
	}
	*l = &n->link;
	return 0;

fini:
	rl_link_fini(&n->link);
free_setup:
	rl_nats_setup_drop(n->setup);
	free(n);
	return ret;
}
