// SPDX-License-Identifier: BSD-3-Clause
// Programs that end in the moment in which their server dies: no thread of a link or of libnats may
// use then what the end of a process takes down. Shown by sanitizers, elsewhere by crashes.
#include "tests/smoke/nats_link.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINKS = 4, STOP_US = 4000000 }; // as link.h promises

// The program that ends: says so when its links are up, and stops at SIGTERM.
int ending(void)
{
	struct member m[LINKS];
	struct files f = files_of(own_dir);
	sigset_t term;
	int sig;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	for (unsigned i = 0; i < LINKS; i++) {
		struct rl_link_nats_config c = tls_config(&f);
		c.self = (uint8_t)(i + 1);
		if (!member_start(&m[i], &c))
			return 2;
	}
	for (unsigned i = 0; i < LINKS; i++)
		if (!until(&m[i], NULL, 10000, m[i].up))
			return 3;
	puts("up");
	fflush(stdout);
	sigwait(&term, &sig);
	for (unsigned i = 0; i < LINKS; i++) {
		uint64_t start = fair_us();
		member_stop(&m[i]);
		if (fair_us() - start > STOP_US)
			return 4;
	}
	return 0;
}

static pid_t begin(void)
{
	int p[2];
	char up[3];
	if (pipe(p))
		return -1;
	pid_t pid = fork();
	if (!pid) {
		dup2(p[1], 1);
		close(p[0]);
		close(p[1]);
		execl("/proc/self/exe", "nats_link", server_dir, own_dir, other_dir, "ending",
		      (char *)NULL);
		_exit(127);
	}
	close(p[1]);
	bool fine = read(p[0], up, sizeof(up)) == sizeof(up);
	close(p[0]);
	if (!fine)
		check(false, "a program with %d links starts", LINKS);
	return pid;
}

// Its status, or -1 if it does not end.
static int ended(pid_t pid, uint64_t ms)
{
	int status;
	for (uint64_t start = now_us(); now_us() - start < ms * 1000;) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
		poll(NULL, 0, 5);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}

void ends(void)
{
	const char *many = getenv("NATS_LINK_ENDS");
	unsigned n = many ? (unsigned)atoi(many) : 10, bad = 0;
	struct files f = files_of(own_dir);

	note("programs that end when their server dies");
	for (unsigned i = 0; i < n; i++) {
		struct server s;
		server_start(&s, PORT, f.tls);
		pid_t pid = begin();
		int offset = (int)(i * 7 % 101) - 50;
		offset = i % 3 ? offset / 10 : offset;
		if (offset < 0)
			server_end(&s);
		if (offset)
			usleep((unsigned)abs(offset) * 1000);
		kill(pid, SIGTERM);
		if (offset >= 0)
			server_end(&s);
		int status = ended(pid, 20000);
		if (status) {
			note("stopped %d ms after its server died: %d", -offset, status);
			bad++;
		}
	}
	check(!bad, "%u of %u do not end well", bad, n);
}
