// SPDX-License-Identifier: BSD-3-Clause
#include "config/value.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

static void *place(void *into, const struct config_row *row)
{
	return (char *)into + row->at;
}

void config_mistake(struct config_report *r, unsigned line, const char *key, const char *format,
		    ...)
{
	char what[2 * CONFIG_WHY_MAX];
	va_list ap;
	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	// It quotes the file: one line stays one line, and a terminal gets no orders.
	for (char *s = what; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = '?';
	if (r->name && line)
		fprintf(r->err, "%s:%u: ", r->name, line);
	else if (r->name)
		fprintf(r->err, "%s: ", r->name);
	fprintf(r->err, "%s%s%s\n", key ? key : "", key ? ": " : "", what);
	r->count++;
}

static bool in_range(const struct config_row *row, int64_t v, char *why)
{
	if (v >= row->min && v <= row->max)
		return true;
	snprintf(why, CONFIG_WHY_MAX, "%lld is out of range: %lld to %lld", (long long)v,
		 (long long)row->min, (long long)row->max);
	return false;
}

bool config_put_int(void *into, const struct config_row *row, int64_t v,
		    char why[static CONFIG_WHY_MAX])
{
	if (!in_range(row, v, why))
		return false;
	*(uint32_t *)place(into, row) = v;
	return true;
}

static bool printable(const char *text, char *why)
{
	for (; *text; text++) {
		if ((unsigned char)*text >= ' ' && *text != 0x7f)
			continue;
		snprintf(why, CONFIG_WHY_MAX, "holds a control character");
		return false;
	}
	return true;
}

static bool put_path(void *into, const struct config_row *row, const char *text, char *why)
{
	size_t n = strlen(text);
	if ((int64_t)n < row->min)
		return snprintf(why, CONFIG_WHY_MAX, "is empty: give a path"), false;
	if ((int64_t)n > row->max) {
		snprintf(why, CONFIG_WHY_MAX, "path of %zu bytes: %lld are the most", n,
			 (long long)row->max);
		return false;
	}
	if (!printable(text, why))
		return false;
	memcpy(place(into, row), text, n + 1);
	return true;
}

// Into the form that the row's check gives it.
static bool normal_form(const struct config_row *row, const char *text,
			char normal[static CONFIG_TEXT_MAX], char *why)
{
	if (!printable(text, why))
		return false;
	if (strlen(text) >= CONFIG_TEXT_MAX) {
		snprintf(why, CONFIG_WHY_MAX, "string of %zu bytes: %d are the most", strlen(text),
			 CONFIG_TEXT_MAX - 1);
		return false;
	}
	strcpy(normal, text);
	const char *wrong = row->check ? row->check(normal) : NULL;
	if (wrong && row->unquoted)
		snprintf(why, CONFIG_WHY_MAX, "%s", wrong);
	else if (wrong)
		snprintf(why, CONFIG_WHY_MAX, "\"%.60s\" %s", text, wrong);
	return !wrong;
}

static bool put_string(void *into, const struct config_row *row, const char *text, char *why)
{
	char normal[CONFIG_TEXT_MAX];
	if (!normal_form(row, text, normal, why))
		return false;
	size_t n = strlen(normal);
	if ((int64_t)n > row->max) {
		snprintf(why, CONFIG_WHY_MAX, "string of %zu bytes: %lld are the most", n,
			 (long long)row->max);
		return false;
	}
	memcpy(place(into, row), normal, n + 1);
	return true;
}

bool config_put_text(void *into, const struct config_row *row, const char *text,
		     char why[static CONFIG_WHY_MAX])
{
	if (row->type == CONFIG_PATH)
		return put_path(into, row, text, why);
	if (row->type == CONFIG_TEXT)
		return put_string(into, row, text, why);
	for (unsigned i = 0; row->names[i]; i++) {
		if (!strcmp(text, row->names[i])) {
			*(uint32_t *)place(into, row) = i;
			return true;
		}
	}
	char takes[128];
	config_describe(row, takes, sizeof(takes));
	snprintf(why, CONFIG_WHY_MAX, "\"%.40s\" is not known: %s", text, takes);
	return false;
}

void config_list_clear(void *into, const struct config_row *row)
{
	if (row->type == CONFIG_INTS)
		memset(place(into, row), 0, sizeof(struct config_ints));
	else
		memset(place(into, row), 0, sizeof(struct config_strings));
}

static bool room(const struct config_row *row, unsigned count, char *why)
{
	if (count < row->most)
		return true;
	snprintf(why, CONFIG_WHY_MAX, "more than %u entries", row->most);
	return false;
}

bool config_add_int(void *into, const struct config_row *row, int64_t v,
		    char why[static CONFIG_WHY_MAX])
{
	struct config_ints *list = place(into, row);
	if (!in_range(row, v, why) || !room(row, list->count, why))
		return false;
	for (unsigned i = 0; i < list->count; i++)
		if (list->v[i] == v)
			return snprintf(why, CONFIG_WHY_MAX, "%lld is given twice", (long long)v),
			       false;
	list->v[list->count++] = v;
	return true;
}

bool config_add_text(void *into, const struct config_row *row, const char *text,
		     char why[static CONFIG_WHY_MAX])
{
	struct config_strings *list = place(into, row);
	char normal[CONFIG_TEXT_MAX];
	if (!room(row, list->count, why) || !normal_form(row, text, normal, why))
		return false;
	for (unsigned i = 0; i < list->count; i++)
		if (!strcmp(list->v[i], normal))
			return snprintf(why, CONFIG_WHY_MAX, "\"%.60s\" is given twice", text),
			       false;
	strcpy(list->v[list->count++], normal);
	return true;
}

// Digits and nothing else. Anything longer than any range has is cut to a number out of range.
static bool read_int(const char *text, size_t n, int64_t *v, char *why)
{
	*v = 0;
	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)text[i]) || n > 15)
			goto bad;
		*v = *v * 10 + (text[i] - '0');
	}
	if (n)
		return true;
bad:
	snprintf(why, CONFIG_WHY_MAX, "\"%.*s\" is not a number", n > 40 ? 40 : (int)n, text);
	return false;
}

static bool add_ints(void *into, const struct config_row *row, const char *text, char *why)
{
	struct config_ints before = *(struct config_ints *)place(into, row);
	for (;;) {
		size_t n = strcspn(text, ",");
		int64_t v;
		if (!read_int(text, n, &v, why) || !config_add_int(into, row, v, why)) {
			*(struct config_ints *)place(into, row) = before;
			return false;
		}
		if (!text[n])
			return true;
		text += n + 1;
	}
}

bool config_put_any(void *into, const struct config_row *row, const char *text,
		    char why[static CONFIG_WHY_MAX])
{
	int64_t v;
	switch (row->type) {
	case CONFIG_INT:
		return read_int(text, strlen(text), &v, why) && config_put_int(into, row, v, why);
	case CONFIG_INTS:
		return add_ints(into, row, text, why);
	case CONFIG_STRINGS:
		return config_add_text(into, row, text, why);
	default:
		return config_put_text(into, row, text, why);
	}
}
