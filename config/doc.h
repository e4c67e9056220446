// SPDX-License-Identifier: BSD-3-Clause
// The table for people: help text of the command line, sample file, manual page.
#pragma once

#include "config/schema.h"

void config_doc_text(FILE *out);   // what --help lists
void config_doc_sample(FILE *out); // a file that parses without mistakes and changes nothing
void config_doc_man(FILE *out);    // rootline.conf(5) in mdoc
// A small file with a cluster, as the manual shows it.
extern const char config_doc_cluster[];
// The default as people read it: "9993", "none", "STATE/planet".
const char *config_doc_preset(const struct config_row *row);
// Text in lines of about 76 columns, each after `indent`. roff: dashes and backslashes are escaped.
void config_doc_wrap(FILE *out, const char *indent, const char *text, bool roff);
