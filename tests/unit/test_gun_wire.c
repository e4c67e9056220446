// SPDX-License-Identifier: BSD-3-Clause
// The generator's frames and capture files: bytes written, frames read, ARP and neighbour
// discovery.
#include "tests/unit/gun_fixture.h"

#include "bench/gun/ammo.h"
#include "bench/gun/craft.h"
#include "bench/gun/datagram.h"
#include "bench/gun/neighbour.h"
#include "bench/gun/pcap_out.h"
#include "dpdk-app/frame_out.h"

// Whatever destination of this family is the most frequent.
static const struct rl_inet any = {.family = 4}, any6 = {.family = 6};

static struct rl_inet inet(const char *text)
{
	struct rl_inet a;

	assert_int_equal(rl_inet_parse(&a, text), 0);
	return a;
}

static size_t read_file(const char *path, uint8_t *data, size_t room)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	assert_non_null(f);
	n = fread(data, 1, room, f);
	fclose(f);
	return n;
}

// Byte for byte: file header, record header, Ethernet, IPv4, UDP, four bytes of payload.
static void a_capture_file_is_this(void **state)
{
	// clang-format off
	static const uint8_t want[] = {
		0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, // magic, version, zone
		0xff, 0xff, 0, 0, 1, 0, 0, 0,                               // longest, Ethernet
		2, 0, 0, 0, 0x40, 0xe2, 1, 0, 46, 0, 0, 0, 46, 0, 0, 0,     // 2.123456 s, 46 bytes
		2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0,                   // to, from, IPv4
		0x45, 0, 0, 32, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 1, 192, 0, 2, 1,
		0x4e, 0x20, 0x27, 0x09, 0, 12, 0, 0, 1, 2, 3, 4,            // UDP
	};
	// clang-format on
	enum { IP_SUM_AT = 24 + 16 + 14 + 10, UDP_SUM_AT = 24 + 16 + 14 + 20 + 6 };
	struct gun_fixture *g = gun_setup_files();
	static const uint8_t payload[] = {1, 2, 3, 4};
	struct rl_inet from = inet("10.0.0.1/20000"), to = inet("192.0.2.1/9993");
	struct rl_inet six = inet("fd00::1/9993");
	uint8_t got[256];
	struct pcap_out o;
	struct datagram d;

	(void)state;
	assert_int_equal(pcap_out_open(&o, g->path), 0);
	assert_int_equal(pcap_out_udp(&o, 2123456, &from, &to, payload, sizeof(payload)), 0);
	assert_true(pcap_out_udp(&o, 0, &from, &six, payload, sizeof(payload)) < 0);
	assert_true(pcap_out_udp(&o, 0, &from, &to, payload, PCAP_OUT_PAYLOAD_MAX + 1) < 0);
	assert_int_equal(pcap_out_close(&o), 0);
	assert_int_equal(o.frames, 1);
	assert_int_equal(read_file(g->path, got, sizeof(got)), sizeof(want));
	// Worked out by hand: sums of the 16-bit words above, folded and inverted.
	assert_int_equal(rl_load16(got + IP_SUM_AT), 0x6ecb);
	assert_int_equal(datagram_read(&d, DATAGRAM_ETHERNET, got + 40, 46), DATAGRAM_UDP);
	assert_true(d.sum_ok);
	memset(got + IP_SUM_AT, 0, 2);
	memset(got + UDP_SUM_AT, 0, 2);
	assert_memory_equal(got, want, sizeof(want));
	assert_true(pcap_out_open(&o, "/nowhere/at.all") < 0);
	gun_teardown(g);
}

static size_t frame(uint8_t *out, const char *from, const char *to, const void *payload, size_t len)
{
	struct frame_way way = {.own = inet(from), .own_mac = {2}, .next_mac = {2, 1}};
	struct rl_inet dst = inet(to);
	struct frame_header h;
	uint8_t buf[2048];
	unsigned n;

	frame_header_make(&h, &way);
	memcpy(buf + 100, payload, len);
	n = frame_out(buf + 100, (uint16_t)len, &h, &dst, frame_sum(payload, len));
	memcpy(out, buf + 100 - n, n + len);
	return n + len;
}

