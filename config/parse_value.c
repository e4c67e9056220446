// SPDX-License-Identifier: BSD-3-Clause
// Values of the JSON file into their fields: numbers, strings, lists, and objects in lists.
#include "config/parse.h"

#include <jansson.h>
#include <stdarg.h>
#include <string.h>

static const char *kind(const json_t *j)
{
	switch (json_typeof(j)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "a number";
	case JSON_REAL:
		return "a number with a fraction or exponent";
	case JSON_NULL:
		return "null";
	default:
		return "a truth value";
	}
}

size_t config_place_name(const struct config_parser *p, int i, char buf[static CONFIG_PLACE_TEXT])
{
	const struct config_place *it = &p->places.v[i];
	size_t n = it->parent < 0 ? 0 : config_place_name(p, it->parent, buf), from = n;
	if (it->key)
		n += snprintf(buf + n, CONFIG_PLACE_TEXT - n, "%s%.*s", n ? "." : "",
			      CONFIG_KEY_SHOWN, it->key);
	else
		n += snprintf(buf + n, CONFIG_PLACE_TEXT - n, "[%u]", it->index);
	for (char *s = buf + from; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = '?';
	return n;
}

void config_place_mistake(struct config_parser *p, unsigned i, const char *format, ...)
{
	char name[CONFIG_PLACE_TEXT], what[2 * CONFIG_WHY_MAX];
	va_list ap;
	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	config_place_name(p, i, name);
	config_mistake(&p->report, p->places.v[i].line, name, "%s", what);
}

static json_t *value_of(const struct config_parser *p, unsigned i)
{
	const struct config_place *it = &p->places.v[i];
	return json_loadb(it->value, it->len, JSON_DECODE_ANY, NULL);
}

// The value of a row that is no list, or one entry of a list. `into` holds the row's field.
static void put_one(struct config_parser *p, void *into, const struct config_row *row, unsigned i)
{
	bool number = row->type == CONFIG_INT || row->type == CONFIG_INTS;
	bool entry = config_is_list(row);
	char why[CONFIG_WHY_MAX], takes[CONFIG_WHY_MAX];
	json_t *j = value_of(p, i);
	if (!j || (number ? !json_is_integer(j) : !json_is_string(j))) {
		if (!entry)
			config_describe(row, takes, sizeof(takes));
		else
			snprintf(takes, sizeof(takes), number ? "a number" : "a string");
		config_place_mistake(p, i, "must be %s, not %s", takes,
				     j ? kind(j) : "a number that large");
		goto done;
	}
	bool fine;
	if (number && entry)
		fine = config_add_int(into, row, json_integer_value(j), why);
	else if (number)
		fine = config_put_int(into, row, json_integer_value(j), why);
	else if (entry)
		fine = config_add_text(into, row, json_string_value(j), why);
	else
		fine = config_put_text(into, row, json_string_value(j), why);
	if (!fine)
		config_place_mistake(p, i, "%s", why);
done:
	json_decref(j);
}

// Whether the place holds what the row's type begins with; says so if not.
static bool is_kind(struct config_parser *p, const struct config_row *row, unsigned i, char bracket)
{
	if (*p->places.v[i].value == bracket)
		return true;
	char takes[CONFIG_WHY_MAX];
	json_t *j = value_of(p, i);
	config_describe(row, takes, sizeof(takes));
	config_place_mistake(p, i, "must be %s, not %s", takes,
			     j ? kind(j) : "a number that large");
	json_decref(j);
	return false;
}

static void check_entries(struct config_parser *p, const struct config_row *row, unsigned i,
			  unsigned entries)
{
	if (entries < row->fewest || entries > row->most)
		config_place_mistake(p, i, "%u entries: %u to %u are possible", entries,
				     row->fewest, row->most);
}

static void put_entry(struct config_parser *p, void *into, const struct config_row *row,
		      unsigned i);

// All entries are looked at, so that each mistake is named; with any, the list stays what it was.
static void put_list(struct config_parser *p, void *into, const struct config_row *row, unsigned i)
{
	if (!is_kind(p, row, i, '['))
		return;
	struct config before = *p->c;
	unsigned mistakes = p->report.count, entries = 0;
	if (row->type == CONFIG_OBJECTS)
		memset((char *)into + row->at, 0, row->first + row->most * row->size);
	else
		config_list_clear(into, row);
	for (unsigned k = i + 1; k < p->places.count; k++) {
		if (p->places.v[k].parent != (int)i)
			continue;
		entries++;
		if (entries <= row->most)
			put_entry(p, into, row, k);
	}
	check_entries(p, row, i, entries);
	if (p->report.count != mistakes)
		*p->c = before;
}

void config_put_place(struct config_parser *p, void *into, const struct config_row *row, unsigned i)
{
	if (config_is_list(row) || row->type == CONFIG_OBJECTS)
		put_list(p, into, row, i);
	else
		put_one(p, into, row, i);
}

int config_given_before(const struct config_parser *p, unsigned i)
{
	const struct config_place *it = &p->places.v[i];
	for (unsigned k = 0; k < i; k++) {
		const struct config_place *other = &p->places.v[k];
		if (other->parent == it->parent && other->key && !strcmp(other->key, it->key))
			return k;
	}
	return -1;
}

// A key of an object in a list: its number among the rows, or -1 and a mistake.
static int object_row(struct config_parser *p, const struct config_row *list, unsigned i)
{
	char known[CONFIG_WHY_MAX] = "";
	size_t n = 0;
	for (unsigned r = 0; r < list->row_count; r++) {
		if (!strcmp(list->rows[r].key, p->places.v[i].key))
			return (int)r;
		n += snprintf(known + n, sizeof(known) - n, "%s%s", r ? ", " : "",
			      list->rows[r].key);
	}
	config_place_mistake(p, i, "no such key; there are: %s", known);
	return -1;
}

// The object at place i into the next element of the list.
static void put_object(struct config_parser *p, void *into, const struct config_row *list,
		       unsigned i)
{
	unsigned *count = (unsigned *)((char *)into + list->at);
	char *element = (char *)count + list->first + *count * list->size;
	uint32_t seen = 0;
	if (*p->places.v[i].value != '{') {
		config_place_mistake(p, i, "must be an object: {\"%s\": ..., ...}",
				     list->rows[0].key);
		return;
	}
	*(uint32_t *)element = p->places.v[i].line;
	for (unsigned k = i + 1; k < p->places.count; k++) {
		if (p->places.v[k].parent != (int)i)
			continue;
		int before = config_given_before(p, k);
		if (before >= 0) {
			config_place_mistake(p, k, "given twice, first on line %u",
					     p->places.v[before].line);
			continue;
		}
		int r = object_row(p, list, k);
		if (r < 0)
			continue;
		seen |= 1u << r;
		config_put_place(p, element, &list->rows[r], k);
	}
	for (unsigned r = 0; r < list->row_count; r++)
		if (list->rows[r].required && !(seen >> r & 1))
			config_place_mistake(p, i, "\"%s\" is missing: %s", list->rows[r].key,
					     list->rows[r].help);
	++*count;
}

static void put_entry(struct config_parser *p, void *into, const struct config_row *row, unsigned i)
{
	if (row->type == CONFIG_OBJECTS)
		put_object(p, into, row, i);
	else
		put_one(p, into, row, i);
}
