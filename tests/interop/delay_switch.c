// SPDX-License-Identifier: BSD-3-Clause
// A switch between network interfaces that delays and loses frames by a table of rules: kernels
// without netem have none. It takes the far ends of veth pairs, which need no address and no
// bridge; frames come with their checksums, so offloads of the near ends must be off. VLAN tags are
// lost.
//
//   delay_switch --rules FILE a=p-a b=p-b
//
// Prints "ready" when it forwards; ends with SIGTERM or SIGINT and says what it did. Exit status 0,
// 1, or 2 for a wrong command line.
#include "tests/interop/delay_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { BURST = 64, RECEIVE_BYTES = 8 << 20 };

static const char usage[] =
	"usage: delay_switch [--rules FILE] [--seed N] [NAME=]INTERFACE...\n"
	"  --rules FILE  lines of FROM TO MILLISECONDS [LOSS%], one way, both directions\n"
	"                alike; names of ports or *; later lines win; # begins a comment\n"
	"  --seed N      of the losses; 1 if not given\n"
	"  --help        this\n";

static struct delay_net net;
static int sockets[DELAY_PORTS_MAX];
static uint64_t unsent;

static uint64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int open_port(const char *interface)
{
	int fd, one = 1, bytes = RECEIVE_BYTES;
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct packet_mreq all = {.mr_type = PACKET_MR_PROMISC};

	at.sll_ifindex = all.mr_ifindex = (int)if_nametoindex(interface);
	if (at.sll_ifindex == 0)
		return -1;
	// Without a protocol nothing comes in before it is bound.
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return -1;
	// A larger buffer is welcome, not needed.
	(void)!setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	return fd;
}

static bool add_port(char *spec)
{
	char *interface = strchr(spec, '=');
	if (interface)
		*interface++ = 0;
	int port = delay_net_port(&net, spec);
	if (port < 0) {
		fprintf(stderr, "delay_switch: \"%s\" is no name for a port, or taken\n", spec);
		return false;
	}
	sockets[port] = open_port(interface ? interface : spec);
	if (sockets[port] < 0)
		fprintf(stderr, "delay_switch: %s: %s\n", interface ? interface : spec,
			strerror(errno));
	return sockets[port] >= 0;
}

static bool read_rules(const char *path)
{
	char line[512], why[DELAY_WHY_MAX];
	unsigned number = 0;
	bool fine = true;
	FILE *f = fopen(path, "re");
	if (!f) {
		fprintf(stderr, "delay_switch: %s: %s\n", path, strerror(errno));
		return false;
	}
	while (fine && fgets(line, sizeof(line), f)) {
		number++;
		fine = delay_net_rule(&net, line, why);
		if (!fine)
			fprintf(stderr, "delay_switch: %s:%u: %s\n", path, number, why);
	}
	fclose(f);
	return fine;
}

static void receive(unsigned port)
{
	static uint8_t frame[DELAY_FRAME_MAX];
	for (unsigned i = 0; i < BURST; i++) {
		ssize_t len = recv(sockets[port], frame, sizeof(frame), MSG_TRUNC);
		if (len < 0)
			return;
		delay_net_take(&net, port, frame, (size_t)len, now_us());
	}
}

static void deliver(void)
{
	struct delay_frame *f;
	while ((f = delay_net_next(&net, now_us()))) {
		// An interface that is full or gone loses frames, as wires do.
		if (send(sockets[f->port], f->data, f->len, 0) < 0)
			unsent++;
		free(f);
	}
}

static void set_timer(int fd)
{
	uint64_t due = delay_net_due(&net);
	struct itimerspec at = {0};
	if (due != UINT64_MAX)
		at.it_value =
			(struct timespec){(time_t)(due / 1000000), (long)(due % 1000000 * 1000)};
	timerfd_settime(fd, TFD_TIMER_ABSTIME, &at, NULL);
}

static void forward(int signals, int timer)
{
	struct pollfd p[DELAY_PORTS_MAX + 2];
	for (unsigned i = 0; i < net.ports; i++)
		p[i] = (struct pollfd){.fd = sockets[i], .events = POLLIN};
	p[net.ports] = (struct pollfd){.fd = signals, .events = POLLIN};
	p[net.ports + 1] = (struct pollfd){.fd = timer, .events = POLLIN};
	while (!(p[net.ports].revents & POLLIN)) {
		set_timer(timer);
		if (poll(p, net.ports + 2, -1) < 0)
			continue;
		for (unsigned i = 0; i < net.ports; i++)
			if (p[i].revents)
				receive(i);
		deliver();
	}
}

// 0, or the exit status.
static int read_args(int argc, char **argv)
{
	static const struct option options[] = {
		{"rules", required_argument, NULL, 'r'},
		{"seed", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	const char *rules = NULL;
	uint64_t seed = 1;
	for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (o == 'h') {
			fputs(usage, stdout);
			exit(0);
		}
		if (o == 'r')
			rules = optarg;
		else if (o == 's')
			seed = strtoull(optarg, NULL, 0);
		else
			optind = argc + 1;
	}
	if (argc - optind < 2) {
		fputs(usage, stderr);
		return 2;
	}
	delay_net_init(&net, seed);
	for (int i = optind; i < argc; i++)
		if (!add_port(argv[i]))
			return 1;
	return rules && !read_rules(rules);
}

int main(int argc, char **argv)
{
	sigset_t stop;
	int status = read_args(argc, argv);
	if (status)
		return status;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	int signals = signalfd(-1, &stop, SFD_CLOEXEC);
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (signals < 0 || timer < 0) {
		perror("delay_switch");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	forward(signals, timer);
	printf("passed %" PRIu64 ", lost %" PRIu64 ", odd %" PRIu64 ", no room %" PRIu64
	       ", unsent %" PRIu64 "\n",
	       net.passed, net.lost, net.odd, net.full, unsent);
	delay_net_free(&net);
	return 0;
}
