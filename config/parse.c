// SPDX-License-Identifier: BSD-3-Clause
// The JSON file into the struct. Each value is parsed on its own, by its place in the text, so that
// every mistake can be named with its line, and one mistake does not hide the next.
#include "config/scan.h"
#include "config/value.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <string.h>

// More is not a configuration; it also bounds the search for keys given twice.
enum { FILE_MAX = 65536, KEY_SHOWN = 48 };

struct parser {
	struct config *c;
	struct config_places places;
	struct config_report report;
};

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

enum { NAME_MAX = 5 * (KEY_SHOWN + 16) }; // of the deepest place

// "ports[2]", "limits.hop_limit", "cluster.members[0].id"; keys of strangers are cut short and
// their odd bytes hidden. Returns the length.
static size_t place_name(const struct parser *p, int i, char buf[static NAME_MAX])
{
	const struct config_place *it = &p->places.v[i];
	size_t n = it->parent < 0 ? 0 : place_name(p, it->parent, buf), from = n;
	if (it->key)
		n += snprintf(buf + n, NAME_MAX - n, "%s%.*s", n ? "." : "", KEY_SHOWN, it->key);
	else
		n += snprintf(buf + n, NAME_MAX - n, "[%u]", it->index);
	for (char *s = buf + from; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = '?';
	return n;
}

__attribute__((format(printf, 3, 4))) static void mistake(struct parser *p, unsigned i,
							  const char *format, ...)
{
	char name[NAME_MAX], what[2 * CONFIG_WHY_MAX];
	va_list ap;
	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	place_name(p, i, name);
	config_mistake(&p->report, p->places.v[i].line, name, "%s", what);
}

static json_t *value_of(const struct parser *p, unsigned i)
{
	const struct config_place *it = &p->places.v[i];
	return json_loadb(it->value, it->len, JSON_DECODE_ANY, NULL);
}

// The value of a row that is no list, or one entry of a list. `into` holds the row's field.
static void put_one(struct parser *p, void *into, const struct config_row *row, unsigned i)
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
		mistake(p, i, "must be %s, not %s", takes, j ? kind(j) : "a number that large");
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
		mistake(p, i, "%s", why);
done:
	json_decref(j);
}

// Whether the place holds what the row's type begins with; says so if not.
static bool is_kind(struct parser *p, const struct config_row *row, unsigned i, char bracket)
{
	if (*p->places.v[i].value == bracket)
		return true;
	char takes[CONFIG_WHY_MAX];
	json_t *j = value_of(p, i);
	config_describe(row, takes, sizeof(takes));
	mistake(p, i, "must be %s, not %s", takes, j ? kind(j) : "a number that large");
	json_decref(j);
	return false;
}

static void check_entries(struct parser *p, const struct config_row *row, unsigned i,
			  unsigned entries)
{
	if (entries < row->fewest || entries > row->most)
		mistake(p, i, "%u entries: %u to %u are possible", entries, row->fewest, row->most);
}

static void put_entry(struct parser *p, void *into, const struct config_row *row, unsigned i);

// All entries are looked at, so that each mistake is named; with any, the list stays what it was.
static void put_list(struct parser *p, void *into, const struct config_row *row, unsigned i)
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

static void put_value(struct parser *p, void *into, const struct config_row *row, unsigned i)
{
	if (config_is_list(row) || row->type == CONFIG_OBJECTS)
		put_list(p, into, row, i);
	else
		put_one(p, into, row, i);
}

static int given_before(const struct parser *p, unsigned i);

// A key of an object in a list: its number among the rows, or -1 and a mistake.
static int object_row(struct parser *p, const struct config_row *list, unsigned i)
{
	char known[CONFIG_WHY_MAX] = "";
	size_t n = 0;
	for (unsigned r = 0; r < list->row_count; r++) {
		if (!strcmp(list->rows[r].key, p->places.v[i].key))
			return (int)r;
		n += snprintf(known + n, sizeof(known) - n, "%s%s", r ? ", " : "",
			      list->rows[r].key);
	}
	mistake(p, i, "no such key; there are: %s", known);
	return -1;
}

// The object at place i into the next element of the list.
static void put_object(struct parser *p, void *into, const struct config_row *list, unsigned i)
{
	unsigned *count = (unsigned *)((char *)into + list->at);
	char *element = (char *)count + list->first + *count * list->size;
	uint32_t seen = 0;
	if (*p->places.v[i].value != '{') {
		mistake(p, i, "must be an object: {\"%s\": ..., ...}", list->rows[0].key);
		return;
	}
	*(uint32_t *)element = p->places.v[i].line;
	for (unsigned k = i + 1; k < p->places.count; k++) {
		if (p->places.v[k].parent != (int)i)
			continue;
		int before = given_before(p, k);
		if (before >= 0) {
			mistake(p, k, "given twice, first on line %u", p->places.v[before].line);
			continue;
		}
		int r = object_row(p, list, k);
		if (r < 0)
			continue;
		seen |= 1u << r;
		put_value(p, element, &list->rows[r], k);
	}
	for (unsigned r = 0; r < list->row_count; r++)
		if (list->rows[r].required && !(seen >> r & 1))
			mistake(p, i, "\"%s\" is missing: %s", list->rows[r].key,
				list->rows[r].help);
	++*count;
}