static void frames_are_read(void **state)
{
	static const struct {
		const char *from, *to;
	} row[] = {
		{"10.0.0.1/20000", "192.0.2.1/9993"},
		{"fd00::1/20000", "2001:db8::1/9993"},
	};
	uint8_t f[512], g[512];
	struct datagram d;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct rl_inet from = inet(row[i].from), to = inet(row[i].to);
		size_t n = frame(f, row[i].from, row[i].to, "hello", 5);
		static const struct {
			enum datagram_link link;
			size_t head, type_at; // instead of the 14 bytes of Ethernet
		} link[] = {
			{DATAGRAM_RAW, 0, 0},
			{DATAGRAM_SLL, 16, 14},
			{DATAGRAM_SLL2, 20, 0},
			{DATAGRAM_NULL, 4, 0},
		};

		assert_int_equal(datagram_read(&d, DATAGRAM_ETHERNET, f, n), DATAGRAM_UDP);
		assert_true(rl_inet_equal(&d.from, &from));
		assert_true(rl_inet_equal(&d.to, &to));
		assert_int_equal(d.len, 5);
		assert_memory_equal(d.data, "hello", 5);
		assert_true(d.sum_ok);
		for (unsigned k = 0; k < 4; k++) {
			memset(g, 0, sizeof(g));
			memcpy(g + link[k].head, f + 14, n - 14);
			if (link[k].head >= 16)
				memcpy(g + link[k].type_at, f + 12, 2);
			assert_int_equal(datagram_read(&d, link[k].link, g, link[k].head + n - 14),
					 DATAGRAM_UDP);
			assert_int_equal(d.len, 5);
		}
		// Two VLAN tags.
		memcpy(g, f, 12);
		memcpy(g + 12, "\x88\xa8\x00\x05\x81\x00\x00\x07", 8);
		memcpy(g + 20, f + 12, n - 12);
		assert_int_equal(datagram_read(&d, DATAGRAM_ETHERNET, g, n + 8), DATAGRAM_UDP);
		f[n - 1] ^= 1;
		assert_int_equal(datagram_read(&d, DATAGRAM_ETHERNET, f, n), DATAGRAM_UDP);
		assert_false(d.sum_ok);
		// Cut anywhere it is no datagram, and nothing behind the end is read.
		for (size_t cut = 0; cut < n; cut++) {
			uint8_t *exact = malloc(cut ? cut : 1);

			memcpy(exact, f, cut);
			assert_int_equal(datagram_read(&d, DATAGRAM_ETHERNET, exact, cut),
					 DATAGRAM_OTHER);
			free(exact);
		}
	}
}

static void ip_fragments_are_told(void **state)
{
	uint8_t f[512];
	size_t n = frame(f, "10.0.0.1/20000", "192.0.2.1/9993", "hello", 5);
	struct datagram d;

	(void)state;
	f[14 + 6] = 0x20; // more fragments
	assert_int_equal(datagram_read(&d, DATAGRAM_ETHERNET, f, n), DATAGRAM_FRAGMENT);
	f[14 + 6] = 0;
	f[14 + 7] = 1; // not the first
	assert_int_equal(datagram_read(&d, DATAGRAM_ETHERNET, f, n), DATAGRAM_FRAGMENT);
	n = frame(f, "fd00::1/20000", "2001:db8::1/9993", "hello", 5);
	f[14 + 6] = 44;
	assert_int_equal(datagram_read(&d, DATAGRAM_ETHERNET, f, n), DATAGRAM_FRAGMENT);
	f[14 + 6] = 6; // TCP
	assert_int_equal(datagram_read(&d, DATAGRAM_ETHERNET, f, n), DATAGRAM_OTHER);
}

