// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 1024 };

static const struct {
	int priority; // as in <syslog.h>
	const char *plain;
} levels[] = {
	[LOG_LEVEL_ERROR] = {3, "rootline: error: "},
	[LOG_LEVEL_WARNING] = {4, "rootline: warning: "},
	[LOG_LEVEL_INFO] = {6, "rootline: "},
	[LOG_LEVEL_DEBUG] = {7, "rootline: debug: "},
};

static struct {
	pthread_mutex_t lock;
	enum log_level level;
	bool journal;
	uint64_t last_ms;
	unsigned tokens;
	unsigned left_out;
} logger = {.lock = PTHREAD_MUTEX_INITIALIZER, .level = LOG_LEVEL_INFO, .tokens = LOG_BURST};

// JOURNAL_STREAM is "device:inode" of the stream; a child whose stderr was redirected inherits the
// variable but not the stream.
static bool stderr_is_journal(void)
{
	const char *text = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;
	return text && sscanf(text, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void log_init(enum log_level level)
{
	pthread_mutex_lock(&logger.lock);
	logger.level = level;
	logger.journal = stderr_is_journal();
	pthread_mutex_unlock(&logger.lock);
}

unsigned log_format(char *line, unsigned size, enum log_level level, int journal, const char *text)
{
	unsigned n;
	if (journal)
		n = snprintf(line, size, "<%d>", levels[level].priority);
	else
		n = snprintf(line, size, "%s", levels[level].plain);
	for (; *text && n + 2 < size; text++)
		line[n++] = (unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text;
	line[n++] = '\n';
	line[n] = 0;
	return n;
}

static void put(enum log_level level, const char *text)
{
	char line[LINE_MAX_LEN];
	unsigned n = log_format(line, sizeof(line), level, logger.journal, text);
	// Nobody can be told that stderr is gone.
	if (write(STDERR_FILENO, line, n) < 0)
		return;
}

// A bucket of LOG_BURST lines that fills with LOG_PER_SECOND.
static bool may_write(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	uint64_t now_ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
	uint64_t more = (now_ms - logger.last_ms) * LOG_PER_SECOND / 1000;
	if (more) {
		logger.last_ms = now_ms;
		logger.tokens = more + logger.tokens > LOG_BURST ? LOG_BURST : logger.tokens + more;
	}
	if (!logger.tokens) {
		logger.left_out++;
		return false;
	}
	logger.tokens--;
	return true;
}

void log_write(enum log_level level, const char *format, ...)
{
	char text[LINE_MAX_LEN];
	va_list ap;
	if (level > logger.level)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	pthread_mutex_lock(&logger.lock);
	if (may_write()) {
		if (logger.left_out) {
			char note[64];
			snprintf(note, sizeof(note), "%u messages left out: too many at once",
				 logger.left_out);
			logger.left_out = 0;
			put(LOG_LEVEL_WARNING, note);
		}
		put(level, text);
	}
	pthread_mutex_unlock(&logger.lock);
}
