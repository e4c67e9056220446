// SPDX-License-Identifier: BSD-3-Clause
#include "root/tools/world_file.h"
#include "root/tools/carray.h"
#include "root/tools/joinzt.h"
#include "root/tools/qr.h"
#include "root/tools/world_json.h"

#include <sodium.h>

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *const world_format_name[WORLD_FORMAT_COUNT] = {
	[WORLD_FORMAT_BINARY] = "binary", [WORLD_FORMAT_BASE64] = "base64",
	[WORLD_FORMAT_URL] = "url",       [WORLD_FORMAT_QR] = "qr",
	[WORLD_FORMAT_C] = "c",           [WORLD_FORMAT_JSON] = "json",
	[WORLD_FORMAT_HEX] = "hex",
};

static int bytes_to_world(struct rl_world *w, const uint8_t *data, size_t len, const char *form,
			  struct say_why *why)
{
	if (rl_world_parse(w, data, len) == 0)
		return 0;
	return say_why(
		why,
		"%s of %zu bytes is no planet or moon: cut short, longer than it says, or over "
		"a limit (%d roots, %d endpoints each)",
		form, len, ZT_WORLD_ROOTS_MAX, ZT_WORLD_ENDPOINTS_MAX);
}

static int decode_json(struct rl_world *w, const char *text, size_t len, struct say_why *why)
{
	struct world_plan *plan = malloc(sizeof(*plan));
	int ret;

	if (!plan)
		return -ENOMEM;
	ret = world_plan_parse(plan, text, len, NULL, NULL, why);
	if (ret == 0 && !plan->has_signature) {
		say_why(why, "this is a configuration, not a finished world: use `mkworld build`");
		ret = -ENODATA;
	} else if (ret == 0 && !(plan->has_id && plan->has_timestamp && plan->has_next_key)) {
		ret = say_why(
			why, "a signed world needs id, timestamp and nextKey beside its signature");
	}
	if (ret == 0)
		*w = plan->world;
	world_plan_clear(plan);
	free(plan);
	return ret;
}

static int decode_url(struct rl_world *w, const char *text, size_t len, struct say_why *why)
{
	uint8_t data[ZT_WORLD_MAX];
	size_t n = 0;
	int ret = joinzt_parse_url(text, len, data, &n);

	if (ret == -EPROTO)
		return say_why(why, "the link is not of version 1 (v=1)");
	if (ret < 0)
		return say_why(
			why,
			"the link carries no whole planet: was it cut off when it was copied?");
	return bytes_to_world(w, data, n, "a link with a planet", why);
}

static bool is_text(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] >= 0x7f || (data[i] < ' ' && !isspace(data[i])))
			return false;
	return len > 0;
}

static bool starts(const char *text, size_t len, const char *with)
{
	while (len && isspace((unsigned char)*text)) {
		text++;
		len--;
	}
	return len >= strlen(with) && strncasecmp(text, with, strlen(with)) == 0;
}

static int decode_plain(struct rl_world *w, enum world_format *format, const char *text, size_t len,
			struct say_why *why)
{
	uint8_t data[ZT_WORLD_MAX];
	const char *end = text;
	size_t n = 0;

	*format = WORLD_FORMAT_HEX;
	if (sodium_hex2bin(data, sizeof(data), text, len, " \t\r\n", &n, &end) == 0 &&
	    end == text + len && rl_world_parse(w, data, n) == 0)
		return 0;
	*format = WORLD_FORMAT_BASE64;
	if (joinzt_parse_base64(text, len, data, &n) < 0)
		return say_why(why,
			       "this is no form of a planet or moon that is known here: binary, "
			       "base64, hex, joinzt link, QR code of blocks, C array or JSON");
	return bytes_to_world(w, data, n, "base64", why);
}

static int decode_text(struct rl_world *w, enum world_format *format, const char *text, size_t len,
		       struct say_why *why)
{
	uint8_t data[ZT_WORLD_MAX];
	size_t n = 0;
	int ret;

	if (starts(text, len, "http")) {
		*format = WORLD_FORMAT_URL;
		return decode_url(w, text, len, why);
	}
	ret = carray_parse(text, len, data, &n);
	if (ret != -ENOENT) {
		*format = WORLD_FORMAT_C;
		if (ret < 0)
			return say_why(why, "the C array is cut short, or holds what is no byte");
		return bytes_to_world(w, data, n, "a C array", why);
	}
	if (starts(text, len, "{")) {
		*format = WORLD_FORMAT_JSON;
		return decode_json(w, text, len, why);
	}
	return decode_plain(w, format, text, len, why);
}

// -ENOENT if there is no code in it. A code carries a link.
static int decode_qr(struct rl_world *w, const char *text, size_t len, struct say_why *why)
{
	char link[QR_TEXT_MAX];
	int ret = qr_read(text, len, link);

	if (ret == -ENOENT)
		return ret;
	if (ret < 0)
		return say_why(why, "the QR code is damaged or not whole");
	return decode_url(w, link, strlen(link), why);
}

int world_decode(struct rl_world *w, enum world_format *format, const void *data, size_t len,
		 struct say_why *why)
{
	int ret;

	*format = WORLD_FORMAT_BINARY;
	if (len == 0)
		return say_why(why, "empty");
	if (is_text(data, len))
		return decode_text(w, format, data, len, why);
	ret = decode_qr(w, data, len, why);
	if (ret != -ENOENT) {
		*format = WORLD_FORMAT_QR;
		return ret;
	}
	return bytes_to_world(w, data, len, "a file", why);
}

