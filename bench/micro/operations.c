// SPDX-License-Identifier: BSD-3-Clause
#include "bench/micro/operations.h"

enum {
	OK_HELLO = 59,
	OK_WHOIS = ZT_HDR_LEN + 9 + ZT_IDENTITY_LEN,
	OK_WHOIS_16 = ZT_HDR_LEN + 9 + 16 * ZT_IDENTITY_LEN,
	OK_GATHER_32 = ZT_HDR_LEN + 9 + 24 + 32 * ZT_ADDRESS_LEN,
};

#define RELAY(size) "relay 128 B, " size " peers", craft_relay_128, MEASURE_REWRITE

static const struct measure_op ops_1k[] = {
	{"core_relay_128_1k", RELAY("1 k")},
	{0},
};

static const struct measure_op ops_100k[] = {
	{"core_relay_128_100k", RELAY("100 k")},
	{"like16_100k", "LIKE of 16 groups, compressed, 100 k peers", craft_like_16,
	 MEASURE_CIPHER},
	{"like16_plain_100k", "LIKE of 16 groups, not compressed, 100 k peers", craft_like_16_plain,
	 MEASURE_CIPHER},
	{"gather32_100k", "GATHER of 32, 100 k peers", craft_gather_32, MEASURE_CIPHER,
	 OK_GATHER_32},
	{0},
};

static const struct measure_op ops_1m[] = {
	{"core_relay_128_1m", RELAY("1 M")},
	{"core_relay_1400_1m", "relay 1400 B, 1 M peers", craft_relay_1400, MEASURE_REWRITE},
	{"core_relay_fragment_1m", "relay of a fragment, 1 M peers", craft_relay_fragment,
	 MEASURE_REWRITE},
	{"relay_intro_1m", "relay + introduction, each a new pair, 1 M peers", craft_relay_new_pair,
	 MEASURE_REWRITE, 0, 1},
	{"hello_1m", "HELLO of a known peer + OK, 1 M peers", craft_hello, MEASURE_CIPHER,
	 OK_HELLO},
	{"whois1_1m", "WHOIS of 1, 1 M peers", craft_whois_1, MEASURE_CIPHER, OK_WHOIS},
	{"whois16_1m", "WHOIS of 16, 1 M peers", craft_whois_16, MEASURE_CIPHER, OK_WHOIS_16},
	{"whois_self_1m", "WHOIS of the root, 1 M peers", craft_whois_self, MEASURE_CIPHER,
	 OK_WHOIS},
	{"idle_1m", "idle mix, 1 M peers", craft_idle, MEASURE_NO_LIMIT},
	{0},
};

static const struct measure_op ops_10m[] = {
	{"core_relay_128_10m", RELAY("10 M")},
	{0},
};

const struct measure_op operations_15m[] = {
	{"core_relay_128_15m", RELAY("15 M")},
	{"hello_15m", "HELLO of a known peer + OK, 15 M peers", craft_hello, MEASURE_CIPHER,
	 OK_HELLO},
	{"whois1_15m", "WHOIS of 1, 15 M peers", craft_whois_1, MEASURE_CIPHER, OK_WHOIS},
	{"whois_self_15m", "WHOIS of the root, 15 M peers", craft_whois_self, MEASURE_CIPHER,
	 OK_WHOIS},
	{0},
};

const struct operation_set operation_sets[] = {
	{1000, 10000, 0, ops_1k},
	{100000, 1000000, 16, ops_100k},
	{1000000, 1000000, 4, ops_1m},
	{10000000, 4000000, 0, ops_10m},
};
const unsigned operation_set_count = sizeof(operation_sets) / sizeof(*operation_sets);

const struct measure_op *operation_find(const char *name, const struct operation_set **set)
{
	for (unsigned i = 0; i < operation_set_count; i++) {
		*set = &operation_sets[i];
		for (const struct measure_op *op = (*set)->ops; op->name; op++)
			if (strcmp(op->name, name) == 0)
				return op;
	}
	return NULL;
}
