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
	char text[1024];

	vsnprintf(text, sizeof(text), format, args);
	// What a file holds must not steer the terminal.
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	fprintf(stderr, "%s: %s%s\n", program_invocation_short_name, kind, text);
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
