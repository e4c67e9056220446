// SPDX-License-Identifier: BSD-3-Clause
// What SIGHUP takes out of a changed config: the members of the cluster. All else is of the start.
#pragma once

struct app;

// Control. Reads the config anew, with the command line of the start. One with mistakes changes
// nothing; they are logged. Without a cluster in force nothing is read.
void reload_members(struct app *a);
