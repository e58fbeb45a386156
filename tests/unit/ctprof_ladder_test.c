#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "probes/ctprof/ladder.h"

#define US "\xc2\xb5s"

static void values(void **state)
{
	static const struct {
		uint64_t v;
		enum ctp_ladder l;
		const char *cell;
	} rows[] = {
		{0, CTP_LADDER_COUNT, "0"},
		{999, CTP_LADDER_NS, "999ns"},
		{22, CTP_LADDER_TICKS, "22ticks"},
		{0, CTP_LADDER_BYTES, "0B"},
		{1500, CTP_LADDER_NS, "1.500" US},
		{8697, CTP_LADDER_COUNT, "8.697K"},
		{8053063680, CTP_LADDER_BYTES, "7.500GiB"},
		{2684300000, CTP_LADDER_NS, "2.684s"},
		{999999, CTP_LADDER_NS, "999.999" US},
		{1000000, CTP_LADDER_NS, "1.000ms"},
		{999, CTP_LADDER_US, "999" US},
		{1000, CTP_LADDER_US, "1.000ms"},
		{3600000000, CTP_LADDER_US, "3600.000s"},
		{1023, CTP_LADDER_BYTES, "1023B"},
		{1024, CTP_LADDER_BYTES, "1.000KiB"},
		{1ULL << 40, CTP_LADDER_BYTES, "1.000TiB"},
		{999, CTP_LADDER_TICKS, "999ticks"},
		{1000, CTP_LADDER_TICKS, "1.000Kticks"},
		{5000000, CTP_LADDER_TICKS, "5.000Mticks"},
		{1000000000, CTP_LADDER_COUNT, "1.000G"},
		{UINT64_MAX, CTP_LADDER_COUNT, "18446744073.710G"},
		{UINT64_MAX, CTP_LADDER_TEXT, "18446744073709551615"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_str struct str got = STR_INIT;

		ctp_cell_u64(&got, rows[i].v, rows[i].l);
		assert_string_equal(str_get(&got), rows[i].cell);
	}
}

static void deltas(void **state)
{
	static const struct {
		double v;
		enum ctp_ladder l;
		const char *cell;
	} rows[] = {
		{0, CTP_LADDER_NS, "+0ns"},
		{-50, CTP_LADDER_NS, "-50ns"},
		{34, CTP_LADDER_TEXT, "+34"},
		{-0.5, CTP_LADDER_TEXT, "-0.500"},
		{92457, CTP_LADDER_COUNT, "+92.457K"},
		{2e6, CTP_LADDER_NS, "+2.000ms"},
		{-1.5e9, CTP_LADDER_NS, "-1.500s"},
		{2500000, CTP_LADDER_NS, "+2.500ms"},
		{100000, CTP_LADDER_TEXT, "+100000"},
		{195, CTP_LADDER_TICKS, "+195ticks"},
		{999999.6, CTP_LADDER_NS, "+1000.000" US},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_str struct str got = STR_INIT;

		ctp_cell_delta(&got, rows[i].v, rows[i].l);
		assert_string_equal(str_get(&got), rows[i].cell);
	}
}

static void percents(void **state)
{
	static const struct {
		double v;
		const char *cell;
	} rows[] = {{10.63091, "+1063.1%"}, {-0.4247, "-42.5%"}, {0, "+0.0%"}, {2.5, "+250.0%"},
		{-0.0004, "-0.0%"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_str struct str got = STR_INIT;

		ctp_cell_pct(&got, rows[i].v);
		assert_string_equal(str_get(&got), rows[i].cell);
	}
}

static void derived(void **state)
{
	cleanup_str struct str s = STR_INIT;

	(void)state;
	ctp_cell_ratio(&s, 0.8735);
	str_addc(&s, ' ');
	ctp_cell_real(&s, 250, CTP_LADDER_NS);
	str_addc(&s, ' ');
	ctp_cell_real(&s, 1250000, CTP_LADDER_NS);
	str_addc(&s, ' ');
	ctp_cell_real(&s, -2000000, CTP_LADDER_BYTES);
	str_addc(&s, ' ');
	ctp_cell_real(&s, 0.125, CTP_LADDER_NS);
	str_addc(&s, ' ');
	ctp_cell_ratio_delta(&s, 0.1);
	str_addc(&s, ' ');
	ctp_cell_real_delta(&s, -12.5, CTP_LADDER_NS);
	str_addc(&s, ' ');
	ctp_cell_real_delta(&s, 1536, CTP_LADDER_BYTES);
	assert_string_equal(str_get(&s), "0.874 250.00ns 1.250ms -1.907MiB 0.12ns +0.100 -12.50ns "
					 "+1.500KiB");
}

static void changes(void **state)
{
	static const struct {
		struct ctp_opt a, b;
		const char *cell;
	} rows[] = {
		{{true, 100}, {true, 400}, "100" US " " CTP_ARROW " 400" US " (+300" US ")"},
		{{true, 111}, {false, 0}, "111" US " " CTP_ARROW " -"},
		{{false, 0}, {true, 222}, "- " CTP_ARROW " 222" US},
		{{false, 0}, {false, 0}, "-"},
		{{true, 5}, {true, 3}, "5" US " " CTP_ARROW " 3" US " (-2" US ")"},
	};
	cleanup_str struct str s = STR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_str struct str got = STR_INIT;

		ctp_cell_change(&got, rows[i].a, rows[i].b, CTP_LADDER_US);
		assert_string_equal(str_get(&got), rows[i].cell);
	}
	ctp_cell_centi_change(&s, 1234, 1250);
	str_addc(&s, ' ');
	ctp_cell_centi_change(&s, 10099, 5);
	str_addc(&s, ' ');
	ctp_cell_centi_change(&s, 0, 0);
	assert_string_equal(str_get(&s), "12.34% " CTP_ARROW " 12.50% (+0.16%) "
					 "100.99% " CTP_ARROW " 0.05% (-100.94%) "
					 "0.00% " CTP_ARROW " 0.00% (+0.00%)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(deltas),
		cmocka_unit_test(percents),
		cmocka_unit_test(derived),
		cmocka_unit_test(changes),
	};

	return cmocka_run_group_tests_name("ctprof_ladder", tests, NULL, NULL);
}
