// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/classes.h"

static const struct {
	const char *text;
	bool answered;
} row[] = {
#define X(id, name, answered) {name, answered},
	CLASSES(X)
#undef X
};

const char *class_text(enum shot_class c)
{
	return row[c].text;
}

bool class_answered(enum shot_class c)
{
	return row[c].answered;
}
