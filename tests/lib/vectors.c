// SPDX-License-Identifier: BSD-3-Clause
#include "tests/lib/vectors.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct vector {
	char *name; // start of the line's copy; value points into it
	char *value;
	bool used;
};

struct vectors {
	struct vector *row;
	unsigned count;
	void **lent; // buffers handed out
	unsigned lent_count;
};

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static void *grown(void *array, size_t count, size_t size)
{
	void *p = realloc(array, (count + 1) * size);

	if (!p)
		die("vectors: out of memory");
	return p;
}

static void add_line(struct vectors *v, const char *line)
{
	const char *sign = strstr(line, " =");
	struct vector *row;

	if (!sign)
		die("vectors: no \"name = value\": %s", line);
	v->row = grown(v->row, v->count, sizeof(*v->row));
	row = &v->row[v->count++];
	row->used = false;
	row->name = strdup(line);
	if (!row->name)
		die("vectors: out of memory");
	row->name[sign - line] = 0;
	row->value = row->name + (sign - line) + 2;
	row->value += strspn(row->value, " ");
	for (unsigned i = 0; i + 1 < v->count; i++) {
		if (!strcmp(v->row[i].name, row->name))
			die("vectors: two of the name %s", row->name);
	}
}

struct vectors *vectors_load(const char *path)
{
	struct vectors *v = calloc(1, sizeof(*v));
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	bool in_block = false;

	if (!v || !f)
		die("vectors: %s: %s", path, strerror(errno));
	while ((len = getline(&line, &room, f)) >= 0) {
		line[strcspn(line, "\r\n")] = 0;
		if (!strncmp(line, "```", 3))
			in_block = !in_block;
		else if (in_block && line[0])
			add_line(v, line);
	}
	free(line);
	fclose(f);
	if (in_block || !v->count)
		die("vectors: %s: no vectors, or a code block without end", path);
	return v;
}

void vectors_free(struct vectors *v)
{
	for (unsigned i = 0; i < v->lent_count; i++)
		free(v->lent[i]);
	for (unsigned i = 0; i < v->count; i++)
		free(v->row[i].name);
	free(v->lent);
	free(v->row);
	free(v);
}

const char *vectors_text(struct vectors *v, const char *name)
{
	for (unsigned i = 0; i < v->count; i++) {
		if (strcmp(v->row[i].name, name))
			continue;
		v->row[i].used = true;
		return v->row[i].value;
	}
	die("vectors: there is no vector %s", name);
}

uint8_t *vectors_hex(struct vectors *v, const char *name, size_t *len)
{
	const char *text = vectors_text(v, name);
	size_t room = strlen(text) / 2;
	uint8_t *bytes = malloc(room ? room : 1);

	if (!bytes)
		die("vectors: out of memory");
	v->lent = grown(v->lent, v->lent_count, sizeof(*v->lent));
	v->lent[v->lent_count++] = bytes;
	*len = hex_decode(bytes, room, text);
	if (*len == SIZE_MAX)
		die("vectors: %s is not hex", name);
	return bytes;
}

uint8_t *vectors_bytes(struct vectors *v, const char *name, size_t want)
{
	size_t len;
	uint8_t *bytes = vectors_hex(v, name, &len);

	if (len != want)
		die("vectors: %s has %zu bytes, not %zu", name, len, want);
	return bytes;
}

uint64_t vectors_dec(struct vectors *v, const char *name)
{
	const char *text = vectors_text(v, name);
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (end == text || *end)
		die("vectors: %s is not a decimal number", name);
	return n;
}

void vectors_skip(struct vectors *v, const char *name, const char *why)
{
	vectors_text(v, name);
	printf("vectors: %s not checked: %s\n", name, why);
}

unsigned vectors_count(const struct vectors *v)
{
	return v->count;
}

unsigned vectors_unused(const struct vectors *v, FILE *report)
{
	unsigned unused = 0;

	for (unsigned i = 0; i < v->count; i++) {
		if (v->row[i].used)
			continue;
		fprintf(report, "vectors: %s is never used\n", v->row[i].name);
		unused++;
	}
	return unused;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

size_t hex_decode(uint8_t *out, size_t room, const char *hex)
{
	size_t n = 0;

	for (; hex[0]; hex += 2) {
		int high = digit(hex[0]);
		int low = high < 0 ? -1 : digit(hex[1]);

		if (low < 0 || n == room)
			return SIZE_MAX;
		out[n++] = (uint8_t)(high << 4 | low);
	}
	return n;
}
