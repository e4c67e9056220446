// SPDX-License-Identifier: BSD-3-Clause
// What was measured, one JSON object a line on stdout; bench/report.py makes the table of them.
#pragma once

// limit: 0 if there is none.
void figure(const char *name, const char *title, double value, const char *unit, double limit);
// Median; sorts v.
double figure_median(double *v, unsigned n);
