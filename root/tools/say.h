// SPDX-License-Identifier: BSD-3-Clause
// How the offline tools speak: errors, warnings and notes on stderr, each one line that starts with
// the program's name, and reasons that a function hands to its caller. One thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// A sentence fragment that says what is wrong, and what to do where that is not obvious.
struct say_why {
	char text[512];
};

// Warnings and notes are left out when set; errors never.
void say_quiet(bool quiet);
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Fills why (may be NULL) and returns -EINVAL, so that a parser can `return say_why(...)`.
int say_why(struct say_why *why, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Puts "PREFIX: " before the reason; returns -EINVAL.
int say_where(struct say_why *why, const char *format, ...) __attribute__((format(printf, 2, 3)));
