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

// The value starts `skip` bytes behind the end of the name.
static void add_row(struct vectors *v, const char *line, const char *name_end, size_t skip)
{
	struct vector *row;

	if (!name_end)
		die("vectors: no name and value: %s", line);
	v->row = grown(v->row, v->count, sizeof(*v->row));
	row = &v->row[v->count++];
	row->used = false;
	row->name = strdup(line);
	if (!row->name)
		die("vectors: out of memory");
	row->value = row->name + (name_end - line) + skip;
	row->value += strspn(row->value, " ");
	row->name[name_end - line] = 0;
	for (unsigned i = 0; i + 1 < v->count; i++) {
		if (!strcmp(v->row[i].name, row->name))
			die("vectors: two of the name %s", row->name);
	}
}

static void add_lines(struct vectors *v, FILE *f, bool only_blocks)
{
	bool in_block = false;
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, f) >= 0) {
		size_t number;

		line[strcspn(line, "\r\n")] = 0;
		number = strspn(line, "0123456789abcdef");
		if (only_blocks && !strncmp(line, "```", 3))
			in_block = !in_block;
		else if (!line[0] || (only_blocks ? !in_block : line[0] == '#'))
			continue;
		else if (only_blocks)
			add_row(v, line, strstr(line, " ="), 2);
		else
			add_row(v, line,
				!strncmp(line + number, ": ", 2) ? line + number
								 : strchr(line, '='),
				1);
	}
	free(line);
	if (in_block)
		die("vectors: a code block without end");
}

static struct vectors *load(const char *path, bool only_blocks)
{
	struct vectors *v = calloc(1, sizeof(*v));
	FILE *f = fopen(path, "r");

	if (!v || !f)
		die("vectors: %s: %s", path, strerror(errno));
	add_lines(v, f, only_blocks);
	fclose(f);
	if (!v->count)
		die("vectors: %s: no vectors", path);
	return v;
}

struct vectors *vectors_load(const char *path)
{
	return load(path, true);
}

struct vectors *vectors_load_lines(const char *path)
{
	return load(path, false);
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

const char *vectors_name(const struct vectors *v, unsigned i)
{
	return i < v->count ? v->row[i].name : "";
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
