// SPDX-License-Identifier: BSD-3-Clause
// Lines for the operator, on stderr. Under journald they carry a priority prefix, otherwise the
// program's name. No more than LOG_PER_SECOND lines a second after a burst of LOG_BURST; what is
// left out is counted and said once there is room again.
//
// Any thread may write; workers do not (they count).
#pragma once

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum {
	LOG_PER_SECOND = 20,
	LOG_BURST = 200,
};

// Messages below `level` in importance are not written. Looks at JOURNAL_STREAM. Without this call:
// LOG_LEVEL_INFO, plain.
void log_init(enum log_level level);

// One line; control characters in it come out as '?'.
__attribute__((format(printf, 2, 3))) void log_write(enum log_level level, const char *format, ...);

#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

// For tests: the line as it would be written, with its newline. Returns its length.
unsigned log_format(char *line, unsigned size, enum log_level level, int journal, const char *text);
