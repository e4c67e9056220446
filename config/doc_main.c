// SPDX-License-Identifier: BSD-3-Clause
// rootline-config-doc sample|cluster|man|text: prints what the build makes from the table of
// options.
#include "config/doc.h"

#include <string.h>

static void print_cluster(FILE *out)
{
	fputs(config_doc_cluster, out);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*print)(FILE *out);
	} docs[] = {
		{"sample", config_doc_sample},
		{"man", config_doc_man},
		{"text", config_doc_text},
		{"cluster", print_cluster},
	};
	for (unsigned i = 0; argc == 2 && i < sizeof(docs) / sizeof(*docs); i++) {
		if (strcmp(argv[1], docs[i].name))
			continue;
		docs[i].print(stdout);
		return fflush(stdout) || ferror(stdout) ? 1 : 0;
	}
	fputs("usage: rootline-config-doc sample|cluster|man|text\n", stderr);
	return 2;
}
