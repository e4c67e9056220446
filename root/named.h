// SPDX-License-Identifier: BSD-3-Clause
// Lists of reasons: one X(NAME, "name", "sentence") each, from 0 on. The header makes the enum from
// the list, counters and manuals go through it; what each is called is here.
#pragma once

struct rl_named {
	const char *name, *help;
};

#define RL_NAMED_ROW(id, text, sentence) {text, sentence},

// Defines PREFIX_name and PREFIX_help, of an enum of this type made from LIST: its name in
// counters, and its sentence; "?" beyond the list.
#define RL_NAMED(prefix, type, LIST)                                                \
	static const struct rl_named prefix##_rows[] = {LIST(RL_NAMED_ROW)};        \
	static const struct rl_named *prefix##_row(type v)                          \
	{                                                                           \
		static const struct rl_named none = {"?", "?"};                     \
		unsigned i = (unsigned)v, n = sizeof(prefix##_rows) / sizeof(none); \
		return i < n ? &prefix##_rows[i] : &none;                           \
	}                                                                           \
	const char *prefix##_name(type v)                                           \
	{                                                                           \
		return prefix##_row(v)->name;                                       \
	}                                                                           \
	const char *prefix##_help(type v)                                           \
	{                                                                           \
		return prefix##_row(v)->help;                                       \
	}                                                                           \
	struct rl_named // for the semicolon behind it
