// SPDX-License-Identifier: BSD-3-Clause
// What may stand between IP and UDP, and who has done the checksums.
#include "tests/unit/frame_make.h"

// Puts bytes between the IP header and UDP.
static void insert(struct packet *p, const uint8_t *bytes, size_t n)
{
	memmove(p->data + p->l4 + n, p->data + p->l4, p->len - p->l4);
	memcpy(p->data + p->l4, bytes, n);
	p->len += n;
	p->l4 += n;
}

static void test_ip4_options(void **state)
{
	static const struct {
		const char *what;
		uint8_t bytes[40];
		uint8_t words;
		enum rl_drop want;
	} rows[] = {
		{"no-operations", {1, 1, 1, 1}, 1, RL_DROP_NONE},
		{"end of list, rubbish behind", {0, 9, 9, 9}, 1, RL_DROP_NONE},
		{"router alert", {148, 4, 0, 0}, 1, RL_DROP_NONE},
		{"record route", {7, 39, 4}, 10, RL_DROP_NONE},
		{"two and an end", {148, 4, 0, 0, 1, 130, 3, 0}, 2, RL_DROP_NONE},
		{"length 0", {7, 0, 4, 0}, 1, RL_DROP_FRAME_IP_OPTIONS},
		{"length 1", {7, 1, 4, 0}, 1, RL_DROP_FRAME_IP_OPTIONS},
		{"beyond the header", {7, 5, 4, 0}, 1, RL_DROP_FRAME_IP_OPTIONS},
		{"length missing", {1, 1, 1, 7}, 1, RL_DROP_FRAME_IP_OPTIONS},
		{"second one beyond", {148, 4, 0, 0, 148, 5, 0, 0}, 2, RL_DROP_FRAME_IP_OPTIONS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct packet p = make(4, 0);
		uint8_t *d = p.data + p.l3;

		insert(&p, rows[i].bytes, rows[i].words * 4u);
		d[0] = (uint8_t)(0x45 + rows[i].words);
		rl_store16(d + 2, (uint16_t)(28 + PAYLOAD + rows[i].words * 4u));
		put_sums(&p);
		expect(&p, rows[i].want, rows[i].what);
	}
}

static void test_ip6_extensions(void **state)
{
	static const struct {
		const char *what;
		uint8_t first; // next header field of IPv6
		uint8_t bytes[96];
		uint8_t len;
		enum rl_drop want;
	} rows[] = {
		{"hop by hop", 0, {17, 0, 5, 2, 0, 0, 1, 0}, 8, RL_DROP_NONE},
		{"destination", 60, {17, 1}, 16, RL_DROP_NONE},
		{"both", 0, {60, 0, 1, 4, 0, 0, 0, 0, 17, 0}, 16, RL_DROP_NONE},
		{"hop by hop second",
		 60,
		 {0, 0, 0, 0, 0, 0, 0, 0, 17, 0},
		 16,
		 RL_DROP_FRAME_IP6_EXTENSION},
		{"beyond the packet", 60, {17, 200}, 8, RL_DROP_FRAME_MALFORMED},
		{"fragment behind",
		 60,
		 {44, 0, 0, 0, 0, 0, 0, 0, 17, 0},
		 16,
		 RL_DROP_FRAME_IP_FRAGMENT},
		{"routing behind",
		 60,
		 {43, 0, 0, 0, 0, 0, 0, 0, 17, 0},
		 16,
		 RL_DROP_FRAME_IP6_EXTENSION},
		{"TCP behind", 60, {6, 0}, 8, RL_DROP_FRAME_NOT_OURS},
		{"eight of them",
		 60,
		 {60, 0, 0, 0, 0,  0, 0, 0, 60, 0, 0, 0, 0,  0, 0, 0, 60, 0, 0, 0,
		  0,  0, 0, 0, 60, 0, 0, 0, 0,  0, 0, 0, 60, 0, 0, 0, 0,  0, 0, 0,
		  60, 0, 0, 0, 0,  0, 0, 0, 60, 0, 0, 0, 0,  0, 0, 0, 17, 0},
		 64,
		 RL_DROP_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct packet p = make(6, 0);
		uint8_t *d = p.data + p.l3;

		insert(&p, rows[i].bytes, rows[i].len);
		d[6] = rows[i].first;
		rl_store16(d + 4, (uint16_t)(8 + PAYLOAD + rows[i].len));
		put_sums(&p);
		expect(&p, rows[i].want, rows[i].what);
	}
	// Options headers without end.
	struct packet p = make(6, 0);
	uint8_t many[16 * 8];

	for (size_t i = 0; i < sizeof(many); i += 8)
		memcpy(many + i, (uint8_t[]){60, 0, 1, 4, 0, 0, 0, 0}, 8);
	insert(&p, many, sizeof(many));
	p.data[p.l3 + 6] = 60;
	rl_store16(p.data + p.l3 + 4, (uint16_t)(8 + PAYLOAD + sizeof(many)));
	expect(&p, RL_DROP_FRAME_IP6_EXTENSION, "sixteen of them");
}

// What the NIC has checked is not checked again, and the payload's sum comes out the same.
static void test_hardware(void **state)
{
	struct frame_filter filter = make_filter();
	struct rl_inet from;
	struct frame f;

	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		struct packet p = make(family, 0);
		uint16_t sum = frame_sum(p.data + p.l4 + 8, PAYLOAD);

		assert_int_equal(run_good(&filter, &p, FRAME_UDP_GOOD, &f, &from), RL_DROP_NONE);
		assert_true(f.summed);
		assert_int_equal(f.payload_sum, sum);
		p.data[p.l4 + 20] ^= 1;
		assert_int_equal(run_good(&filter, &p, FRAME_UDP_GOOD, &f, &from), RL_DROP_NONE);
		assert_int_equal(run_good(&filter, &p, FRAME_IP_GOOD, &f, &from),
				 RL_DROP_FRAME_CHECKSUM);
	}
	struct packet p = make(4, 0);

	p.data[p.l3 + 8]++;
	assert_int_equal(run_good(&filter, &p, FRAME_IP_GOOD, &f, &from), RL_DROP_NONE);
}

// Packets of senders on this machine: the sum of the pseudo header stands where the checksum
// should.
static void test_partial(void **state)
{
	struct frame_filter filter = make_filter();
	struct rl_inet from;
	struct frame f;

	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		struct packet p = make(family, 0);
		const uint8_t *i = p.data + p.l3;
		uint32_t sum = 17 + 8 + PAYLOAD;
		uint16_t pseudo;

		sum = family == 4 ? add_words(sum, i + 12, 8) : add_words(sum, i + 8, 32);
		pseudo = (uint16_t)~finish(sum);
		rl_store16(p.data + p.l4 + 6, pseudo);
		assert_int_equal(run_good(&filter, &p, 0, &f, &from), RL_DROP_FRAME_CHECKSUM);
		assert_int_equal(run_good(&filter, &p, FRAME_UDP_PARTIAL, &f, &from), RL_DROP_NONE);
		assert_true(f.summed);
		assert_int_equal(f.payload_sum, frame_sum(p.data + p.l4 + 8, PAYLOAD));
		rl_store16(p.data + p.l4 + 6, (uint16_t)(pseudo + 1));
		assert_int_equal(run_good(&filter, &p, FRAME_UDP_PARTIAL, &f, &from),
				 RL_DROP_FRAME_CHECKSUM);
		// A finished checksum is still looked at.
		put_sums(&p);
		assert_int_equal(run_good(&filter, &p, FRAME_UDP_PARTIAL, &f, &from), RL_DROP_NONE);
		p.data[p.l4 + 20] ^= 1;
		assert_int_equal(run_good(&filter, &p, FRAME_UDP_PARTIAL, &f, &from),
				 RL_DROP_FRAME_CHECKSUM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ip4_options),
		cmocka_unit_test(test_ip6_extensions),
		cmocka_unit_test(test_hardware),
		cmocka_unit_test(test_partial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
