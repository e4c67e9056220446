// SPDX-License-Identifier: BSD-3-Clause
#include "tests/lib/mmdb.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { NODES_MAX = 4096, GAP = 16 }; // GAP: zeros between tree and data

// A side of a node: 0 nothing, N > 0 node N, -N - 1 the data at N.
struct tree {
	int64_t node[NODES_MAX][2];
	unsigned count;
};

static void check(int fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "test_mmdb: %s\n", what);
	abort();
}

static void put_text(FILE *f, const char *text)
{
	check(strlen(text) < 29, "a short string");
	fputc(2 << 5 | (int)strlen(text), f);
	fputs(text, f);
}

static void put_map(FILE *f, unsigned pairs)
{
	fputc((int)(7u << 5 | pairs), f);
}

static void put_bytes(FILE *f, uint64_t v, unsigned len)
{
	while (len--)
		fputc((int)(v >> 8 * len & 0xff), f);
}

// Types above 7 have a byte of their own.
static void put_uint(FILE *f, unsigned type, uint64_t v, unsigned len)
{
	fputc((int)((type > 7 ? 0 : type << 5) | len), f);
	if (type > 7)
		fputc((int)type - 7, f);
	put_bytes(f, v, len);
}

static void put_real(FILE *f, double v, unsigned bits)
{
	float small = (float)v;
	uint64_t u64;
	uint32_t u32;
	memcpy(&u64, &v, sizeof(v));
	memcpy(&u32, &small, sizeof(small));
	if (bits == 64)
		put_uint(f, 3, u64, 8);
	else
		put_uint(f, 15, u32, 4);
}

static void put_record(FILE *f, const struct test_mmdb *m, const struct test_mmdb_row *row)
{
	char text[24];
	if (m->form == TEST_MMDB_COUNTRY) {
		put_map(f, 1);
		put_text(f, "country_code");
		put_text(f, "ZZ");
		return;
	}
	if (m->form == TEST_MMDB_NESTED) {
		put_map(f, 1);
		put_text(f, "location");
	}
	put_map(f, m->form == TEST_MMDB_HALF ? 1 : 2);
	put_text(f, "latitude");
	if (m->form == TEST_MMDB_TEXT) {
		snprintf(text, sizeof(text), "%f", row->latitude);
		put_text(f, text);
	} else {
		put_real(f, row->latitude, m->float_bits);
	}
	if (m->form == TEST_MMDB_HALF)
		return;
	put_text(f, "longitude");
	if (m->form == TEST_MMDB_TEXT) {
		snprintf(text, sizeof(text), "%f", row->longitude);
		put_text(f, text);
	} else {
		put_real(f, row->longitude, m->float_bits);
	}
}

// The bits of a prefix as the tree has them; returns their number.
static unsigned read_prefix(const struct test_mmdb *m, const char *prefix, uint8_t bits[16])
{
	char text[64];
	snprintf(text, sizeof(text), "%s", prefix);
	char *slash = strchr(text, '/');
	check(slash != NULL, prefix);
	*slash = 0;
	unsigned len = (unsigned)atoi(slash + 1);
	memset(bits, 0, 16);
	if (inet_pton(AF_INET6, text, bits) == 1) {
		check(m->ip_version == 6 && len >= 1 && len <= 128, prefix);
		return len;
	}
	unsigned at = m->ip_version == 6 ? 12 : 0;
	check(inet_pton(AF_INET, text, bits + at) == 1 && len >= 1 && len <= 32, prefix);
	return 8 * at + len;
}

static void insert(struct tree *t, const uint8_t bits[16], unsigned len, int64_t data)
{
	unsigned at = 0;
	for (unsigned i = 0; i + 1 < len; i++) {
		int64_t *side = &t->node[at][bits[i / 8] >> (7 - i % 8) & 1];
		check(*side >= 0, "rows overlap");
		if (!*side) {
			check(t->count < NODES_MAX, "too many nodes");
			*side = t->count++;
		}
		at = (unsigned)*side;
	}
	int64_t *side = &t->node[at][bits[(len - 1) / 8] >> (7 - (len - 1) % 8) & 1];
	check(*side == 0, "rows overlap");
	*side = -data - 1;
}

static uint32_t record(const struct tree *t, int64_t side)
{
	if (!side)
		return t->count;
	return side > 0 ? (uint32_t)side : (uint32_t)(t->count + GAP + (-side - 1));
}

static void put_node(FILE *f, const struct tree *t, unsigned i, unsigned bits)
{
	uint32_t left = record(t, t->node[i][0]), right = record(t, t->node[i][1]);
	if (bits != 28) {
		put_bytes(f, left, bits / 8);
		put_bytes(f, right, bits / 8);
		return;
	}
	put_bytes(f, left & 0xffffff, 3);
	put_bytes(f, (left >> 24) << 4 | right >> 24, 1);
	put_bytes(f, right & 0xffffff, 3);
}

static void put_metadata(FILE *f, const struct test_mmdb *m, unsigned nodes)
{
	fputs("\xab\xcd\xefMaxMind.com", f);
	put_map(f, 9);
	put_text(f, "binary_format_major_version");
	put_uint(f, 5, 2, 2);
	put_text(f, "binary_format_minor_version");
	put_uint(f, 5, 0, 2);
	put_text(f, "build_epoch");
	put_uint(f, 9, 1700000000, 8);
	put_text(f, "database_type");
	put_text(f, "Test-City");
	put_text(f, "description");
	put_map(f, 1);
	put_text(f, "en");
	put_text(f, "made by a test");
	put_text(f, "ip_version");
	put_uint(f, 5, m->ip_version, 2);
	put_text(f, "languages");
	fputc(1, f); // a list of one: its type is in the next byte
	fputc(11 - 7, f);
	put_text(f, "en");
	put_text(f, "node_count");
	put_uint(f, 6, nodes, 4);
	put_text(f, "record_size");
	put_uint(f, 5, m->record_bits, 2);
}

uint8_t *test_mmdb_make(const struct test_mmdb *m, size_t *len)
{
	struct tree *t = calloc(1, sizeof(*t));
	char *data, *file;
	size_t data_len;
	FILE *d = open_memstream(&data, &data_len), *f = open_memstream(&file, len);
	check(t && d && f, "memory");
	t->count = 1;
	for (unsigned i = 0; i < m->rows; i++) {
		uint8_t bits[16];
		unsigned n = read_prefix(m, m->row[i].prefix, bits);
		fflush(d);
		insert(t, bits, n, (int64_t)data_len);
		put_record(d, m, &m->row[i]);
	}
	fclose(d);
	for (unsigned i = 0; i < t->count; i++)
		put_node(f, t, i, m->record_bits);
	put_bytes(f, 0, 8);
	put_bytes(f, 0, GAP - 8);
	fwrite(data, 1, data_len, f);
	put_metadata(f, m, t->count);
	fclose(f);
	free(data);
	free(t);
	return (uint8_t *)file;
}

void test_mmdb_write(const struct test_mmdb *m, const char *path)
{
	char beside[512];
	size_t len;
	uint8_t *file = test_mmdb_make(m, &len);
	snprintf(beside, sizeof(beside), "%s.new", path);
	FILE *f = fopen(beside, "we");
	check(f && fwrite(file, 1, len, f) == len && !fclose(f) && !rename(beside, path), path);
	free(file);
}
