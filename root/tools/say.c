// SPDX-License-Identifier: BSD-3-Clause
#include "root/tools/say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool quiet_now;

void say_quiet(bool quiet)
{
	quiet_now = quiet;
}

static void say(const char *kind, const char *format, va_list args)
{
	fprintf(stderr, "%s: %s", program_invocation_short_name, kind);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void say_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("", format, args);
	va_end(args);
}

void say_warning(const char *format, ...)
{
	va_list args;

	if (quiet_now)
		return;
	va_start(args, format);
	say("warning: ", format, args);
	va_end(args);
}

void say_note(const char *format, ...)
{
	va_list args;

	if (quiet_now)
		return;
	va_start(args, format);
	say("note: ", format, args);
	va_end(args);
}

int say_why(struct say_why *why, const char *format, ...)
{
	va_list args;

	if (!why)
		return -EINVAL;
	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	return -EINVAL;
}

int say_where(struct say_why *why, const char *format, ...)
{
	struct say_why inner;
	va_list args;
	size_t n;

	if (!why)
		return -EINVAL;
	inner = *why;
	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	n = strlen(why->text);
	snprintf(why->text + n, sizeof(why->text) - n, ": %s", inner.text);
	return -EINVAL;
}
