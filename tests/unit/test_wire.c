// SPDX-License-Identifier: BSD-3-Clause
#include "root/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const uint8_t bytes[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0xff, 0xfe};

// One reader call of each width.
static uint64_t get(struct rl_reader *r, unsigned width)
{
	switch (width) {
	case 1:
		return rl_get8(r);
	case 2:
		return rl_get16(r);
	case 4:
		return rl_get32(r);
	case 5:
		return rl_get40(r);
	default:
		return rl_get64(r);
	}
}

static void put(struct rl_writer *w, unsigned width, uint64_t v)
{
	switch (width) {
	case 1:
		rl_put8(w, (uint8_t)v);
		break;
	case 2:
		rl_put16(w, (uint16_t)v);
		break;
	case 4:
		rl_put32(w, (uint32_t)v);
		break;
	case 5:
		rl_put40(w, v);
		break;
	default:
		rl_put64(w, v);
	}
}

static const struct {
	unsigned width;
	uint64_t value;
} widths[] = {
	{1, 0x01}, {2, 0x0102}, {4, 0x01020304}, {5, 0x0102030405}, {8, 0x0102030405060708},
};

enum { WIDTHS = sizeof(widths) / sizeof(widths[0]) };

static void fields_are_big_endian(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WIDTHS; i++) {
		struct rl_reader r = rl_reader(bytes, widths[i].width);
		uint8_t out[8] = {0};
		struct rl_writer w = rl_writer(out, widths[i].width);

		assert_int_equal(get(&r, widths[i].width), widths[i].value);
		assert_false(r.bad);
		assert_int_equal(rl_reader_left(&r), 0);
		put(&w, widths[i].width, widths[i].value);
		assert_false(w.bad);
		assert_int_equal(rl_writer_len(&w), widths[i].width);
		assert_memory_equal(out, bytes, widths[i].width);
	}
}

static void top_bits_survive(void **state)
{
	uint8_t out[8];

	(void)state;
	rl_store16(out, 0xfffe);
	assert_int_equal(rl_load16(out), 0xfffe);
	rl_store32(out, 0xfffefdfc);
	assert_int_equal(rl_load32(out), 0xfffefdfc);
	rl_store40(out, 0xfffefdfcfb);
	assert_true(rl_load40(out) == 0xfffefdfcfb);
	rl_store64(out, 0xfffefdfcfbfaf9f8);
	assert_true(rl_load64(out) == 0xfffefdfcfbfaf9f8);
	// A 40-bit field takes the low 40 bits of what it is given.
	rl_store40(out, 0xabcdef0102030405);
	assert_true(rl_load40(out) == 0x0102030405);
}

static void reader_remembers_its_first_overrun(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WIDTHS; i++) {
		for (unsigned len = 0; len < widths[i].width; len++) {
			struct rl_reader r = rl_reader(bytes, len);

			assert_int_equal(get(&r, widths[i].width), 0);
			assert_true(r.bad);
			assert_int_equal(rl_reader_left(&r), 0);
			// One byte would still be there, but after an overrun nothing is read.
			assert_int_equal(rl_get8(&r), 0);
			assert_null(rl_get(&r, 0));
			assert_true(r.bad);
		}
	}
}

static void lengths_cannot_wrap(void **state)
{
	struct rl_reader r = rl_reader(bytes, sizeof(bytes));
	uint8_t out[4];
	struct rl_writer w = rl_writer(out, sizeof(out));

	(void)state;
	assert_int_equal(rl_get8(&r), 1);
	assert_null(rl_get(&r, SIZE_MAX));
	assert_true(r.bad);
	rl_put8(&w, 1);
	assert_null(rl_put(&w, SIZE_MAX));
	assert_true(w.bad);
}

static void empty_reads_and_writes_are_fine(void **state)
{
	struct rl_reader r = rl_reader(bytes, 0);
	uint8_t out[1] = {7};
	struct rl_writer w = rl_writer(out, 0);

	(void)state;
	assert_ptr_equal(rl_get(&r, 0), bytes);
	assert_false(r.bad);
	rl_put_bytes(&w, NULL, 0);
	assert_false(w.bad);
	assert_int_equal(rl_writer_len(&w), 0);
	assert_int_equal(out[0], 7);
}

static void writer_stops_at_its_first_overrun(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WIDTHS; i++) {
		for (unsigned room = 0; room < widths[i].width; room++) {
			uint8_t out[9] = {9, 9, 9, 9, 9, 9, 9, 9, 9};
			struct rl_writer w = rl_writer(out, room);

			put(&w, widths[i].width, 0);
			assert_true(w.bad);
			rl_put8(&w, 0);
			rl_put_bytes(&w, bytes, 1);
			assert_int_equal(rl_writer_len(&w), 0);
			for (unsigned k = 0; k < sizeof(out); k++)
				assert_int_equal(out[k], 9);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_big_endian),
		cmocka_unit_test(top_bits_survive),
		cmocka_unit_test(reader_remembers_its_first_overrun),
		cmocka_unit_test(lengths_cannot_wrap),
		cmocka_unit_test(empty_reads_and_writes_are_fine),
		cmocka_unit_test(writer_stops_at_its_first_overrun),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
