// SPDX-License-Identifier: BSD-3-Clause
// A small population of valid nodes in a temporary file, and the secret of its root.
#pragma once

#include "bench/gun/population_make.h"
#include "tests/lib/identities.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { GUN_NODES = 70, GUN_ROOT = 2000 };

struct gun_fixture {
	char dir[64], path[96];
	struct test_identity *id; // the nodes', in order, from IDENTITIES_FILE
	struct test_identity root;
	struct population p;
};

static void gun_make_plan(const struct gun_fixture *g, struct population_plan *plan)
{
	*plan = (struct population_plan){
		.kind = POPULATION_VALID,
		.nodes = GUN_NODES,
		.threads = 1,
		.seed = 7,
		.root = g->root.id,
		.from = IDENTITIES_FILE,
	};
	assert_int_equal(sources_init(&plan->sources, "10.0.0.0/8", 20000), 0);
}

static struct gun_fixture *gun_setup_files(void)
{
	struct gun_fixture *g = calloc(1, sizeof(*g));
	struct test_identity *root;

	snprintf(g->dir, sizeof(g->dir), "/tmp/test_gun.XXXXXX");
	assert_non_null(mkdtemp(g->dir));
	snprintf(g->path, sizeof(g->path), "%s/nodes.pop", g->dir);
	assert_int_equal(identities_load(IDENTITIES_FILE, 0, GUN_NODES, &g->id), GUN_NODES);
	assert_int_equal(identities_load(IDENTITIES_FILE, GUN_ROOT, 1, &root), 1);
	g->root = *root;
	free(root);
	return g;
}

// The same with the population made, opened and indexed.
__attribute__((unused)) static struct gun_fixture *gun_setup(void)
{
	struct gun_fixture *g = gun_setup_files();
	struct population_plan plan;
	struct say_why why = {""};

	gun_make_plan(g, &plan);
	assert_int_equal(population_make(&plan, g->path, &why), GUN_NODES);
	assert_int_equal(population_open(&g->p, g->path, &why), 0);
	assert_int_equal(population_index(&g->p, &why), 0);
	return g;
}

static void gun_teardown(struct gun_fixture *g)
{
	population_close(&g->p);
	unlink(g->path);
	assert_int_equal(rmdir(g->dir), 0); // nothing else was left behind
	free(g->id);
	free(g);
}
