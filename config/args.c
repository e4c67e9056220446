// SPDX-License-Identifier: BSD-3-Clause
// Defaults and the command line.
#include "config/doc.h"
#include "config/value.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

void config_defaults(struct config *c)
{
	char why[CONFIG_WHY_MAX];
	memset(c, 0, sizeof(*c));
	for (unsigned i = 0; i < config_row_count; i++) {
		const struct config_row *row = &config_rows[i];
		// Paths below state_dir wait for config_finish().
		if (*row->preset && strncmp(row->preset, "STATE/", 6))
			config_put_any(c, row, row->preset, why);
	}
}

const char *config_hugepages_name(uint32_t v)
{
	return config_row_by_key(NULL, "hugepages")->names[v];
}

const char *config_log_name(uint32_t v)
{
	return config_row_by_key(NULL, "log_level")->names[v];
}

__attribute__((format(printf, 3, 4))) static void
complain(struct config_report *r, const char *flag, const char *format, ...)
{
	char name[2 * CONFIG_NAME_MAX], what[2 * CONFIG_WHY_MAX];
	va_list ap;
	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	snprintf(name, sizeof(name), "--%.60s", flag);
	config_mistake(r, 0, name, "%s", what);
}

static const struct config_row *find(struct config_report *r, const char *flag)
{
	char near[CONFIG_NAME_MAX];
	const struct config_row *row = config_row_by_flag(flag);
	if (row)
		return row;
	if (config_nearest(flag, true, near))
		complain(r, flag, "no such option; the nearest is --%s", near);
	else
		complain(r, flag, "no such option; --help lists them");
	return NULL;
}

static int set_row(struct config_report *r, struct config *c, const struct config_row *row,
		   const char *flag, const char *text)
{
	uint64_t bit = UINT64_C(1) << (row - config_rows);
	struct config next = *c;
	char why[CONFIG_WHY_MAX];
	if (config_is_list(row) && !(c->set_by_args & bit))
		config_list_clear(&next, row);
	if (!config_put_any(&next, row, text, why)) {
		complain(r, flag, "%s", why);
		return -EINVAL;
	}
	*c = next;
	c->set_by_args |= bit;
	return 0;
}

int config_set(struct config *c, const char *flag, const char *text, FILE *err)
{
	struct config_report r = {.err = err};
	const struct config_row *row = find(&r, flag);
	return row ? set_row(&r, c, row, flag, text) : -ENOENT;
}

// One word of the command line, taken apart.
struct arg {
	char flag[CONFIG_NAME_MAX]; // without dashes; empty: not an option
	const char *value;          // NULL: none
};

// Reads argv[*i] and its value, moves *i to the last word used.
static struct arg next_arg(int argc, char *const argv[], int *i)
{
	struct arg a = {.flag = ""};
	const char *word = argv[*i];
	if (!strcmp(word, "-h"))
		word = "--help";
	if (!strcmp(word, "-V"))
		word = "--version";
	if (strncmp(word, "--", 2) || !word[2])
		return a;
	size_t n = strcspn(word + 2, "=");
	snprintf(a.flag, sizeof(a.flag), "%.*s", (int)n, word + 2);
	if (!strcmp(a.flag, "help") || !strcmp(a.flag, "version"))
		return a;
	if (word[2 + n])
		a.value = word + 2 + n + 1;
	else if (*i + 1 < argc && strncmp(argv[*i + 1], "--", 2))
		a.value = argv[++*i];
	return a;
}

static bool is(const struct arg *a, const char *flag)
{
	return !strcmp(a->flag, flag);
}

static void set_arg(struct config_report *r, struct config *c, const struct arg *a,
		    const char *word)
{
	char takes[CONFIG_WHY_MAX];
	if (!*a->flag) {
		config_mistake(r, 0, NULL, "\"%.60s\" is not an option; --help lists them", word);
		return;
	}
	if (is(a, "config") || is(a, "check-config")) {
		if (!a->value || !*a->value)
			complain(r, a->flag, "needs a value: the file");
		return;
	}
	const struct config_row *row = find(r, a->flag);
	if (!row)
		return;
	if (!a->value) {
		config_describe(row, takes, sizeof(takes));
		complain(r, a->flag, "needs a value: %s", takes);
		return;
	}
	set_row(r, c, row, a->flag, a->value);
}

static unsigned check_keys(const struct config *c, FILE *err)
{
	const struct config_cluster *k = &c->cluster;
	uint8_t key[CONFIG_KEY_BYTES], secret[CONFIG_SECRET_BYTES];
	unsigned mistakes = !config_cluster_key(k->key_file, key, err);
	mistakes += !config_member_key(k->member_key_file, config_self(c), secret, err);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(secret, sizeof(secret));
	return mistakes;
}

enum config_action config_args(struct config *c, int argc, char *const argv[], FILE *out, FILE *err)
{
	struct config_report r = {.err = err};
	const char *file = NULL;
	bool check = false;
	config_defaults(c);
	for (int i = 1; i < argc; i++) {
		struct arg a = next_arg(argc, argv, &i);
		if (is(&a, "help"))
			return config_doc_text(out), CONFIG_DONE;
		if (is(&a, "version"))
			return fprintf(out, "rootline %s\n", ROOTLINE_VERSION), CONFIG_DONE;
		if (!is(&a, "config") && !is(&a, "check-config"))
			continue;
		if (file)
			complain(&r, a.flag, "one file only: %.200s is given already", file);
		file = a.value;
		check |= is(&a, "check-config");
	}
	if (file && *file)
		r.count += config_load(c, file, err);
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		struct arg a = next_arg(argc, argv, &i);
		set_arg(&r, c, &a, word);
	}
	// What follows from a mistake would only hide it.
	if (!r.count)
		r.count = config_finish(c, file, err);
	if (!r.count && c->cluster.given)
		r.count = check_keys(c, err);
	if (r.count)
		return CONFIG_BAD;
	if (!check)
		return CONFIG_RUN;
	fprintf(out, "%s: no mistakes\n", file);
	return CONFIG_DONE;
}
