#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/lib/demo_cli.h"

enum { MAX_WORDS = 32 };

/* Words parted by blanks, as a shell would pass them; kept alive by the caller. */
struct line {
	char *copy;
	char *argv[MAX_WORDS];
	int argc;
	struct cli_call call;
	struct err e;
	int rc;
};

static struct line *parse(const char *text)
{
	struct line *l = xcalloc(1, sizeof(*l));

	l->copy = xstrdup(text);
	for (char *save = NULL, *w = strtok_r(l->copy, " ", &save); w;
		w = strtok_r(NULL, " ", &save))
		l->argv[l->argc++] = w;
	l->rc = cli_parse(&demo_cli, l->argc, l->argv, &l->call, &l->e);
	return l;
}

static void done(struct line *l)
{
	cli_call_release(&l->call);
	free(l->copy);
	free(l);
}

static const struct demo_run *run_values(const struct line *l)
{
	assert_int_equal(l->rc, 0);
	assert_string_equal(l->call.path[l->call.depth - 1]->name, "run");
	return l->call.values;
}

/* Every spelling of the same thing. */
static void values_follow_in_any_gnu_manner(void **state)
{
	static const char *const lines[] = {
		"run --kernel=K --cpus=4 --include=A --include=B",
		"run --kernel K --cpus 4 --include A --include B",
		"run -k K -c 4 -i A -i B",
		"run -kK -c4 -iA -iB",
		"run -k K -c 9 -i A -i B -c 4",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct line *l = parse(lines[i]);
		const struct demo_run *v = run_values(l);

		assert_string_equal(v->kernel, "K");
		assert_true(v->cpus.set);
		assert_int_equal(v->cpus.v, 4);
		assert_int_equal(v->include.n, 2);
		assert_string_equal(v->include.v[0], "A");
		assert_string_equal(v->include.v[1], "B");
		done(l);
	}
}

static void flags_bundle_and_the_last_may_take_a_value(void **state)
{
	struct line *l = parse("run -qc4");
	const struct demo_run *v = run_values(l);

	(void)state;
	assert_true(v->quiet);
	assert_int_equal(v->cpus.v, 4);
	assert_false(v->all);
	done(l);
}

static void options_stand_after_positionals_until_two_dashes(void **state)
{
	struct line *l = parse("run one -q two - -- --all -i");
	const struct demo_run *v = run_values(l);

	(void)state;
	assert_true(v->quiet);
	assert_false(v->all);
	assert_int_equal(v->files.n, 5);
	assert_string_equal(v->files.v[2], "-");
	assert_string_equal(v->files.v[3], "--all");
	assert_string_equal(v->files.v[4], "-i");
	done(l);
}

static void a_value_may_look_like_an_option(void **state)
{
	struct line *l = parse("run --append --all --env A=b=c");
	const struct demo_run *v = run_values(l);

	(void)state;
	assert_string_equal(v->append, "--all");
	assert_false(v->all);
	assert_string_equal(v->env.v[0], "A=b=c");
	done(l);
}

static void an_empty_value_is_a_value(void **state)
{
	struct line *l = parse("run --append=");

	(void)state;
	assert_string_equal(run_values(l)->append, "");
	done(l);
}

static void durations_and_sizes_have_units(void **state)
{
	struct line *l = parse("run --memory 256mib --timeout 90s");
	const struct demo_run *v = run_values(l);

	(void)state;
	assert_true(v->memory.set && v->timeout.set);
	assert_int_equal(v->memory.v, 256 << 20);
	assert_int_equal(v->timeout.v, 90000000000);
	done(l);
}

static void lists_of_choices_are_parted_by_commas(void **state)
{
	struct line *l = parse("--batch --pane vm,topo --pane=vm");
	const struct demo_root *v = l->call.values;

	(void)state;
	assert_int_equal(l->rc, 0);
	assert_int_equal(l->call.depth, 1);
	assert_int_equal(v->pane.n, 2);
	assert_string_equal(v->pane.v[0], "vm");
	assert_string_equal(v->pane.v[1], "topo");
	done(l);
}

static void batch_stands_before_or_after_a_command(void **state)
{
	static const char *const lines[] = {"--batch run x", "run --batch x", "run x --batch"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct line *l = parse(lines[i]);

		assert_int_equal(run_values(l)->files.n, 1);
		assert_true(l->call.common.batch);
		done(l);
	}
}

static void commands_nest(void **state)
{
	struct line *l = parse("--color never kernel --batch pick square");
	const struct demo_pick *v = l->call.values;

	(void)state;
	assert_int_equal(l->rc, 0);
	assert_int_equal(l->call.depth, 3);
	assert_string_equal(v->shape, "square");
	assert_null(v->name);
	assert_string_equal(l->call.common.color, "never");
	assert_true(l->call.common.batch);
	done(l);
}

