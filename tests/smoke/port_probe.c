// SPDX-License-Identifier: BSD-3-Clause
// Asks port_echo: port_probe [-o] [-s] IP PORT [FORMS]. -o: with IP options; -s: send each question
// once and expect silence for half a second. Every form of answer in several sizes; exit status 0
// if all came as they should.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TRIES = 10, WAIT_MS = 300, SILENCE_MS = 500, ROOM = 1472 };

static int open_socket(const char *ip, uint16_t port, bool options)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	static const uint8_t nops[8] = {1, 1, 1, 1, 1, 1, 1, 1};
	bool v4 = inet_pton(AF_INET, ip, &in.sin_addr) == 1;
	int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);

	if (!v4 && inet_pton(AF_INET6, ip, &in6.sin6_addr) != 1)
		return -1;
	if (options && setsockopt(fd, IPPROTO_IP, IP_OPTIONS, nops, sizeof(nops)) < 0)
		return -1;
	if (v4 ? connect(fd, (struct sockaddr *)&in, sizeof(in))
	       : connect(fd, (struct sockaddr *)&in6, sizeof(in6)))
		return -1;
	return fd;
}

static void fill(uint8_t *p, size_t len, char form, unsigned number)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(i * 7 + number);
	p[0] = (uint8_t)form;
}

// True: the answer is what the form promises.
static bool ask(int fd, char form, size_t len, unsigned number, bool silence)
{
	uint8_t question[ROOM], answer[ROOM + 1];

	fill(question, len, form, number);
	for (int try = 0; try < (silence ? 1 : TRIES); try++) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		// An ICMP error that came for an earlier one is reported here.
		if (send(fd, question, len, 0) < 0 && silence)
			return false;
		if (poll(&p, 1, silence ? SILENCE_MS : WAIT_MS) <= 0)
			continue;
		if (silence)
			return false;
		ssize_t n = recv(fd, answer, sizeof(answer), 0);
		if (form == 'R')
			question[18]++;
		if (n == (ssize_t)len && memcmp(question, answer, len) == 0)
			return true;
		if (form == 'R')
			question[18]--;
		fprintf(stderr, "form %c, %zu bytes: wrong answer of %zd bytes\n", form, len, n);
		return false;
	}
	if (!silence)
		fprintf(stderr, "form %c, %zu bytes: no answer\n", form, len);
	return silence;
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = {1, 2, 19, 28, 33, 137, 512, 999, 1400, 1432};
	bool options = false, silence = false;
	const char *forms = "BEVRK";
	unsigned number = 0;
	int c, fd, bad = 0;

	while ((c = getopt(argc, argv, "os")) != -1) {
		options |= c == 'o';
		silence |= c == 's';
	}
	if (argc - optind < 2 || argc - optind > 3)
		return 2;
	if (argc - optind == 3)
		forms = argv[optind + 2];
	fd = open_socket(argv[optind], (uint16_t)atoi(argv[optind + 1]), options);
	if (fd < 0) {
		perror("socket");
		return 2;
	}
	for (const char *f = forms; *f; f++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			if (*f == 'R' && sizes[i] < 19)
				continue;
			bad += !ask(fd, *f, sizes[i], number++, silence);
			if (silence)
				return bad;
		}
	}
	return bad ? 1 : 0;
}
