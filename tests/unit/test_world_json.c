// SPDX-License-Identifier: BSD-3-Clause
#include "root/tools/world_json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEY                                                                \
	"d75125f6907829e587ace94cb58f394ca3bd6cdfdaa036f191ba860c54f3084e" \
	"9f7d797c82b017aaf7892055d7de392c771ee7da9d1714038c46c22b864801f2"
#define SECRET                                                             \
	"22a8993789f3f15383667e0a27105751e486fec3f422410a4a9508e37b245442" \
	"7dafa210c814eb77657baffe473f7c26b891e260b08ff63a2a902daa46e952c3"
#define ID    "9c4ae2548a:0:" KEY
#define SIG   KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define ROOT  "{\"identity\":\"" ID "\",\"endpoints\":[\"1.2.3.4/9993\",\"2001:db8::1/9993\"]}"
#define ROOTS "\"roots\":[" ROOT "]"
#define MOON(extra)                                                                           \
	"{\"id\":\"9c4ae2548a\",\"objtype\":\"world\",\"worldType\":\"moon\",\"signingKey\":" \
	"\"" KEY "\",\"updatesMustBeSignedBy\":\"" KEY "\"," extra                            \
	"\"roots\":[{\"identity\":\"" ID "\",\"stableEndpoints\":[\"1.2.3.4/9993\"]}]}"

