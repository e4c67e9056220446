// SPDX-License-Identifier: BSD-3-Clause
#include "bench/micro/figures.h"

#include <stdio.h>
#include <stdlib.h>

void figure(const char *name, const char *title, double value, const char *unit, double limit)
{
	printf("{\"name\": \"%s\", \"title\": \"%s\", \"value\": %.6g, \"unit\": \"%s\", ", name,
	       title, value, unit);
	if (limit > 0)
		printf("\"limit\": %.6g}\n", limit);
	else
		printf("\"limit\": null}\n");
	fflush(stdout);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double figure_median(double *v, unsigned n)
{
	qsort(v, n, sizeof(*v), by_value);
	return n == 0 ? 0 : n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}