// What `pcap` writes, `replay` reads: same senders, same kinds, same lengths.
static void a_file_becomes_shots(void **state)
{
	enum { PACKETS = 500 };
	struct gun_fixture *g = gun_setup();
	struct craft_plan plan = craft_plan_default(TRAFFIC_MIXED);
	struct craft *c = calloc(1, sizeof(*c));
	struct rl_cipher *cipher = rl_cipher_new();
	struct rl_inet target = inet("192.0.2.1/9993"), other = inet("192.0.2.1/9994");
	struct shot made[PACKETS];
	uint8_t data[ZT_PACKET_MAX];
	char path[128];
	struct pcap_out o;
	struct say_why why = {""};
	struct ammo a;

	(void)state;
	snprintf(path, sizeof(path), "%s/mixed.pcap", g->dir);
	assert_int_equal(craft_init(c, &g->p, &plan, &why), 0);
	assert_int_equal(pcap_out_open(&o, path), 0);
	for (unsigned i = 0; i < PACKETS; i++) {
		craft_next(c, &made[i], data, ZT_MTU);
		shot_seal(&made[i], &g->p, cipher, data, i + 1, 5, &target);
		assert_int_equal(pcap_out_udp(&o, i, &made[i].from, &target, data, made[i].len), 0);
		if (i % 5 == 0)
			assert_int_equal(pcap_out_udp(&o, i, &target, &made[i].from, data, 100), 0);
	}
	assert_int_equal(pcap_out_udp(&o, 1, &target, &other, data, 30), 0);
	assert_int_equal(pcap_out_close(&o), 0);

	assert_int_equal(ammo_load(&a, path, &g->p, &any, 1472, &why), 0);
	assert_true(rl_inet_equal(&a.to, &target));
	assert_int_equal(a.count, PACKETS);
	assert_int_equal(a.fresh, PACKETS);
	assert_int_equal(a.elsewhere, PACKETS / 5 + 1);
	for (unsigned i = 0; i < PACKETS; i++) {
		const struct shot *s = &a.item[i].shot;

		assert_int_equal(s->kind, made[i].kind);
		assert_int_equal(s->len, made[i].len);
		assert_int_equal(s->fresh, made[i].fresh);
		if (s->fresh == SHOT_SEALED)
			assert_int_equal(s->sender, made[i].sender);
		assert_int_equal(s->to, made[i].to);
		assert_true(rl_inet_equal(&s->from, &made[i].from));
	}
	ammo_free(&a);

	// Somewhere else; too long for the link; without a population.
	assert_int_equal(ammo_load(&a, path, &g->p, &other, 1472, &why), 0);
	assert_int_equal(a.count, 1);
	ammo_free(&a);
	assert_int_equal(ammo_load(&a, path, &g->p, &any, 200, &why), 0);
	assert_true(a.left_out > 0 && a.count + a.left_out + a.elsewhere == a.frames);
	ammo_free(&a);
	assert_true(ammo_load(&a, path, &g->p, &any6, 1472, &why) < 0);
	assert_non_null(strstr(why.text, "IPv6"));
	ammo_free(&a);
	assert_int_equal(ammo_load(&a, path, NULL, &any, 1472, &why), 0);
	assert_int_equal(a.fresh, 0);
	assert_int_equal(a.item[0].shot.kind, CLASS_FOREIGN);
	ammo_free(&a);

	unlink(path);
	rl_cipher_free(cipher);
	free(c);
	gun_teardown(g);
}

static void files_that_are_none_are_refused(void **state)
{
	struct gun_fixture *g = gun_setup();
	struct say_why why;
	struct pcap_out o;
	struct ammo a;
	char path[128];

	(void)state;
	assert_true(ammo_load(&a, "/nowhere/at.all", NULL, &any, 1472, &why) < 0);
	ammo_free(&a);
	assert_true(ammo_load(&a, g->path, &g->p, &any, 1472, &why) < 0);
	ammo_free(&a);
	snprintf(path, sizeof(path), "%s/empty.pcap", g->dir);
	assert_int_equal(pcap_out_open(&o, path), 0);
	assert_int_equal(pcap_out_close(&o), 0);
	assert_true(ammo_load(&a, path, NULL, &any, 1472, &why) < 0);
	assert_non_null(strstr(why.text, "no UDP"));
	ammo_free(&a);
	unlink(path);
	gun_teardown(g);
}

static const uint8_t ours[6] = {2, 0, 0, 0, 0, 0xaa}, theirs[6] = {2, 0, 0, 0, 0, 0xbb};