static const struct {
	const char *what;
	const char *json;
	const char *why; // NULL: good; else a part of the reason
} cases[] = {
	{"ours, least", "{\"type\":\"planet\"," ROOTS "}", NULL},
	{"ours, moon with hex ID", "{\"type\":\"moon\",\"id\":\"0x9c4ae2548a\"," ROOTS "}", NULL},
	{"ours, ID by name", "{\"type\":\"planet\",\"id\":\"earth\"," ROOTS "}", NULL},
	{"ours, two key files",
	 "{\"type\":\"planet\",\"keys\":{\"previous\":\"a\",\"current\":\"b\"}," ROOTS "}", NULL},
	{"ours, signed",
	 "{\"type\":\"planet\",\"id\":1,\"timestamp\":2,\"nextKey\":\"" KEY
	 "\",\"signature\":\"" SIG "\"," ROOTS "}",
	 NULL},
	{"ours, no root yet", "{\"type\":\"planet\",\"roots\":[]}", NULL},
	{"empty", "", "line 1"},
	{"no object", "[]", "one JSON object"},
	{"cut short", "{\"type\":\"planet\",", "line 1"},
	{"text behind it", "{\"type\":\"planet\",\"roots\":[]} x", "line 1"},
	{"key twice", "{\"type\":\"planet\",\"type\":\"moon\",\"roots\":[]}", "duplicate"},
	{"nothing in it", "{}", "\"type\" is missing"},
	{"unknown type", "{\"type\":\"sun\"," ROOTS "}", "\"planet\" or \"moon\""},
	{"type is a number", "{\"type\":1," ROOTS "}", "\"type\" must be a string"},
	{"unknown key", "{\"type\":\"planet\",\"root\":[]," ROOTS "}", "unknown key \"root\""},
	{"unknown key in a root",
	 "{\"type\":\"planet\",\"roots\":[{\"identity\":\"" ID "\",\"endpoint\":[]}]}",
	 "roots[0]: unknown key \"endpoint\""},
	{"ID 0", "{\"type\":\"planet\",\"id\":0," ROOTS "}", "\"id\" must be"},
	{"negative ID", "{\"type\":\"planet\",\"id\":-1," ROOTS "}", "\"id\" must be"},
	{"ID with a fraction", "{\"type\":\"planet\",\"id\":1.5," ROOTS "}", "\"id\" must be"},
	{"ID of no number", "{\"type\":\"planet\",\"id\":\"12z\"," ROOTS "}", "\"id\" must be"},
	{"ID over 64 bits", "{\"type\":\"planet\",\"id\":\"0x10000000000000000\"," ROOTS "}",
	 "\"id\" must be"},
	{"time stamp by name", "{\"type\":\"planet\",\"timestamp\":\"earth\"," ROOTS "}",
	 "\"timestamp\" must be"},
	{"interleave is a string", "{\"type\":\"planet\",\"interleave\":\"yes\"," ROOTS "}",
	 "true or false"},
	{"keys is a list", "{\"type\":\"planet\",\"keys\":[]," ROOTS "}",
	 "\"keys\" must be a string"},
	{"one key file", "{\"type\":\"planet\",\"keys\":{\"previous\":\"a\"}," ROOTS "}",
	 "both \"previous\" and \"current\""},
	{"roots missing", "{\"type\":\"planet\"}", "\"roots\" must be a list"},
	{"a root is a string", "{\"type\":\"planet\",\"roots\":[\"x\"]}",
	 "roots[0]: must be an object"},
	{"five roots",
	 "{\"type\":\"planet\",\"roots\":[" ROOT "," ROOT "," ROOT "," ROOT "," ROOT "]}",
	 "roots[4]: more than 4 roots"},
	{"identity missing", "{\"type\":\"planet\",\"roots\":[{\"endpoints\":[]}]}",
	 "roots[0]: \"identity\" is missing"},
	{"identity cut", "{\"type\":\"planet\",\"roots\":[{\"identity\":\"9c4ae2548a:0:d7\"}]}",
	 "is no identity"},
	{"identity in a file, without a reader",
	 "{\"type\":\"planet\",\"roots\":[{\"identity\":\"@x\",\"endpoints\":[]}]}", "not allowed"},
	{"endpoints missing", "{\"type\":\"planet\",\"roots\":[{\"identity\":\"" ID "\"}]}",
	 "\"endpoints\" must be a list"},
	{"endpoint is a number",
	 "{\"type\":\"planet\",\"roots\":[{\"identity\":\"" ID "\",\"endpoints\":[1]}]}",
	 "roots[0]: endpoints[0] must be a string"},
	{"endpoint without a port",
	 "{\"type\":\"planet\",\"roots\":[{\"identity\":\"" ID
	 "\",\"endpoints\":[\"1.2.3.4/9993\",\"1.2.3.4\"]}]}",
	 "roots[0]: endpoints[1]: \"1.2.3.4\" is no endpoint"},
	{"endpoint by name",
	 "{\"type\":\"planet\",\"roots\":[{\"identity\":\"" ID
	 "\",\"endpoints\":[\"example.com/9993\"]}]}",
	 "is no endpoint"},
	{"signature short",
	 "{\"type\":\"planet\",\"nextKey\":\"" KEY "\",\"signature\":\"" KEY "\"," ROOTS "}",
	 "\"signature\" must be 192 hex digits"},
	{"key with a letter that is no digit",
	 "{\"type\":\"planet\",\"nextKey\":\"z" KEY "\"," ROOTS "}", "\"nextKey\" must be 128"},

	{"ztmkworld, all",
	 "{\"rootNodes\":[{\"comments\":\"c\",\"identity\":\"" ID
	 "\",\"endpoints\":[\"1.2.3.4/9993\"]}],\"signing\":[\"p\",\"c\"],\"output\":\"o\","
	 "\"plID\":7,\"plBirth\":8,\"plRecommend\":false}",
	 NULL},
	{"ztmkworld, endpoints in one string",
	 "{\"rootNodes\":[{\"identity\":\"" ID
	 "\",\"endpoints\":\"1.2.3.4/9993, 2001:db8::1/9993\"}]}",
	 NULL},
	{"ztmkworld, endpoints in one string of a list",
	 "{\"rootNodes\":[{\"identity\":\"" ID
	 "\",\"endpoints\":[\"1.2.3.4/9993,2001:db8::1/9993\"]}]}",
	 NULL},
	{"ztmkworld, keys of others are noted", "{\"rootNodes\":[],\"colour\":1}", NULL},
	{"ztmkworld, one key", "{\"rootNodes\":[],\"signing\":[\"p\"]}", "\"signing\" must be two"},
	{"ztmkworld, keys are numbers", "{\"rootNodes\":[],\"signing\":[1,2]}", "\"signing\""},
	{"ztmkworld, ID is a string", "{\"rootNodes\":[],\"plID\":\"7\"}", "\"plID\" must be"},
	{"ztmkworld, plRecommend is 1", "{\"rootNodes\":[],\"plRecommend\":1}", "true or false"},
	{"ztmkworld, rootNodes is an object", "{\"rootNodes\":{}}", "\"rootNodes\" must be a list"},
	{"ztmkworld, empty part between commas",
	 "{\"rootNodes\":[{\"identity\":\"" ID "\",\"endpoints\":\"1.2.3.4/9993,,5.6.7.8/1\"}]}",
	 "\"\" is no endpoint"},

	{"moon", MOON("\"signingKey_SECRET\":\"" SECRET "\","), NULL},
	{"moon without its secret", MOON(""), NULL},
	{"moon with another's secret", MOON("\"signingKey_SECRET\":\"" KEY "\","),
	 "do not belong together"},
	{"moon, secret cut", MOON("\"signingKey_SECRET\":\"00\","), "128 hex digits"},
	{"moon, ID of no digits", "{\"objtype\":\"world\",\"id\":\"xyz\",\"worldType\":\"moon\"}",
	 "\"id\" must be"},
	{"moon, ID too long",
	 "{\"objtype\":\"world\",\"id\":\"00000000000000001\",\"worldType\":\"moon\"}",
	 "\"id\" must be"},
	{"moon, unknown type", "{\"objtype\":\"world\",\"id\":\"1\",\"worldType\":\"sun\"}",
	 "\"worldType\" must be"},
};

