// SPDX-License-Identifier: BSD-3-Clause
// What of the crew can be told without a NIC: the back-off, the doorbell, memory, endpoints.
#include "dpdk-app/doorbell.h"
#include "dpdk-app/endpoints.h"
#include "dpdk-app/memory.h"
#include "dpdk-app/worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void an_idle_worker_sleeps_longer_and_longer(void **state)
{
	uint32_t us = 0, slept = 0;
	(void)state;
	assert_int_equal(worker_sleep_us(1, 0, 100), 0);
	assert_int_equal(worker_sleep_us(UINT32_MAX, 50, 0), 0); // told to poll always
	for (unsigned empty = 0; empty < 2000; empty++) {
		uint32_t next = worker_sleep_us(empty, us, 100);
		assert_true(next >= us && next <= 100);
		us = next;
		slept += us;
	}
	assert_int_equal(us, 100);
	assert_true(slept > 0);
	assert_int_equal(worker_sleep_us(UINT32_MAX, 0, 1), 1);
}

static uint64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void a_bell_rings_or_time_passes(void **state)
{
	int pair[2];
	struct doorbell d = {.count = 1};
	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	d.fd[0] = (struct pollfd){.fd = pair[0], .events = POLLIN};
	uint64_t from = now_us();
	assert_false(doorbell_wait(&d, 20000));
	assert_true(now_us() - from >= 20000);
	assert_int_equal(send(pair[1], "x", 1, 0), 1);
	from = now_us();
	assert_true(doorbell_wait(&d, 5000000));
	assert_true(now_us() - from < 4000000);
	close(pair[0]);
	close(pair[1]);
	// No frames come by those: they are not found.
	int unix_socket = socket(AF_UNIX, SOCK_DGRAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0);
	doorbell_find(&d);
	assert_int_equal(d.count, 0);
	close(unix_socket);
	close(udp);
}

static void memory_is_zero_and_aligned(void **state)
{
	static const size_t sizes[] = {
		1, 64, 4096, 100000, 2 << 20, (2 << 20) + 1, (5 << 20) - 1, 33 << 20};
	(void)state;
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		uint8_t *mem = memory_alloc(NULL, sizes[i]);
		assert_non_null(mem);
		assert_int_equal((uintptr_t)mem % 64, 0);
		for (size_t at = 0; at < sizes[i]; at += 977)
			assert_int_equal(mem[at], 0);
		assert_int_equal(mem[sizes[i] - 1], 0);
		memset(mem, 1, sizes[i]);
		memory_free(NULL, mem, sizes[i]);
	}
	assert_null(memory_alloc(NULL, 0));
	assert_null(memory_alloc(NULL, SIZE_MAX));
	assert_null(memory_alloc(NULL, SIZE_MAX - (3 << 20)));
	memory_free(NULL, NULL, 64);
}

static void endpoints_are_addresses_times_ports(void **state)
{
	struct endpoints e = {0};
	struct frame_filter f = {
		.port_count = 2, .ports = {9993, 443}, .ip4_count = 2, .ip6_count = 2};
	char text[256], one[RL_INET_TEXT];
	const uint8_t ip4[2][4] = {{10, 0, 0, 1}, {192, 0, 2, 7}};
	(void)state;
	assert_string_equal(endpoints_text(&e, text, sizeof(text)), "no address yet");
	memcpy(f.ip4, ip4, sizeof(ip4));
	memcpy(f.ip6[0], (uint8_t[]){0xfe, 0x80, [15] = 1}, 16); // of no use in a planet
	memcpy(f.ip6[1], (uint8_t[]){0xfd, 0x77, [15] = 1}, 16);
	endpoints_add(&e, &f);
	endpoints_add(&e, &f); // a second port of the same machine
	assert_int_equal(e.count, 6);
	assert_string_equal(rl_inet_text(&e.v[0], one), "10.0.0.1/9993");
	assert_string_equal(rl_inet_text(&e.v[1], one), "10.0.0.1/443");
	assert_string_equal(rl_inet_text(&e.v[5], one), "fd77::1/443");
	assert_string_equal(endpoints_text(&e, text, sizeof(text)), "10.0.0.1 192.0.2.7 fd77::1");
	// Too little room is no overrun.
	endpoints_text(&e, text, 12);
	assert_true(strlen(text) < 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_worker_sleeps_longer_and_longer),
		cmocka_unit_test(a_bell_rings_or_time_passes),
		cmocka_unit_test(memory_is_zero_and_aligned),
		cmocka_unit_test(endpoints_are_addresses_times_ports),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
