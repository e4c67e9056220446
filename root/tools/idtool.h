// SPDX-License-Identifier: BSD-3-Clause
// Between the files of rootline-idtool. Arguments, output and exit codes are those of the tool that
// comes with ZeroTier One, so that scripts need not change.
#pragma once

#include "root/identity.h"

#include <stdbool.h>

// From the text on the command line, or from a file. secret may be NULL; *has_secret (or NULL)
// tells whether the text holds one. False if there is no identity in it.
bool idtool_identity(const char *arg, struct rl_identity *id, struct rl_secret *secret,
		     bool *has_secret);

// The same, with a message on stderr.
bool idtool_identity_or_complain(const char *arg, struct rl_identity *id, struct rl_secret *secret,
				 bool *has_secret);

// Verbs return the exit code. argv[0] is the first argument behind the verb.
int idtool_sign(int argc, char **argv);
int idtool_verify(int argc, char **argv);
int idtool_initmoon(int argc, char **argv);
int idtool_genmoon(int argc, char **argv);
