// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/control.h"

#include "dpdk-app/log.h"
#include "dpdk-app/notify.h"
#include "dpdk-app/reload.h"
#include "dpdk-app/upkeep.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct control {
	struct app *app;
	struct upkeep upkeep;
	struct ctl_server *server;
	struct ctl_view view;
	struct state_self self;
	int epoll, timer, signals;
	bool stop;
	unsigned idle_turns;  // since all recorded input has been played
	uint64_t watchdog_ms; // between two reports; 0: nobody wants them
	uint64_t reported_ms;
};

static sigset_t wanted_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	return set;
}

void control_block_signals(void)
{
	sigset_t set = wanted_signals();
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int watch(struct control *c, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};
	return fd < 0 || epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

static int open_timer(void)
{
	struct itimerspec every = {
		.it_interval.tv_nsec = UPKEEP_MS * 1000000L,
		.it_value.tv_nsec = UPKEEP_MS * 1000000L,
	};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (fd >= 0)
		timerfd_settime(fd, 0, &every, NULL);
	return fd;
}

static void fill_view(struct control *c)
{
	struct app *a = c->app;
	struct ctl_view *v = &c->view;
	c->self = (struct state_self){rl_root_identity(a->root), a->endpoints.v, 0, NULL};
	v->root = a->root;
	v->worlds = &a->worlds;
	v->self = &c->self;
	v->geoip = a->geoip;
	v->cluster = a->backplane;
	v->cluster_status = backplane_status;
	v->cluster_who = backplane_who;
	v->cluster_drain = backplane_drain;
	v->siblings = a->siblings;
	v->siblings_status = siblings_status;
	v->workers = a->config.workers;
	v->path_timeout_ms = a->config.limits.path_timeout_ms;
	v->ports = a->config.ports.count;
	v->port = a->config.ports.v;
	v->udp_ports = a->config.udp_ports.count;
	v->udp_port = a->config.udp_ports.v;
	v->started_ms = clock_now(&a->clock);
	for (unsigned i = 0; i < a->config.workers; i++) {
		const struct worker *w = a->worker[i];
		ctl_view_add(v, rl_worker_stats(w->handle.core));
		ctl_view_add_drops(v, (const uint64_t *)port_rx_stats(w->rx)->drop);
		ctl_view_add_drops(v, (const uint64_t *)port_tx_stats(w->handle.tx)->drop);
	}
	for (unsigned i = 0; i < a->config.admission_threads; i++) {
		ctl_view_add(v, admission_stats(a->admission, i));
		ctl_view_add_drops(v, (const uint64_t *)admission_tx_stats(a->admission, i)->drop);
	}
	if (a->backplane) {
		ctl_view_add(v, backplane_stats(a->backplane));
		ctl_view_add_drops(v, (const uint64_t *)backplane_tx_stats(a->backplane)->drop);
	}
	if (a->siblings) {
		ctl_view_add(v, siblings_stats(a->siblings));
		ctl_view_add_drops(v, (const uint64_t *)siblings_tx_stats(a->siblings)->drop);
	}
}

int control_new(struct control **control, struct app *a)
{
	struct control *c = calloc(1, sizeof(*c));
	sigset_t set = wanted_signals();
	int ret = -ENOMEM;
	if (!c)
		return ret;
	c->app = a;
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	c->timer = open_timer();
	c->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	fill_view(c);
	ret = upkeep_init(&c->upkeep, a);
	if (!ret)
		ret = watch(c, c->timer);
	if (!ret)
		ret = watch(c, c->signals);
	if (ret)
		log_error("control: %s", strerror(-ret));
	else
		ret = ctl_server_new(&c->server, a->config.control_socket, ctl_commands, &c->view);
	if (!ret)
		ret = watch(c, ctl_server_fd(c->server));
	if (ret) {
		control_free(c);
		return ret;
	}
	c->watchdog_ms = notify_watchdog_us() / 1000 / 2;
	*control = c;
	return 0;
}

void control_free(struct control *c)
{
	if (!c)
		return;
	ctl_server_free(c->server);
	upkeep_free(&c->upkeep);
	close(c->signals);
	close(c->timer);
	close(c->epoll);
	free(c);
}

// What is left of a stop takes a moment, and an operator may be in a hurry. What remains then, the
// next start clears away.
static void end_at_once(int sig)
{
	_exit(128 + sig);
}

static void stop(struct control *c)
{
	sigset_t set = wanted_signals();
	sigdelset(&set, SIGHUP);
	c->stop = true;
	signal(SIGTERM, end_at_once);
	signal(SIGINT, end_at_once);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void take_signals(struct control *c)
{
	struct signalfd_siginfo info;
	while (!c->stop && read(c->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP) {
			log_info("SIGHUP: reading planet, moons, databases of places%s again",
				 c->app->backplane ? " and members" : "");
			upkeep_reload(&c->upkeep);
			places_reload(c->app->geoip);
			reload_members(c->app);
			continue;
		}
		log_info("%s: stopping", info.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM");
		stop(c);
	}
}

// Recorded input ends; a NIC does not.
static void stop_after_input(struct control *c)
{
	enum { SETTLE = 2 }; // turns for what a worker has just taken in
	struct app *a = c->app;
	if (!ports_all_done(a->ports) || !admission_idle(a->admission)) {
		c->idle_turns = 0;
		return;
	}
	if (++c->idle_turns <= SETTLE)
		return;
	log_info("all recorded input has been played: stopping");
	stop(c);
}

// Only while every worker turns: a root that does not move packets shall be restarted.
static void report(struct control *c, uint64_t now_ms)
{
	if (!c->watchdog_ms || now_ms - c->reported_ms < c->watchdog_ms)
		return;
	if (crew_alive(c->app))
		notify_send("WATCHDOG=1");
	else
		log_error("a worker does not turn");
	c->reported_ms = now_ms;
}

static void read_nics(struct control *c)
{
	struct ctl_nic sum = {0};
	for (unsigned i = 0; i < ports_count(c->app->ports); i++) {
		struct port_stats s;
		if (port_stats(ports_at(c->app->ports, i), &s))
			continue;
		sum.rx_packets += s.rx_packets;
		sum.rx_bytes += s.rx_bytes;
		sum.rx_missed += s.rx_missed;
		sum.rx_errors += s.rx_errors;
		sum.rx_no_buffer += s.rx_no_buffer;
		sum.tx_packets += s.tx_packets;
		sum.tx_bytes += s.tx_bytes;
		sum.tx_errors += s.tx_errors;
	}
	c->view.nic = sum;
}

static void timer_turn(struct control *c)
{
	uint64_t times, now_ms = clock_now(&c->app->clock);
	if (read(c->timer, &times, sizeof(times)) < 0)
		return;
	upkeep_turn(&c->upkeep, now_ms);
	read_nics(c);
	c->self.endpoint_count = c->app->endpoints.count;
	stop_after_input(c);
	report(c, now_ms);
}

int control_run(struct control *c)
{
	struct epoll_event ev[4];
	c->self.endpoint_count = c->app->endpoints.count;
	while (!c->stop) {
		int n = epoll_wait(c->epoll, ev, 4, -1);
		if (n < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < n; i++) {
			if (ev[i].data.fd == c->timer)
				timer_turn(c);
			else if (ev[i].data.fd == c->signals)
				take_signals(c);
		}
		// Also without a request: to cut off operators who stall.
		c->view.now_ms = clock_now(&c->app->clock);
		ctl_server_run(c->server, c->view.now_ms);
	}
	return 0;
}
