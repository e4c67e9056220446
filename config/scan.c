// SPDX-License-Identifier: BSD-3-Clause
#include "config/scan.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

enum { LEVELS = 4 }; // the keys of an object in a list of a section

struct scanner {
	const char *at, *end;
	unsigned line;
	struct config_places *places;
	unsigned room;
};

static void skip_space(struct scanner *s)
{
	for (; s->at < s->end && strchr(" \t\r\n", *s->at) && *s->at; s->at++)
		if (*s->at == '\n')
			s->line++;
}

static void skip_string(struct scanner *s)
{
	for (s->at++; s->at < s->end && *s->at != '"'; s->at++)
		if (*s->at == '\\')
			s->at++;
	s->at++;
}

// Over one value of any kind; brackets are counted, since the text is known to be well formed.
static void skip_value(struct scanner *s)
{
	unsigned open = 0;
	do {
		skip_space(s);
		if (s->at >= s->end)
			return;
		char c = *s->at;
		if (c == '"') {
			skip_string(s);
		} else if (c == '{' || c == '[') {
			open++;
			s->at++;
		} else if (c == '}' || c == ']') {
			open--;
			s->at++;
		} else if (c == ',' || c == ':') {
			s->at++;
		} else {
			while (s->at < s->end && !strchr(" \t\r\n,:]}", *s->at))
				s->at++;
		}
	} while (open);
}

static struct config_place *add(struct scanner *s)
{
	struct config_places *p = s->places;
	if (p->count == s->room) {
		unsigned room = s->room ? 2 * s->room : 64;
		struct config_place *v = realloc(p->v, room * sizeof(*v));
		if (!v)
			return NULL;
		p->v = v;
		s->room = room;
	}
	p->v[p->count] = (struct config_place){.line = s->line};
	return &p->v[p->count++];
}

static char *decode_key(const char *text, size_t len)
{
	json_t *j = json_loadb(text, len, JSON_DECODE_ANY, NULL);
	char *key = j ? strdup(json_string_value(j)) : NULL;
	json_decref(j);
	return key;
}

// What lies between the brackets at s->at.
static int scan_members(struct scanner *s, int parent, unsigned level)
{
	char closing = *s->at++ == '{' ? '}' : ']';
	for (unsigned index = 0;; index++) {
		skip_space(s);
		if (s->at < s->end && *s->at == ',') {
			s->at++;
			skip_space(s);
		}
		if (s->at >= s->end || *s->at == closing)
			break;
		struct config_place *p = add(s);
		if (!p)
			return -ENOMEM;
		int self = s->places->count - 1;
		p->parent = parent;
		p->index = index;
		if (closing == '}') {
			const char *key = s->at;
			skip_string(s);
			p->key = decode_key(key, s->at - key);
			if (!p->key)
				return -ENOMEM;
			skip_space(s);
			s->at++; // the colon
			skip_space(s);
		}
		const char *value = s->at;
		if (level < LEVELS && s->at < s->end && (*s->at == '{' || *s->at == '[')) {
			int ret = scan_members(s, self, level + 1);
			if (ret)
				return ret;
		} else {
			skip_value(s);
		}
		s->places->v[self].value = value;
		s->places->v[self].len = s->at - value;
	}
	s->at++;
	return 0;
}

int config_scan(const char *text, size_t len, struct config_places *places)
{
	struct scanner s = {.at = text, .end = text + len, .line = 1, .places = places};
	*places = (struct config_places){0};
	skip_space(&s);
	return scan_members(&s, -1, 1);
}

void config_places_free(struct config_places *places)
{
	for (unsigned i = 0; i < places->count; i++)
		free(places->v[i].key);
	free(places->v);
	*places = (struct config_places){0};
}
