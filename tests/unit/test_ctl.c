// SPDX-License-Identifier: BSD-3-Clause
// The control socket: requests, and a server that no operator can hold up.
#include "dpdk-app/ctl_proto.h"
#include "dpdk-app/ctl_server.h"
#include "root/tools/file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static void requests_are_read_or_refused(void **state)
{
	static const struct {
		const char *line;
		bool fine;
		const char *cmd;
		uint64_t address;
		unsigned ip_len;
	} rows[] = {
		{"{\"cmd\":\"info\"}", true, "info", 0},
		{" {\"cmd\": \"peers\", \"address\": \"82baeaf349\"} ", true, "peers",
		 0x82baeaf349},
		{"", false, "", 0},
		{"info", false, "", 0},
		{"[]", false, "", 0},
		{"{}", false, "", 0},
		{"{\"cmd\":1}", false, "", 0},
		{"{\"cmd\":\"\"}", false, "", 0},
		{"{\"cmd\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}", false, "", 0},
		{"{\"cmd\":\"info\",\"cmd\":\"peers\"}", false, "", 0},
		{"{\"cmd\":\"info\",\"other\":1}", false, "", 0},
		{"{\"cmd\":\"peers\",\"address\":\"82baeaf34\"}", false, "", 0},
		{"{\"cmd\":\"peers\",\"address\":\"ffbaeaf349\"}", false, "", 0},
		{"{\"cmd\":\"peers\",\"address\":5}", false, "", 0},
		{"{\"cmd\":\"info\"} x", false, "", 0},
		{"{\"cmd\":\"geoip\",\"ip\":\"192.0.2.1\"}", true, "geoip", 0, 4},
		{"{\"cmd\":\"geoip\",\"ip\":\"2001:db8::1\"}", true, "geoip", 0, 16},
		{"{\"cmd\":\"geoip\",\"ip\":\"192.0.2.1/9993\"}", false, "", 0},
		{"{\"cmd\":\"geoip\",\"ip\":\"192.0.2\"}", false, "", 0},
		{"{\"cmd\":\"geoip\",\"ip\":[]}", false, "", 0},
	};
	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct ctl_request q;
		const char *why = ctl_request_parse(&q, rows[i].line, strlen(rows[i].line));
		if ((why == NULL) != rows[i].fine)
			fail_msg("%s: %s", rows[i].line, why ? why : "taken");
		if (!rows[i].fine)
			continue;
		assert_string_equal(q.cmd, rows[i].cmd);
		assert_int_equal(q.address, rows[i].address);
		assert_int_equal(q.has_address, rows[i].address != 0);
		assert_int_equal(q.ip_len, rows[i].ip_len);
	}
}

enum { PIECES = 2000, PIECE = 1000 };

static char *piece_short(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor)
{
	(void)q;
	++*(unsigned *)ctx;
	cursor->done = true;
	return strdup("{\"ok\":true}\n");
}

// Two megabytes: more than any socket buffer takes at once. Every second piece is empty, as when a
// part of the table holds no peer.
static char *piece_long(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor)
{
	(void)q;
	++*(unsigned *)ctx;
	cursor->done = ++cursor->at == 2 * PIECES;
	char *text = calloc(1, PIECE + 1);
	if (cursor->at % 2 == 0) {
		memset(text, 'p', PIECE);
		text[PIECE - 1] = '\n';
	}
	return text;
}

static char *piece_none(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor)
{
	(void)ctx;
	(void)q;
	(void)cursor;
	return NULL;
}

static const struct ctl_command commands[] = {
	{"short", piece_short},
	{"long", piece_long},
	{"none", piece_none},
	{NULL, NULL},
};

static char dir[64], path[96];
static struct ctl_server *server;
static unsigned calls;
static uint64_t now_ms;

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/rootline-ctl-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/rootline.sock", dir);
	calls = 0;
	now_ms = 1000;
	return ctl_server_new(&server, path, commands, &calls);
}

static int teardown(void **state)
{
	(void)state;
	ctl_server_free(server);
	server = NULL;
	assert_false(file_exists(path));
	return rmdir(dir);
}