// A link that remembers the last frame.
struct memory_link {
	struct link link;
	uint8_t frame[2048];
	unsigned len;
};

static uint8_t *memory_room(struct link *l)
{
	return ((struct memory_link *)l)->frame;
}

static void memory_push(struct link *l, unsigned len)
{
	((struct memory_link *)l)->len = len;
}

static void neighbours_are_answered(void **state)
{
	static const struct link_ops ops = {.room = memory_room, .push = memory_push};
	static const struct {
		const char *sources, *asker, *wanted, *real;
	} row[] = {
		{"10.0.0.0/8", "192.0.2.1/1", "10.1.2.3/1", "11.0.0.1/1"},
		{"fd00::/16", "2001:db8::1/1", "fd00::1:2/1", "fe80::1/1"},
	};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct rl_inet asker = inet(row[i].asker), wanted = inet(row[i].wanted);
		struct rl_inet real = inet(row[i].real);
		struct population p = {0};
		struct memory_link m = {.link.ops = &ops};
		struct engine e = {.link = &m.link, .p = &p, .target = asker};
		uint8_t ask[128], mac[6] = {0};
		size_t n = neighbour_request(ask, theirs, &asker, &wanted);

		memcpy(e.own_mac, ours, 6);
		assert_int_equal(sources_init(&p.sources, row[i].sources, 20000), 0);
		assert_true(neighbour_answer(&e, ask, n));
		assert_memory_equal(m.frame, theirs, 6);
		assert_true(neighbour_read(m.frame, m.len, &wanted, mac));
		assert_memory_equal(mac, ours, 6);
		assert_false(neighbour_read(m.frame, m.len, &real, mac));
		assert_false(neighbour_read(ask, n, &wanted, mac));
		// Not one of ours, cut short, not a question.
		for (size_t cut = 0; cut < n; cut++) {
			uint8_t *exact = malloc(cut ? cut : 1);

			memcpy(exact, ask, cut);
			assert_false(neighbour_answer(&e, exact, cut));
			assert_false(neighbour_read(exact, cut, &wanted, mac));
			free(exact);
		}
		assert_false(neighbour_answer(&e, m.frame, m.len));
		n = neighbour_request(ask, theirs, &asker, &real);
		assert_false(neighbour_answer(&e, ask, n));
	}
}

// RFC 826 and RFC 4861 as bytes; the ICMPv6 sum is right if all of it adds up to ffff.
static void requests_are_these(void **state)
{
	// clang-format off
	static const uint8_t arp[] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 0xaa, 8, 6,
		0, 1, 8, 0, 6, 4, 0, 1,
		2, 0, 0, 0, 0, 0xaa, 10, 0, 0, 1,
		0, 0, 0, 0, 0, 0, 192, 0, 2, 1,
	};
	// clang-format on
	static const uint8_t nd_start[] = {0x33, 0x33, 0xff, 0, 0,    1,    2,
					   0,    0,    0,    0, 0xaa, 0x86, 0xdd};
	struct rl_inet own = inet("10.0.0.1/1"), root = inet("192.0.2.1/1");
	uint8_t f[128];
	uint32_t sum;

	(void)state;
	assert_int_equal(neighbour_request(f, ours, &own, &root), sizeof(arp));
	assert_memory_equal(f, arp, sizeof(arp));
	own = inet("fd00::1/1");
	root = inet("2001:db8::1/1");
	assert_int_equal(neighbour_request(f, ours, &own, &root), 86);
	assert_memory_equal(f, nd_start, sizeof(nd_start));
	assert_int_equal(f[14 + 7], 255);
	sum = frame_sum(f + 14 + 8, 32) + 32u + 58u + frame_sum(f + 54, 32);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	assert_int_equal(sum, 0xffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_capture_file_is_this),
		cmocka_unit_test(frames_are_read),
		cmocka_unit_test(ip_fragments_are_told),
		cmocka_unit_test(a_file_becomes_shots),
		cmocka_unit_test(files_that_are_none_are_refused),
		cmocka_unit_test(neighbours_are_answered),
		cmocka_unit_test(requests_are_these),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
