// SPDX-License-Identifier: BSD-3-Clause
// The JSON file into the struct. Each value is parsed on its own, by its place in the text, so that
// every mistake can be named with its line, and one mistake does not hide the next.
#include "config/parse.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

// More is not a configuration; it also bounds the search for keys given twice.
enum { FILE_MAX = 65536 };

static void unknown(struct config_parser *p, unsigned i)
{
	char name[CONFIG_PLACE_TEXT], near[CONFIG_NAME_MAX];
	config_place_name(p, i, name);
	const char *key = p->places.v[i].key;
	if (config_nearest(key, false, near) || config_nearest(name, false, near))
		config_place_mistake(p, i, "no such option; the nearest is \"%s\"", near);
	else
		config_place_mistake(p, i, "no such option; rootline --help lists them");
}

static void put_group(struct config_parser *p, unsigned group);

static void put_key(struct config_parser *p, const char *group, unsigned i)
{
	const struct config_place *it = &p->places.v[i];
	int before = config_given_before(p, i);
	if (before >= 0) {
		config_place_mistake(p, i, "given twice, first on line %u",
				     p->places.v[before].line);
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
	config_put_place(p, p->c, row, i);
}

static void put_group(struct config_parser *p, unsigned group)
{
	const struct config_place *it = &p->places.v[group];
	if (*it->value != '{') {
		config_place_mistake(p, group, "must be an object: {\"name\": value, ...}");
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
	struct config_parser p = {.c = c, .report = {.err = err, .name = name}};
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
