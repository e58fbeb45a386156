#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/cli/mdoc.h"
#include "src/cli/wrap.h"
#include "tests/lib/demo_cli.h"

static void short_help_reads_so(void **state)
{
	static const char want[] = "  $ demo run -k distro file\n"
				   "\n"
				   "Usage: demo run [OPTION]... [FILE...]\n"
				   "Run what's there.\n"
				   "  FILE  what to open\n"
				   "\n"
				   "  -k, --kernel ID     kernel's name [or path]: any\n"
				   "      --mode MODE     how to run\n"
				   "      --dir DIR       where\n"
				   "      --append WORDS  words\n"
				   "  -i, --include FILE  what to take along\n"
				   "      --env NAME[=V]  variables\n"
				   "  -q, --quiet         say less\n"
				   "  -a, --all           everything\n"
				   "  -c, --cpus N        processors\n"
				   "      --memory SIZE   memory\n"
				   "      --timeout D     time\n"
				   "      --batch         no prompts, no colour, no progress\n"
				   "      --color WHEN    colour: auto (default), always, never\n"
				   "      --no-pager      print long help without a pager\n"
				   "  -h, --help          -h: short help, --help: long help\n"
				   "\n"
				   "'demo run --help' says more.\n";
	const struct command *path[] = {&demo_cli, demo_cli.sub[0]};
	cleanup_str struct str text = STR_INIT;

	(void)state;
	cli_help(&(struct cli_help){.path = path, .depth = 2}, &text);
	assert_string_equal(text.s, want);
}

/* A command of 40 options: what has no line of its own is named. */
static void short_help_fits_however_many_options(void **state)
{
	struct opt opts[40];
	char names[40][16];
	const struct command c = {
		.name = "many", .summary = "have many", .opts = opts, .nopts = 40};
	const struct command *path[] = {&demo_cli, &c};
	cleanup_str struct str text = STR_INIT;
	size_t lines = 0;

	(void)state;
	for (size_t i = 0; i < 40; i++) {
		snprintf(names[i], sizeof(names[i]), "option-%zu", i);
		opts[i] = (struct opt){.name = names[i], .help = "one of many"};
	}
	cli_help(&(struct cli_help){.path = path, .depth = 2}, &text);
	for (size_t i = 0; i < text.len; i++)
		lines += text.s[i] == '\n';
	assert_in_range(lines, 20, 24);
	for (size_t i = 0; i < 40; i++)
		assert_non_null(strstr(text.s, names[i]));
	assert_non_null(strstr(text.s, "  also: --option-"));
	assert_non_null(strstr(text.s, "--help"));
}

static void bold_is_for_terminals(void **state)
{
	const struct command *path[] = {&demo_cli};
	cleanup_str struct str plain = STR_INIT, bold = STR_INIT;

	(void)state;
	cli_help(&(struct cli_help){.path = path, .depth = 1, .detail = true}, &plain);
	cli_help(&(struct cli_help){.path = path, .depth = 1, .detail = true, .bold = true}, &bold);
	assert_null(strchr(plain.s, '\033'));
	assert_non_null(strstr(bold.s, "\033[1mUsage:\033[0m"));
}

static void check_wrap(
	const char *text, unsigned indent, unsigned at, unsigned width, const char *want)
{
	cleanup_str struct str out = STR_INIT;

	str_repeat(&out, '>', at);
	wrap(&out, text, indent, at, width);
	assert_string_equal(str_get(&out), want);
}

static void text_is_wrapped_by_words(void **state)
{
	(void)state;
	check_wrap("", 2, 0, 20, "");
	check_wrap("one", 2, 0, 20, "  one\n");
	check_wrap("aaa bbb ccc", 0, 0, 7, "aaa bbb\nccc\n");
	check_wrap("aaa bbb ccc", 2, 0, 7, "  aaa\n  bbb\n  ccc\n");
	check_wrap("aaa bbb", 4, 2, 8, ">>  aaa\n    bbb\n");
	check_wrap("toolongforaline b", 1, 0, 8, " toolongforaline\n b\n");
	check_wrap("a\nb", 0, 0, 8, "a b\n");
	check_wrap("a\n\nb", 1, 0, 8, " a\n\n b\n");
	check_wrap("a\n\n  x   y\n  z\n\nb", 0, 0, 4, "a\n\n  x   y\n  z\n\nb\n");
	check_wrap("\xc3\xa4\xc3\xa4\xc3\xa4 b", 0, 0, 5, "\xc3\xa4\xc3\xa4\xc3\xa4 b\n");
}

static void check_mdoc(const char *text, const char *want)
{
	cleanup_str struct str out = STR_INIT;

	mdoc_text(&out, text);
	assert_string_equal(str_get(&out), want);
}

/* What roff would take for a request or an escape must not survive. */
static void text_is_no_markup(void **state)
{
	(void)state;
	check_mdoc(".Sh here", "\\&.Sh here\n");
	check_mdoc("'br", "\\&\\(aqbr\n");
	check_mdoc("a\\fBb", "a\\efBb\n");
	check_mdoc("say \"--json\" or -1", "say \\(dq\\-\\-json\\(dq or \\-1\n");
	check_mdoc("run-time", "run-time\n");
	check_mdoc("the key ? lists", "the key \\&? lists\n");
	check_mdoc("One. Two! (Three.) four", "One.\nTwo!\n(Three.)\nfour\n");
	check_mdoc("a\n\nb", "a\n.Pp\nb\n");
	check_mdoc("a\n\n  x  y\n  .z\n\nb", "a\n.Bd -literal\n  x  y\n  .z\n.Ed\n.Pp\nb\n");
}

static void pages_exist_for_what_is_shown(void **state)
{
	static const struct {
		const char *page;
		bool exists;
	} rows[] = {{"demo", true}, {"demo-run", true}, {"demo-kernel", true}, {"demo-list", false},
		{"demo-__hidden", false}, {"demo-", false}, {"run", false}, {"", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_str struct str out = STR_INIT;
		int rc = cli_man(&demo_cli, rows[i].page, &out, NULL);

		assert_int_equal(rc == 0, rows[i].exists);
		assert_int_equal(out.len != 0, rows[i].exists);
	}
}

/* The commands of a group have no page of their own. */
static void a_group_is_one_page(void **state)
{
	cleanup_str struct str out = STR_INIT;

	(void)state;
	assert_int_equal(cli_man(&demo_cli, "demo-kernel", &out, NULL), 0);
	assert_non_null(strstr(out.s, ".Dt DEMO-KERNEL 1\n"));
	assert_non_null(strstr(out.s, ".Nm demo\n.Cm kernel list\n"));
	assert_non_null(strstr(out.s, ".Nm demo\n.Cm kernel pick\n.Ar SHAPE\n.Op Ar NAME\n"));
	assert_non_null(strstr(out.s, ".Ss kernel pick\nPick a shape.\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_help_reads_so),
		cmocka_unit_test(short_help_fits_however_many_options),
		cmocka_unit_test(bold_is_for_terminals),
		cmocka_unit_test(text_is_wrapped_by_words),
		cmocka_unit_test(text_is_no_markup),
		cmocka_unit_test(pages_exist_for_what_is_shown),
		cmocka_unit_test(a_group_is_one_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