static void reads_or_says_why(void **state)
{
	struct world_plan plan;
	struct say_why why;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int ret;

		why.text[0] = '\0';
		ret = world_plan_parse(&plan, cases[i].json, strlen(cases[i].json), NULL, NULL,
				       &why);
		if (ret != (cases[i].why ? -EINVAL : 0) ||
		    (cases[i].why && !strstr(why.text, cases[i].why)))
			fail_msg("%s: %d, %s", cases[i].what, ret, why.text);
		world_plan_clear(&plan);
	}
}

static void parse(struct world_plan *plan, const char *json)
{
	struct say_why why;

	if (world_plan_parse(plan, json, strlen(json), NULL, NULL, &why) < 0)
		fail_msg("%s", why.text);
}

static void keeps_order_and_fields(void **state)
{
	char text[RL_INET_TEXT];
	struct world_plan plan;

	(void)state;
	parse(&plan,
	      "{\"type\":\"moon\",\"id\":\"0xffffffffffffffff\",\"timestamp\":5,\"keys\":\"k\","
	      "\"output\":\"o\",\"interleave\":true,\"comment\":{}," ROOTS "}");
	assert_int_equal(plan.form, WORLD_FORM_OWN);
	assert_int_equal(plan.world.type, ZT_WORLD_MOON);
	assert_true(plan.has_id && plan.world.id == UINT64_MAX);
	assert_true(plan.has_timestamp && plan.world.timestamp == 5);
	assert_true(plan.interleave && !plan.has_signature && !plan.has_pair);
	assert_string_equal(plan.keys, "k");
	assert_string_equal(plan.output, "o");
	assert_int_equal(plan.world.root_count, 1);
	assert_int_equal(plan.world.root[0].endpoint_count, 2);
	assert_true(plan.world.root[0].id.address == 0x9c4ae2548a);
	assert_string_equal(rl_inet_text(&plan.world.root[0].endpoint[0], text), "1.2.3.4/9993");
	assert_string_equal(rl_inet_text(&plan.world.root[0].endpoint[1], text),
			    "2001:db8::1/9993");
	world_plan_clear(&plan);
}

