// SPDX-License-Identifier: BSD-3-Clause
// rootline.conf(5), in mdoc, from the table.
#include "config/doc.h"

#include <string.h>

static const char head[] =
	".\\\" SPDX-License-Identifier: BSD-3-Clause\n"
	".\\\" Made from the table of options (config/schema.c); do not edit.\n"
	".Dd November 21, 2026\n"
	".Dt ROOTLINE.CONF 5\n"
	".Os\n"
	".Sh NAME\n"
	".Nm rootline.conf\n"
	".Nd options of the rootline root server\n"
	".Sh DESCRIPTION\n"
	"The file is one JSON object.\n"
	"Every option has a name there and one on the command line of\n"
	".Ic rootline ,\n"
	"which beats the file.\n"
	"What is left out has its default.\n"
	"Lists are given on the command line by repeating the option;\n"
	"numbers may also be joined by commas.\n"
	"Unknown names, values of the wrong type and values out of range are mistakes:\n"
	".Bd -literal -offset indent\n"
	"rootline --check-config FILE\n"
	".Ed\n"
	".Pp\n"
	"names all of them with their lines, and starts nothing.\n"
	".Pp\n"
	"STATE stands for the value of\n"
	".Cm state_dir .\n"
	".Sh OPTIONS\n";

static const char cluster[] =
	"Several machines that answer as one root, each client at the nearest of them.\n"
	"Without this object a root is alone.\n"
	"With it all of these are needed but for those that have a default, and none\n"
	"can be given on the command line.\n"
	".Pp\n"
	"Planets are made of it, too\n"
	".Pq Xr mkworld 1 .\n"
	"Roots of other identities, with or without a cluster, are\n"
	".Cm siblings :\n"
	"see\n"
	".Xr rootline-cluster 7 .\n";

static const char status[] = ".Sh EXIT STATUS\n"
			     ".Ic rootline --check-config\n"
			     "ends with 0 if the file has no mistake and with 2 if it has.\n";

// One of an object in a list: it has no default and no place on the command line.
static void object_row_man(FILE *out, const struct config_row *row)
{
	char takes[128], line[512];
	config_describe(row, takes, sizeof(takes));
	fprintf(out, ".It Cm %s\n", row->key);
	snprintf(line, sizeof(line), "%s; %s%s", row->help, takes,
		 row->required ? "." : "; may be left out.");
	config_doc_wrap(out, "", line, true);
}

static void objects_man(FILE *out, const struct config_row *row)
{
	fputs("Each has these keys:\n.Bl -tag -width Ds\n", out);
	for (unsigned i = 0; i < row->row_count; i++)
		object_row_man(out, &row->rows[i]);
	fputs(".El\n", out);
}

static void row_man(FILE *out, const struct config_row *row)
{
	char flag[CONFIG_FLAG_MAX], takes[128], line[256];
	config_describe(row, takes, sizeof(takes));
	*takes -= 'a' <= *takes && *takes <= 'z' ? 'a' - 'A' : 0;
	if (row->file_only)
		fprintf(out, ".It Cm %s\n", row->key);
	else
		fprintf(out, ".It Cm %s , Fl -%s\n", row->key, config_flag(row, flag));
	config_doc_wrap(out, "", row->help, true);
	snprintf(line, sizeof(line), "%s%s%s; default %s.", takes, row->unit ? ", " : "",
		 row->unit ? row->unit : "", config_doc_preset(row));
	config_doc_wrap(out, "", line, true);
	if (row->type == CONFIG_OBJECTS)
		objects_man(out, row);
}

static void group_man(FILE *out, const char *group)
{
	fprintf(out, ".El\n.Ss The object \\(dq%s\\(dq\n", group);
	if (!strcmp(group, "cluster"))
		fputs(cluster, out);
	fputs(".Bl -tag -width Ds\n", out);
}

void config_doc_man(FILE *out)
{
	const char *group = NULL;
	fputs(head, out);
	fputs(".Bl -tag -width Ds\n", out);
	for (unsigned i = 0; i < config_row_count; i++) {
		const struct config_row *row = &config_rows[i];
		if (row->group && (!group || strcmp(group, row->group)))
			group_man(out, row->group);
		group = row->group;
		row_man(out, row);
	}
	fputs(".El\n", out);
	fputs(status, out);
	fputs(".Sh EXAMPLES\nEvery option with its default:\n", out);
	fputs(".Bd -literal -offset indent\n", out);
	config_doc_sample(out);
	fputs(".Ed\n.Pp\nA member of a cluster of two:\n.Bd -literal -offset indent\n", out);
	fputs(config_doc_cluster, out);
	fputs(".Ed\n", out);
}
