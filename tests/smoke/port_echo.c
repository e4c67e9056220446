// SPDX-License-Identifier: BSD-3-Clause
// The appliance's ports without a root behind them: every datagram goes back to its sender, by the
// way that its first byte names. Takes rootline's command line; says "ready" on stdout; prints its
// counters when it is stopped.
//   'B' answered in place   'E' as an extra packet, back    'V' by an interned way
//   'R' relayed to its sender, one byte changed             'K' kept in its buffer, then answered
#include "dpdk-app/port_tx.h"

#include <rte_launch.h>
#include <rte_lcore.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_bool stop;
static struct ports *ports;

static void on_signal(int sig)
{
	(void)sig;
	atomic_store(&stop, true);
}

static void echo(struct port_tx *tx, struct port_packet *pk)
{
	static _Thread_local struct rl_out out;
	struct port_packet *kept;

	out.len = pk->p.len;
	memcpy(out.data, pk->p.data, pk->p.len < RL_OUT_ROOM ? pk->p.len : RL_OUT_ROOM);
	out.to = (struct rl_path){.addr = pk->p.from, .via = RL_VIA_BACK};
	out.back = &pk->p;
	switch (pk->p.len ? pk->p.data[0] : 0) {
	case 'E':
		port_packet_free(pk);
		port_tx_extra(tx, &out);
		break;
	case 'V':
		out.to.via = port_packet_via(ports, &pk->p);
		port_packet_free(pk);
		port_tx_send(tx, &out.to, out.data, out.len);
		break;
	case 'R':
		pk->p.data[18]++;
		pk->p.to = (struct rl_path){pk->p.from, port_packet_via(ports, &pk->p)};
		port_tx_relay(tx, pk);
		break;
	case 'K':
		kept = port_packet_keep(pk);
		port_tx_reply(tx, kept);
		break;
	default:
		port_tx_reply(tx, pk);
	}
}

struct worker {
	struct port_rx *rx;
	struct port_tx *tx;
};

static int work(void *arg)
{
	struct worker *w = arg;
	struct port_packet pk[64];
	unsigned seen;

	while (!atomic_load(&stop)) {
		unsigned n = port_rx(w->rx, pk, 64, &seen);

		for (unsigned i = 0; i < n; i++)
			echo(w->tx, &pk[i]);
		port_tx_flush(w->tx);
		if (seen == 0)
			usleep(50);
	}
	return 0;
}

static void report(unsigned n, const struct worker *w)
{
	const struct port_rx_stats *rx = port_rx_stats(w->rx);
	const struct port_tx_stats *tx = port_tx_stats(w->tx);

	printf("worker %u queues %u rx %lu tx %lu", n, port_rx_queue_count(w->rx), rx->packets,
	       tx->packets);
	for (unsigned i = 0; i < RL_DROP_COUNT; i++)
		if (rx->drop[i] + tx->drop[i])
			printf(" %s %lu", rl_drop_name(i), rx->drop[i] + tx->drop[i]);
	printf("\n");
}

// Control's part: what changes is told, and files that have been played end the program.
static void control(const struct config *c)
{
	char why[PORT_WHY_MAX];

	for (unsigned i = 0; !atomic_load(&stop); i++) {
		usleep(100000);
		if (i % 10 == 9) {
			if (ports_refresh(ports, why) > 0)
				printf("addresses changed\n");
			if (*why)
				printf("%s\n", why);
			fflush(stdout);
		}
		if (ports_all_done(ports))
			atomic_store(&stop, true);
	}
	(void)c;
}

static int serve(const struct config *c)
{
	struct worker w[EAL_WORKERS_MAX];

	for (unsigned i = 0; i < c->workers; i++) {
		w[i] = (struct worker){port_rx_new(ports, i), port_tx_new(ports, i)};
		if (!w[i].rx || !w[i].tx)
			return 1;
		if (rte_eal_remote_launch(work, &w[i], i + 1))
			return 1;
	}
	printf("ready\n");
	fflush(stdout);
	control(c);
	rte_eal_mp_wait_lcore();
	for (unsigned i = 0; i < c->workers; i++) {
		report(i, &w[i]);
		port_rx_free(w[i].rx);
		port_tx_free(w[i].tx);
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct config c;
	char why[PORT_WHY_MAX];
	struct eal_options o;
	struct eal_result r;
	int ret = 1;

	if (config_args(&c, argc, argv, stdout, stderr) != CONFIG_RUN)
		return 2;
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	ports = ports_new(&c, 0, why);
	if (!ports) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	eal_options_default(&o, &c);
	ports_eal(ports, &o);
	if (eal_start(&o, &r, why) == 0) {
		fprintf(stderr, "hugepages %s\n", r.hugepages ? "yes" : "no");
		if (ports_start(ports, why) == 0)
			ret = serve(&c);
	}
	if (*why)
		fprintf(stderr, "%s\n", why);
	ports_free(ports);
	eal_stop();
	return ret;
}
