// SPDX-License-Identifier: BSD-3-Clause
#include "tests/smoke/nats_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

const char *server_dir;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static bool accepts(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((uint16_t)port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool fine = !connect(fd, (struct sockaddr *)&a, sizeof(a));
	close(fd);
	return fine;
}

void server_start(struct server *s, int port, const char *more)
{
	char file[300];
	snprintf(file, sizeof(file), "%s/%d.conf", server_dir, port);
	FILE *f = fopen(file, "we");
	if (!f)
		die(file);
	fprintf(f, "host: \"127.0.0.1\"\nport: %d\n%s\n", port, more);
	fclose(f);
	server_start_with(s, port, file);
}

void server_start_with(struct server *s, int port, const char *file)
{
	char log[300];
	snprintf(log, sizeof(log), "%s/%d.log", server_dir, port);
	s->port = port;
	s->pid = fork();
	if (s->pid < 0)
		die("fork");
	if (!s->pid) {
		// It shall not outlive a test that is killed.
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
		dup2(fd, 1);
		dup2(fd, 2);
		execlp("nats-server", "nats-server", "-c", file, (char *)NULL);
		_exit(127);
	}
	for (unsigned i = 0; i < 2000 && !accepts(port); i++)
		poll(NULL, 0, 5);
	if (!accepts(port))
		die("nats-server does not start");
}

void server_signal(const struct server *s, int sig)
{
	kill(s->pid, sig);
}

void server_end(struct server *s)
{
	if (s->pid <= 0)
		return;
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	s->pid = 0;
}