// plRecommend drops both numbers; without it 0 means that none was chosen.
static void ztmkworld_numbers(void **state)
{
	struct world_plan plan;

	(void)state;
	parse(&plan, "{\"rootNodes\":[],\"plID\":7,\"plBirth\":8,\"plRecommend\":true}");
	assert_false(plan.has_id || plan.has_timestamp);
	assert_non_null(strstr(plan.notes, "plRecommend"));
	world_plan_clear(&plan);
	parse(&plan, "{\"rootNodes\":[],\"plID\":7,\"plBirth\":8}");
	assert_true(plan.has_id && plan.world.id == 7);
	assert_true(plan.has_timestamp && plan.world.timestamp == 8);
	world_plan_clear(&plan);
	parse(&plan, "{\"rootNodes\":[],\"plID\":0,\"plBirth\":0,\"signing\":[\"p\",\"c\"]}");
	assert_false(plan.has_id || plan.has_timestamp);
	assert_string_equal(plan.previous, "p");
	assert_string_equal(plan.current, "c");
	world_plan_clear(&plan);
}

static void notes_keys_of_others(void **state)
{
	struct world_plan plan;

	(void)state;
	parse(&plan, "{\"rootNodes\":[],\"colour\":1,\"shape\":2}");
	assert_non_null(strstr(plan.notes, "\"colour\""));
	assert_non_null(strstr(plan.notes, "\"shape\""));
	world_plan_clear(&plan);
}

// So many notes that they cannot all be kept must do no harm.
static void notes_are_bounded(void **state)
{
	char json[8192] = "{\"rootNodes\":[]";
	struct world_plan plan;

	(void)state;
	for (int i = 0; i < 200; i++)
		sprintf(json + strlen(json), ",\"unknown-number-%d\":0", i);
	strcat(json, "}");
	parse(&plan, json);
	assert_true(strlen(plan.notes) < sizeof(plan.notes));
	world_plan_clear(&plan);
}

static void writes_what_it_reads(void **state)
{
	struct world_plan plan, again;
	json_t *json;
	char *text;

	(void)state;
	parse(&plan, "{\"type\":\"planet\",\"id\":\"0xfedcba9876543210\",\"timestamp\":2,"
		     "\"nextKey\":\"" KEY "\",\"signature\":\"" SIG "\"," ROOTS "}");
	assert_true(plan.has_signature);
	json = world_json(&plan.world, true, NULL);
	text = json_dumps(json, 0);
	parse(&again, text);
	assert_memory_equal(&plan.world, &again.world, sizeof(plan.world));
	free(text);
	json_decref(json);
	world_plan_clear(&again);
	world_plan_clear(&plan);
}

static int reader(void *ctx, const char *name, char *text, size_t room)
{
	(void)ctx;
	assert_string_equal(name, "dir/identity.public");
	snprintf(text, room, "%s\n", ID);
	return 0;
}

static void reads_identity_files(void **state)
{
	static const char json[] = "{\"type\":\"planet\",\"roots\":[{\"identity\":"
				   "\"@dir/identity.public\",\"endpoints\":[]}]}";
	struct world_plan plan;

	(void)state;
	assert_int_equal(world_plan_parse(&plan, json, strlen(json), reader, NULL, NULL), 0);
	assert_true(plan.world.root[0].id.address == 0x9c4ae2548a);
	world_plan_clear(&plan);
}

static void ids_and_numbers(void **state)
{
	uint64_t v;

	(void)state;
	assert_int_equal(world_id_parse(&v, "earth"), 0);
	assert_true(v == ZT_WORLD_ID_EARTH);
	assert_int_equal(world_id_parse(&v, "MARS"), 0);
	assert_true(v == ZT_WORLD_ID_MARS);
	assert_int_equal(world_id_parse(&v, "18446744073709551615"), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(world_id_parse(&v, "0X10"), 0);
	assert_true(v == 16);
	for (const char *const *bad =
		     (const char *const[]){"", "0", "0x", "-1", " 1", "1 ", "+1", "ten",
					   "18446744073709551616", "0x1g", "abc", NULL};
	     *bad; bad++)
		if (world_id_parse(&v, *bad) == 0)
			fail_msg("\"%s\" was taken for an ID", *bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_or_says_why),    cmocka_unit_test(keeps_order_and_fields),
		cmocka_unit_test(ztmkworld_numbers),    cmocka_unit_test(notes_keys_of_others),
		cmocka_unit_test(notes_are_bounded),    cmocka_unit_test(writes_what_it_reads),
		cmocka_unit_test(reads_identity_files), cmocka_unit_test(ids_and_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
