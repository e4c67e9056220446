// SPDX-License-Identifier: BSD-3-Clause
// What DPDK is told for each set of options.
#include "dpdk-app/eal.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static cpu_set_t cpus(const int *list, int n)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (int i = 0; i < n; i++)
		CPU_SET(list[i], &set);
	return set;
}

static struct eal_options options(unsigned workers)
{
	static struct config c;
	struct eal_options o;

	config_defaults(&c);
	eal_options_default(&o, &c);
	o.workers = workers;
	o.memory_mb = 100;
	return o;
}

static void join(const struct eal_args *a, char *buf, size_t size)
{
	buf[0] = 0;
	for (int i = 0; i < a->argc; i++) {
		strncat(buf, a->argv[i], size - strlen(buf) - 1);
		if (i + 1 < a->argc)
			strncat(buf, " ", size - strlen(buf) - 1);
	}
	assert_null(a->argv[a->argc]);
}

static void test_args(void **state)
{
	static struct eal_args a;
	const int list[] = {0, 1, 2, 3, 8};
	const cpu_set_t allowed = cpus(list, 5);
	struct eal_options o = options(2);
	const int core[] = {2, 8};
	char text[4096];

	(void)state;
	assert_int_equal(eal_args_make(&a, &o, true, core, &allowed), 0);
	join(&a, text, sizeof(text));
	assert_string_equal(text,
			    "rootline --lcores=0@(0-3,8),1@2,2@8 --main-lcore=0 --in-memory -m "
			    "100 --file-prefix=rootline --no-telemetry "
			    "--log-level=*:notice --no-pci");
	o.vdev[o.vdev_count++] = "net_null0,no-rx=1";
	o.pci[o.pci_count++] = "0000:03:00.0";
	o.telemetry = true;
	o.file_prefix = "x";
	o.debug = true;
	assert_int_equal(eal_args_make(&a, &o, false, core, &allowed), 0);
	join(&a, text, sizeof(text));
	assert_string_equal(text, "rootline --lcores=0@(0-3,8),1@2,2@8 --main-lcore=0 --no-huge "
				  "--no-shconf -m 100 --file-prefix=x --log-level=*:debug "
				  "--allow=0000:03:00.0 --vdev=net_null0,no-rx=1");
}

static void test_args_limits(void **state)
{
	static struct eal_args a;
	cpu_set_t allowed;
	struct eal_options o = options(EAL_WORKERS_MAX);
	int core[EAL_WORKERS_MAX];
	char vdev[2000];

	(void)state;
	// The worst list of CPUs: no two are neighbours.
	CPU_ZERO(&allowed);
	for (int i = 0; i < CPU_SETSIZE; i += 2)
		CPU_SET(i, &allowed);
	for (int i = 0; i < EAL_WORKERS_MAX; i++)
		core[i] = 1000;
	assert_int_equal(eal_args_make(&a, &o, true, core, &allowed), 0);
	assert_non_null(strstr(a.argv[1], ",64@1000"));
	memset(vdev, 'v', sizeof(vdev) - 1);
	vdev[sizeof(vdev) - 1] = 0;
	o = options(1);
	o.vdev[o.vdev_count++] = vdev;
	assert_int_equal(eal_args_make(&a, &o, true, core, &allowed), -E2BIG);
}

static void test_plan(void **state)
{
	static const struct {
		enum config_hugepages want;
		unsigned free_mb;
		int ret;
		bool huge;
	} rows[] = {
		{CONFIG_HUGEPAGES_AUTO, 0, 0, false},      {CONFIG_HUGEPAGES_AUTO, 99, 0, false},
		{CONFIG_HUGEPAGES_AUTO, 100, 0, true},     {CONFIG_HUGEPAGES_NO, 1000, 0, false},
		{CONFIG_HUGEPAGES_YES, 99, -ENOMEM, true}, {CONFIG_HUGEPAGES_YES, 100, 0, true},
	};
	const int list[] = {0, 1};
	const cpu_set_t allowed = cpus(list, 2);
	char why[PORT_WHY_MAX];
	struct eal_result r;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct eal_options o = options(1);

		o.hugepages = rows[i].want;
		assert_int_equal(eal_plan(&o, &allowed, rows[i].free_mb, &r, why), rows[i].ret);
		if (!rows[i].ret)
			assert_int_equal(r.hugepages, rows[i].huge);
		else
			assert_non_null(strstr(why, "vm.nr_hugepages=50"));
	}
}

static void test_cores(void **state)
{
	static const struct {
		int allowed[4];
		int count;
		unsigned workers;
		int given[4];
		int ret;
		int want[4];
	} rows[] = {
		{{0, 1}, 2, 1, {-1}, 0, {1}},
		{{0, 1}, 2, 2, {-1, -1}, 0, {1, 0}},
		{{0, 1}, 2, 3, {-1, -1, -1}, 0, {1, 0, 1}},
		{{5}, 1, 2, {-1, -1}, 0, {5, 5}},
		{{3, 5, 7}, 3, 3, {-1, -1, -1}, 0, {5, 7, 3}},
		{{0, 1, 2}, 3, 2, {2, 0}, 0, {2, 0}},
		{{0, 1}, 2, 1, {2}, -EINVAL, {0}},
		{{0, 1}, 2, 1, {100000}, -EINVAL, {0}},
	};
	char why[PORT_WHY_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cpu_set_t allowed = cpus(rows[i].allowed, rows[i].count);
		struct eal_options o = options(rows[i].workers);
		struct eal_result r;

		memcpy(o.core, rows[i].given, sizeof(rows[i].given));
		assert_int_equal(eal_plan(&o, &allowed, 0, &r, why), rows[i].ret);
		for (unsigned w = 0; !rows[i].ret && w < rows[i].workers; w++)
			assert_int_equal(r.core[w], rows[i].want[w]);
	}
}

static void test_workers(void **state)
{
	const int list[] = {0};
	cpu_set_t allowed = cpus(list, 1);
	struct eal_options o = options(0);
	char why[PORT_WHY_MAX];
	struct eal_result r;

	(void)state;
	assert_int_equal(eal_plan(&o, &allowed, 0, &r, why), -EINVAL);
	o.workers = EAL_WORKERS_MAX + 1;
	assert_int_equal(eal_plan(&o, &allowed, 0, &r, why), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_args),    cmocka_unit_test(test_args_limits),
		cmocka_unit_test(test_plan),    cmocka_unit_test(test_cores),
		cmocka_unit_test(test_workers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
