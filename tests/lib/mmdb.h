// SPDX-License-Identifier: BSD-3-Clause
// Writes small databases in MaxMind's format, with positions or without.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum test_mmdb_form {
	TEST_MMDB_NESTED,  // {"location": {"latitude": .., "longitude": ..}}
	TEST_MMDB_FLAT,    // {"latitude": .., "longitude": ..}
	TEST_MMDB_COUNTRY, // no position at all
	TEST_MMDB_HALF,    // a latitude alone
	TEST_MMDB_TEXT,    // position as strings
};

struct test_mmdb_row {
	const char *prefix; // "10.1.0.0/16", "2001:db8::/32"
	double latitude, longitude;
};

struct test_mmdb {
	enum test_mmdb_form form;
	unsigned float_bits;  // 64 or 32
	unsigned ip_version;  // 6: IPv4 rows go to ::/96; 4: IPv4 rows only
	unsigned record_bits; // 24, 28 or 32
	const struct test_mmdb_row *row;
	unsigned rows;
};

// The whole file, from malloc. Aborts on a row it cannot place.
uint8_t *test_mmdb_make(const struct test_mmdb *m, size_t *len);
// The same as a file, written beside `path` and renamed over it. Aborts if that fails.
void test_mmdb_write(const struct test_mmdb *m, const char *path);