static void help_wins_over_what_follows(void **state)
{
	static const struct {
		const char *line;
		int help;
		size_t depth;
	} rows[] = {
		{"-h", 1, 1},
		{"--help", 2, 1},
		{"run -h", 1, 2},
		{"run -qh", 1, 2},
		{"pick --help", 2, 2},
		{"run --help --nonsense", 2, 2},
		{"kernel list --help", 2, 3},
		{"kernel help", 2, 2},
		{"kernel help list", 2, 3},
		{"--help run", 2, 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct line *l = parse(rows[i].line);

		assert_int_equal(l->rc, 0);
		assert_int_equal(l->call.common.help, rows[i].help);
		assert_int_equal(l->call.depth, rows[i].depth);
		done(l);
	}
}

/* The whole sentence, so that nobody worsens one unseen. */
static void mistakes_are_named_with_the_way_out(void **state)
{
	static const struct {
		const char *line, *msg;
	} rows[] = {
		{"rnu", "unknown command 'rnu'; did you mean 'run'?"},
		{"zzzzzz", "unknown command 'zzzzzz'; 'demo -h' lists what there is"},
		{"__hiden", "unknown command '__hiden'; 'demo -h' lists what there is"},
		{"kernel lst", "unknown command 'lst'; did you mean 'list'?"},
		{"run --kernle x", "unknown option '--kernle'; did you mean '--kernel'?"},
		{"run --kernle=x", "unknown option '--kernle'; did you mean '--kernel'?"},
		{"run --inc x", "unknown option '--inc'; did you mean '--include'?"},
		{"run --bath", "unknown option '--bath'; did you mean '--batch'?"},
		{"run --secre", "unknown option '--secre'; 'demo run -h' lists what there is"},
		{"run -x", "unknown option '-x'; 'demo run -h' lists what there is"},
		{"run -qx", "unknown option '-x'; 'demo run -h' lists what there is"},
		{"run --quiet=yes", "option '--quiet' takes no value"},
		{"run --mode", "option '--mode' needs a value: --mode MODE"},
		{"run -c", "option '-c' needs a value: -c N"},
		{"run --mode kmv",
			"--mode: 'kmv' is not one of auto, kvm, tcg; did you mean 'kvm'?"},
		{"run --mode=", "--mode: '' is not one of auto, kvm, tcg"},
		{"--pane topo,vn",
			"--pane: 'vn' is not one of topo, vm, locks; did you mean 'vm'?"},
		{"--pane topo,", "--pane: '' is not one of topo, vm, locks"},
		{"run -c0", "-c: 0 is too small, the least is 1"},
		{"--frames 100", "--frames: 100 is too large, the most is 99"},
		{"run -q --all", "options '--all' and '--quiet' exclude each other"},
		{"--boot", "option '--boot' goes with '--batch' only"},
		{"--verbose", "option '--verbose' goes with '--version' only"},
		{"--frames 1 run",
			"option '--frames' is of 'demo' alone and does not go with 'run'"},
		{"pick", "missing SHAPE: circle or square"},
		{"pick circel",
			"SHAPE: 'circel' is not one of circle, square; did you mean 'circle'?"},
		{"pick circle a b", "unexpected argument 'b' after NAME"},
		{"kernel list x", "unexpected argument 'x': 'demo kernel list' takes options only"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct line *l = parse(rows[i].line);

		assert_true(l->rc < 0);
		assert_string_equal(l->e.msg, rows[i].msg);
		done(l);
	}
}

static void numbers_and_units_are_checked_by_name(void **state)
{
	static const char *const lines[] = {"run --cpus four", "run --cpus -1", "run --memory 256",
		"run --memory 1gb", "run --timeout 5", "run --timeout soon",
		"run --cpus 99999999999"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct line *l = parse(lines[i]);
		size_t n = strcspn(lines[i] + 4, " ");

		assert_true(l->rc < 0);
		assert_memory_equal(l->e.msg, lines[i] + 4, n);
		done(l);
	}
}

static void version_needs_nothing_else(void **state)
{
	struct line *l = parse("-V --verbose");

	(void)state;
	assert_int_equal(l->rc, 0);
	assert_true(l->call.common.version && l->call.common.verbose);
	done(l);
	l = parse("run --version");
	assert_true(l->rc < 0);
	done(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_follow_in_any_gnu_manner),
		cmocka_unit_test(flags_bundle_and_the_last_may_take_a_value),
		cmocka_unit_test(options_stand_after_positionals_until_two_dashes),
		cmocka_unit_test(a_value_may_look_like_an_option),
		cmocka_unit_test(an_empty_value_is_a_value),
		cmocka_unit_test(durations_and_sizes_have_units),
		cmocka_unit_test(lists_of_choices_are_parted_by_commas),
		cmocka_unit_test(batch_stands_before_or_after_a_command),
		cmocka_unit_test(commands_nest),
		cmocka_unit_test(help_wins_over_what_follows),
		cmocka_unit_test(mistakes_are_named_with_the_way_out),
		cmocka_unit_test(numbers_and_units_are_checked_by_name),
		cmocka_unit_test(version_needs_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
