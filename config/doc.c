// SPDX-License-Identifier: BSD-3-Clause
#include "config/doc.h"

#include <string.h>

const char *config_doc_preset(const struct config_row *row)
{
	return *row->preset ? row->preset : "none";
}

static void put_word(FILE *out, const char *word, size_t len, bool roff)
{
	for (size_t i = 0; i < len; i++) {
		if (roff && word[i] == '\\')
			fputs("\\e", out);
		else
			fprintf(out, roff && word[i] == '-' ? "\\%c" : "%c", word[i]);
	}
}

void config_doc_wrap(FILE *out, const char *indent, const char *text, bool roff)
{
	size_t column = 0;
	for (;;) {
		text += strspn(text, " ");
		size_t len = strcspn(text, " ");
		if (!len)
			break;
		if (column && column + 1 + len > 76) {
			fputc('\n', out);
			column = 0;
		}
		// A dot or quote in the first place would be a request to roff.
		if (!column)
			fprintf(out, "%s%s", indent, roff && strchr(".'", *text) ? "\\&" : "");
		else
			fputc(' ', out);
		column += (column ? 1 : strlen(indent)) + len;
		put_word(out, text, len, roff);
		text += len;
	}
	if (column)
		fputc('\n', out);
}

static const char usage[] = "rootline: a root server and relay for ZeroTier networks\n"
			    "\n"
			    "usage: rootline --port PORT [OPTION]...\n"
			    "       rootline --config FILE [OPTION]...\n"
			    "       rootline --check-config FILE\n"
			    "       rootline --help | --version\n"
			    "\n"
			    "Options on the command line beat those of the file. Those marked + "
			    "may be given several times.\n"
			    "STATE is the directory of --state. More: rootline.conf(5).\n"
			    "\n";

void config_doc_text(FILE *out)
{
	char flag[CONFIG_FLAG_MAX], takes[128], line[256];
	const char *group = NULL;
	fputs(usage, out);
	for (unsigned i = 0; i < config_row_count; i++) {
		const struct config_row *row = &config_rows[i];
		if (row->file_only)
			continue;
		if (row->group && (!group || strcmp(group, row->group)))
			fprintf(out, "\n%s:\n", row->group);
		group = row->group;
		config_describe(row, takes, sizeof(takes));
		fprintf(out, "  --%s%s\n", config_flag(row, flag), config_is_list(row) ? " +" : "");
		config_doc_wrap(out, "        ", row->help, false);
		snprintf(line, sizeof(line), "%s%s%s; default %s", takes, row->unit ? ", " : "",
			 row->unit ? row->unit : "", config_doc_preset(row));
		config_doc_wrap(out, "        ", line, false);
	}
	fputs("\nOnly in the file: the sections cluster and siblings.\n", out);
}

// JSON's own quoting; the table holds nothing beyond what needs a backslash.
static void quoted(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++)
		fprintf(out, strchr("\"\\", *text) ? "\\%c" : "%c", *text);
	fputc('"', out);
}

static void sample_value(FILE *out, const struct config_row *row)
{
	const char *text = row->example ? row->example : row->preset;
	char path[CONFIG_PATH_MAX];
	switch (row->type) {
	case CONFIG_INT:
		fputs(text, out);
		break;
	case CONFIG_INTS:
		fprintf(out, "[%s]", text);
		break;
	case CONFIG_STRINGS:
		fputc('[', out);
		if (*text)
			quoted(out, text);
		fputc(']', out);
		break;
	case CONFIG_ENUM:
	case CONFIG_PATH:
	case CONFIG_TEXT:
	case CONFIG_OBJECTS:
		if (!strncmp(text, "STATE/", 6)) {
			snprintf(path, sizeof(path), "%s/%s",
				 config_row_by_key(NULL, "state_dir")->preset, text + 6);
			text = path;
		}
		quoted(out, text);
		break;
	}
}

// The first row from `row` on that stands in the sample, or NULL.
static const struct config_row *in_sample(const struct config_row *row)
{
	while (row < config_rows + config_row_count && row->file_only)
		row++;
	return row < config_rows + config_row_count ? row : NULL;
}

void config_doc_sample(FILE *out)
{
	const char *group = NULL;
	fputs("{\n", out);
	const struct config_row *row = in_sample(config_rows), *next;
	for (; row; row = next) {
		next = in_sample(row + 1);
		if (row->group && !group) // the one before it was closed
			fprintf(out, "\t\"%s\": {\n", row->group);
		group = row->group;
		fprintf(out, "%s\"%s\": ", group ? "\t\t" : "\t", row->key);
		sample_value(out, row);
		bool last = !next || (group && (!next->group || strcmp(group, next->group)));
		fputs(last ? "\n" : ",\n", out);
		if (group && last) {
			fputs(next ? "\t},\n" : "\t}\n", out);
			group = NULL;
		}
	}
	fputs("}\n", out);
}

const char config_doc_cluster[] =
	"{\n"
	"\t\"ports\": [\"af_packet:eth0\"],\n"
	"\t\"geoip\": {\"files\": [\"/usr/share/GeoIP/GeoLite2-City.mmdb\"]},\n"
	"\t\"cluster\": {\n"
	"\t\t\"name\": \"alice\",\n"
	"\t\t\"cluster_id\": \"5d1f0c8a3be94726\",\n"
	"\t\t\"member\": \"amsterdam\",\n"
	"\t\t\"members\": [\n"
	"\t\t\t{\"id\": 1, \"name\": \"amsterdam\", \"coordinates\": \"52.37,4.90\",\n"
	"\t\t\t \"front_ipv4\": \"192.0.2.1/9993\", \"front_ipv6\": \"2001:db8:1::1/9993\",\n"
	"\t\t\t \"public_key\": "
	"\"8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c\"},\n"
	"\t\t\t{\"id\": 2, \"name\": \"singapore\", \"coordinates\": \"1.35,103.82\",\n"
	"\t\t\t \"front_ipv4\": \"198.51.100.1/9993\", \"capacity\": 500000,\n"
	"\t\t\t \"public_key\": "
	"\"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a\"}\n"
	"\t\t],\n"
	"\t\t\"key_file\": \"/etc/rootline/cluster.key\",\n"
	"\t\t\"member_key_file\": \"/etc/rootline/sign.key\",\n"
	"\t\t\"nats_servers\": [\"tls://127.0.0.1:4222\", \"tls://198.51.100.1:4222\"],\n"
	"\t\t\"nats_ca\": \"/etc/rootline/ca.crt\",\n"
	"\t\t\"nats_cert\": \"/etc/rootline/member.crt\",\n"
	"\t\t\"nats_key\": \"/etc/rootline/member.key\"\n"
	"\t}\n"
	"}\n";