static int dial(void)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	strcpy(to.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void turns(unsigned n)
{
	while (n--)
		ctl_server_run(server, now_ms);
}

// What is there to read. -1: cut off, 0: nothing now.
static ssize_t hear(int fd, char *buf, size_t size)
{
	ssize_t n = recv(fd, buf, size - 1, 0);
	buf[n > 0 ? n : 0] = 0;
	return n > 0 ? n : n == 0 || errno == ECONNRESET ? -1 : 0;
}

static void requests_are_answered_in_turn(void **state)
{
	char buf[1024];
	(void)state;
	int fd = dial();
	say(fd, "{\"cmd\":\"short\"}\n{\"cmd\":\"no");
	turns(5);
	say(fd, "\"}\nnonsense\n{\"cmd\":\"short\"}\n");
	turns(10);
	hear(fd, buf, sizeof(buf));
	assert_string_equal(
		buf, "{\"ok\":true}\n"
		     "{\"ok\":false,\"error\":\"this rootline knows no such command\"}\n"
		     "{\"ok\":false,\"error\":\"a request is one JSON object on one line\"}\n"
		     "{\"ok\":true}\n");
	assert_int_equal(calls, 2);
	close(fd);
	turns(2);
}

static void an_answer_is_finished_for_who_has_hung_up_his_side(void **state)
{
	char buf[64];
	(void)state;
	int fd = dial();
	say(fd, "{\"cmd\":\"short\"}\n");
	shutdown(fd, SHUT_WR);
	turns(4);
	assert_int_equal(hear(fd, buf, sizeof(buf)), 12);
	assert_int_equal(hear(fd, buf, sizeof(buf)), -1);
	close(fd);
}

static void a_slow_reader_holds_up_nobody_and_is_cut(void **state)
{
	char buf[64];
	(void)state;
	int slow = dial(), quick = dial();
	say(slow, "{\"cmd\":\"long\"}\n");
	turns(3 * PIECES);
	unsigned made = calls;
	assert_in_range(made, 2, 2 * PIECES - 1); // no more than the buffers take
	turns(100);
	assert_int_equal(calls, made);
	say(quick, "{\"cmd\":\"short\"}\n");
	turns(4);
	assert_int_equal(hear(quick, buf, sizeof(buf)), 12);
	close(quick);
	now_ms += CTL_STALL_MS + 1;
	turns(2);
	ssize_t n = 0, total = 0;
	while ((n = hear(slow, buf, sizeof(buf))) > 0)
		total += n;
	assert_int_equal(n, -1);
	assert_true(total < (ssize_t)PIECES * PIECE);
	close(slow);
}

static void a_long_answer_arrives_whole(void **state)
{
	static char buf[65536];
	ssize_t total = 0;
	(void)state;
	int fd = dial();
	say(fd, "{\"cmd\":\"long\"}\n{\"cmd\":\"short\"}\n");
	for (unsigned i = 0; i < 100000 && total < (ssize_t)PIECES * PIECE + 12; i++) {
		turns(1);
		ssize_t n = hear(fd, buf, sizeof(buf));
		assert_true(n >= 0);
		total += n;
	}
	assert_int_equal(total, (ssize_t)PIECES * PIECE + 12);
	assert_int_equal(calls, 2 * PIECES + 1);
	close(fd);
}

static void who_makes_no_sense_is_cut(void **state)
{
	char buf[CTL_REQUEST_MAX + 1];
	(void)state;
	int fd = dial(), poor = dial(), mute = dial();
	memset(buf, 'x', CTL_REQUEST_MAX);
	buf[CTL_REQUEST_MAX] = 0;
	say(fd, buf);
	turns(3);
	assert_int_equal(hear(fd, buf, sizeof(buf)), -1);
	// No memory for the answer: the connection ends, rather than the daemon.
	say(poor, "{\"cmd\":\"none\"}\n");
	turns(3);
	assert_int_equal(hear(poor, buf, sizeof(buf)), -1);
	now_ms += CTL_STALL_MS + 1;
	turns(1);
	assert_int_equal(hear(mute, buf, sizeof(buf)), -1);
	close(fd);
	close(poor);
	close(mute);
}

static void too_many_operators_are_told(void **state)
{
	int fd[CTL_CLIENTS_MAX + 1];
	char buf[128];
	(void)state;
	for (unsigned i = 0; i <= CTL_CLIENTS_MAX; i++) {
		fd[i] = dial();
		turns(2);
	}
	hear(fd[CTL_CLIENTS_MAX], buf, sizeof(buf));
	assert_string_equal(buf, "{\"ok\":false,\"error\":\"too many operators at once\"}\n");
	say(fd[0], "{\"cmd\":\"short\"}\n");
	turns(3);
	assert_int_equal(hear(fd[0], buf, sizeof(buf)), 12);
	for (unsigned i = 0; i <= CTL_CLIENTS_MAX; i++)
		close(fd[i]);
	// Their places are free again.
	turns(2);
	int again = dial();
	say(again, "{\"cmd\":\"short\"}\n");
	turns(3);
	assert_int_equal(hear(again, buf, sizeof(buf)), 12);
	close(again);
}

static void the_socket_is_for_owner_and_group(void **state)
{
	struct stat st;
	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
}

static void a_live_socket_is_left_alone_a_dead_one_replaced(void **state)
{
	struct ctl_server *second = NULL;
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char dead[128], file[128], buf[64];
	(void)state;
	assert_int_equal(ctl_server_new(&second, path, commands, &calls), -EBUSY);
	int fd = dial();
	say(fd, "{\"cmd\":\"short\"}\n");
	turns(4);
	assert_int_equal(hear(fd, buf, sizeof(buf)), 12);
	close(fd);

	snprintf(dead, sizeof(dead), "%s/dead.sock", dir);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	strcpy(at.sun_path, dead);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	close(fd);
	assert_int_equal(ctl_server_new(&second, dead, commands, &calls), 0);
	ctl_server_free(second);
	assert_false(file_exists(dead));

	snprintf(file, sizeof(file), "%s/file", dir);
	assert_int_equal(file_create(file, "mine", 4, 0600), 0);
	assert_int_equal(ctl_server_new(&second, file, commands, &calls), -EEXIST);
	assert_true(file_exists(file));
	unlink(file);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_read_or_refused),
		CASE(requests_are_answered_in_turn),
		CASE(an_answer_is_finished_for_who_has_hung_up_his_side),
		CASE(a_slow_reader_holds_up_nobody_and_is_cut),
		CASE(a_long_answer_arrives_whole),
		CASE(who_makes_no_sense_is_cut),
		CASE(too_many_operators_are_told),
		CASE(the_socket_is_for_owner_and_group),
		CASE(a_live_socket_is_left_alone_a_dead_one_replaced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