static void put_entry(struct parser *p, void *into, const struct config_row *row, unsigned i)
{
	if (row->type == CONFIG_OBJECTS)
		put_object(p, into, row, i);
	else
		put_one(p, into, row, i);
}

static void unknown(struct parser *p, unsigned i)
{
	char name[NAME_MAX], near[CONFIG_NAME_MAX];
	place_name(p, i, name);
	const char *key = p->places.v[i].key;
	if (config_nearest(key, false, near) || config_nearest(name, false, near))
		mistake(p, i, "no such option; the nearest is \"%s\"", near);
	else
		mistake(p, i, "no such option; rootline --help lists them");
}

// An earlier key of the same name in the same object: its index, or -1.
static int given_before(const struct parser *p, unsigned i)
{
	const struct config_place *it = &p->places.v[i];
	for (unsigned k = 0; k < i; k++) {
		const struct config_place *other = &p->places.v[k];
		if (other->parent == it->parent && other->key && !strcmp(other->key, it->key))
			return k;
	}
	return -1;
}

static void put_group(struct parser *p, unsigned group);

static void put_key(struct parser *p, const char *group, unsigned i)
{
	const struct config_place *it = &p->places.v[i];
	int before = given_before(p, i);
	if (before >= 0) {
		mistake(p, i, "given twice, first on line %u", p->places.v[before].line);
		return;
	}
	const struct config_row *row = config_row_by_key(group, it->key);
	if (!group && config_is_group(it->key)) {
		put_group(p, i);
		return;
	}
	if (!row) {
		unknown(p, i);
		return;
	}
	p->c->line[row - config_rows] = it->line;
	put_value(p, p->c, row, i);
}

static void put_group(struct parser *p, unsigned group)
{
	const struct config_place *it = &p->places.v[group];
	if (*it->value != '{') {
		mistake(p, group, "must be an object: {\"name\": value, ...}");
		return;
	}
	if (!strcmp(it->key, "cluster"))
		p->c->cluster.given = true;
	for (unsigned k = group + 1; k < p->places.count; k++)
		if (p->places.v[k].parent == (int)group)
			put_key(p, it->key, k);
}

// Whether it is JSON at all, and an object; says where not.
static bool well_formed(struct config_report *r, const char *text, size_t len)
{
	json_error_t e;
	json_t *j = json_loadb(text, len, 0, &e);
	// A number too large for an integer is a matter for its own key, with its name.
	if (!j && json_error_code(&e) == json_error_numeric_overflow)
		j = json_loadb(text, len, JSON_DECODE_INT_AS_REAL, &e);
	bool object = json_is_object(j);
	if (!j) {
		char column[24];
		snprintf(column, sizeof(column), "column %d", e.column > 0 ? e.column : 1);
		config_mistake(r, e.line > 0 ? e.line : 1, column, "not valid JSON: %s", e.text);
	} else if (!object) {
		config_mistake(r, 1, NULL, "must be one JSON object: {\"name\": value, ...}");
	}
	json_decref(j);
	return object;
}

unsigned config_parse(struct config *c, const char *name, const char *text, size_t len, FILE *err)
{
	struct parser p = {.c = c, .report = {.err = err, .name = name}};
	if (len > FILE_MAX) {
		config_mistake(&p.report, 0, NULL, "larger than %d bytes", FILE_MAX);
		return p.report.count;
	}
	if (!well_formed(&p.report, text, len))
		return p.report.count;
	if (config_scan(text, len, &p.places)) {
		config_mistake(&p.report, 0, NULL, "out of memory");
	} else {
		for (unsigned i = 0; i < p.places.count; i++)
			if (p.places.v[i].parent < 0)
				put_key(&p, NULL, i);
	}
	config_places_free(&p.places);
	return p.report.count;
}

unsigned config_load(struct config *c, const char *path, FILE *err)
{
	struct config_report r = {.err = err, .name = path};
	char text[FILE_MAX + 1];
	FILE *f = fopen(path, "re");
	if (!f) {
		config_mistake(&r, 0, NULL, "cannot be opened: %s", strerror(errno));
		return r.count;
	}
	size_t len = fread(text, 1, sizeof(text), f);
	if (ferror(f))
		config_mistake(&r, 0, NULL, "cannot be read: %s", strerror(errno));
	else
		r.count = config_parse(c, path, text, len, err);
	fclose(f);
	return r.count;
}