int world_read(struct rl_world *w, enum world_format *format, const char *source,
	       struct say_why *why)
{
	char *text = NULL;
	size_t len = 0;
	int ret = file_read_text(source, &text, &len);

	// A name too long for a file may be a world itself; a file that is missing may be, too.
	if ((ret == -ENOENT || ret == -ENAMETOOLONG) && strlen(source) > 100)
		return world_decode(w, format, source, strlen(source), why);
	if (ret < 0) {
		say_why(why, "%.200s: %s", source, strerror(-ret));
		return ret;
	}
	ret = world_decode(w, format, text, len, why);
	if (ret < 0)
		say_where(why, "%.200s", strcmp(source, "-") == 0 ? "standard input" : source);
	free(text);
	return ret;
}

static int encode_json(FILE *out, const struct rl_world *w)
{
	json_t *json = world_json(w, true, NULL);
	int ret = json ? json_dumpf(json, out, JSON_INDENT(2)) : -1;

	json_decref(json);
	fputc('\n', out);
	return ret < 0 ? -ENOMEM : 0;
}

int world_encode(FILE *out, const struct rl_world *w, enum world_format format, struct say_why *why)
{
	uint8_t data[ZT_WORLD_MAX];
	char base64[JOINZT_BASE64_MAX], url[JOINZT_URL_MAX], hex[2 * ZT_WORLD_MAX + 1];
	size_t len = rl_world_write(w, data);

	if (len == 0)
		return say_why(why, "the world is over a limit");
	switch (format) {
	case WORLD_FORMAT_BINARY:
		fwrite(data, 1, len, out);
		break;
	case WORLD_FORMAT_BASE64:
		fprintf(out, "%s\n", joinzt_base64(base64, data, len));
		break;
	case WORLD_FORMAT_URL:
		fprintf(out, "%s\n", joinzt_url(url, data, len));
		break;
	case WORLD_FORMAT_QR:
		if (qr_print(out, joinzt_url(url, data, len)) < 0)
			return say_why(why,
				       "the world is too large for a QR code: use --format url");
		break;
	case WORLD_FORMAT_C:
		carray_print(out, data, len);
		break;
	case WORLD_FORMAT_JSON:
		return encode_json(out, w);
	case WORLD_FORMAT_HEX:
		fprintf(out, "%s\n", sodium_bin2hex(hex, sizeof(hex), data, len));
		break;
	case WORLD_FORMAT_COUNT:
		return -EINVAL;
	}
	return 0;
}

const char *world_date(uint64_t timestamp_ms, char text[static 40])
{
	time_t t = (time_t)(timestamp_ms / 1000);
	struct tm tm;

	if (timestamp_ms / 1000 > INT64_MAX / 2 || !gmtime_r(&t, &tm) ||
	    !strftime(text, 40, "%Y-%m-%d %H:%M:%S UTC", &tm))
		strcpy(text, "no date");
	return text;
}

void world_default_name(const struct rl_world *w, char name[static FILE_PATH_MAX])
{
	if (w->type == ZT_WORLD_MOON)
		snprintf(name, FILE_PATH_MAX, "%016" PRIx64 ".moon", w->id);
	else
		strcpy(name, "planet");
}

static void report(FILE *out, const struct rl_world *w, const char *path, size_t len,
		   const char *backup)
{
	char date[40];
	unsigned endpoints = 0;

	for (unsigned i = 0; i < w->root_count; i++)
		endpoints += w->root[i].endpoint_count;
	fprintf(out,
		"%s: %s %" PRIu64 " (0x%" PRIx64 "), revision %" PRIu64
		" (%s), roots %u, endpoints %u, "
		"%zu bytes\n",
		path, w->type == ZT_WORLD_MOON ? "moon" : "planet", w->id, w->id, w->timestamp,
		world_date(w->timestamp, date), w->root_count, endpoints, len);
	if (backup)
		fprintf(out, "%s: the revision before\n", backup);
}

int world_store(const struct rl_world *w, const char *path, struct say_why *why)
{
	uint8_t data[ZT_WORLD_MAX], held[ZT_WORLD_MAX];
	char backup[FILE_PATH_MAX], tag[24];
	size_t len = rl_world_write(w, data), held_len = 0;
	struct rl_world old;
	int ret;

	if (len == 0)
		return say_why(why, "the world is over a limit");
	if (strcmp(path, "-") == 0) {
		report(stderr, w, "standard output", len, NULL);
		return fwrite(data, 1, len, stdout) == len && fflush(stdout) == 0 ? 0 : -EIO;
	}
	if (!file_exists(path)) {
		ret = file_replace(path, data, len, 0644);
		if (ret == 0)
			report(stdout, w, path, len, NULL);
		else
			say_why(why, "%s: %s", path, strerror(-ret));
		return ret;
	}
	ret = file_read(path, held, sizeof(held), &held_len);
	if (ret < 0 || rl_world_parse(&old, held, held_len) < 0)
		return say_why(
			why,
			"%s exists and is no planet or moon: it is left alone; give another -o",
			path);
	if (held_len == len && memcmp(held, data, len) == 0) {
		report(stdout, w, path, len, NULL);
		return 0;
	}
	snprintf(tag, sizeof(tag), "%" PRIu64, old.timestamp);
	ret = file_backup(path, tag, backup);
	if (ret == 0)
		ret = file_replace(path, data, len, 0644);
	if (ret < 0)
		say_why(why, "%s: %s", path, strerror(-ret));
	else
		report(stdout, w, path, len, backup);
	return ret;
}
