/*
 * The generated completion scripts in the real shells: what each of them offers for a half-typed
 * command line. bash and zsh insert every candidate into the line and run it, fish and elvish
 * print them.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/file.h"
#include "src/base/spawn.h"
#include "src/cli/complete.h"
#include "tests/lib/demo_cli.h"
#include "tests/lib/skip.h"

struct query {
	const char *line; /* the last word is completed, may be empty */
	const char *want; /* sorted, parted by blanks */
};

/* A name that is no identifier in any shell, and harmful in a careless one. */
static const char odd[] = "it's-a $(touch pwned).2";

/* The work folder holds "file one", "notes.txt" and "sub"; PATH holds "demoprog". */
static const struct query queries[] = {
	{"demo ", "kernel pick run"},
	{"demo r", "run"},
	{"demo --b", "--batch --boot"},
	{"demo --color ", "always auto never"},
	{"demo --color=al", "--color=always"},
	{"demo --color never ", "kernel pick run"},
	{"demo --color run ", "kernel pick run"}, /* a value is no command */
	{"demo -n run ", "kernel pick run"},
	{"demo --pane ", "locks topo vm"},
	{"demo --pane topo,v", "topo,vm"},
	{"demo --pane=topo,v", "--pane=topo,vm"},
	{"demo run --m", "--memory --mode"},
	{"demo run --mode ", "auto kvm tcg"},
	{"demo run --mode=k", "--mode=kvm"},
	{"demo run --append x --env x=y --mode t", "tcg"},
	{"demo run --kernel dis", "distro"}, /* asked of the program */
	{"demo run -k 6", "6.12.1-tarball"},
	{"demo run -qk 6", "6.12.1-tarball"},
	{"demo run -k no", "notes.txt"},
	{"demo run --dir ", "sub"},
	{"demo run no", "notes.txt"},
	{"demo run x fi", "file one"},
	{"demo run -i demopr", "demoprog"},
	{"demo run --secr", ""},
	{"demo __h", ""},
	{"demo run --cpus ", ""},
	{"demo run -- --m", ""},
	{"demo kernel ", "list pick"},
	{"demo kernel pick s", "square"},
	{"demo kernel list --ba", "--batch"},
	{"demo pick circle ", ""},
};

/* A folder with the scripts, what they complete, and the program that answers __complete. */
struct place {
	char *dir, *work, *bin, *got;
};

static void put(const char *dir, const char *name, mode_t mode, const char *text)
{
	cleanup_free char *path = file_join(dir, name);

	assert_int_equal(file_replace(path, text, strlen(text), mode, NULL), 0);
}

static int set_up(void **state)
{
	static const char answer[] =
		"#!/bin/sh\n"
		"[ \"$*\" = '__complete -- run --kernel' ] || exit 1\n"
		"printf 'distro\\tthe own kernel\\n6.12.1-tarball\\tin the cache\\n'\n";
	struct place *p = xcalloc(1, sizeof(*p));
	char dir[] = "/tmp/ktstr-completions-XXXXXX";

	p->dir = xstrdup(mkdtemp(dir));
	p->work = file_join(p->dir, "work");
	p->bin = file_join(p->dir, "bin");
	p->got = file_join(p->dir, "got");
	cleanup_free char *sub = file_join(p->work, "sub");
	assert_int_equal(file_mkdirs(sub, 0755, NULL), 0);
	assert_int_equal(file_mkdirs(p->bin, 0755, NULL), 0);
	put(p->work, "file one", 0644, "");
	put(p->work, "notes.txt", 0644, "");
	put(p->bin, "demo", 0755, answer);
	put(p->bin, "demoprog", 0755, "#!/bin/sh\n");
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	file_remove_tree(p->dir, NULL);
	free(p->dir);
	free(p->work);
	free(p->bin);
	free(p->got);
	free(p);
	return 0;
}

/* Words before the one that is completed, without the command. */
static unsigned whole_words(const char *line)
{
	unsigned n = 0;

	for (const char *s = strchr(line, ' ') + 1; (s = strchr(s, ' ')); s++)
		n++;
	return n;
}

static const char *partial(const char *line)
{
	return strrchr(line, ' ') + 1;
}

/* $got has "GOT words" a query. A word without candidates stays in the line as it was typed. */
static void check(const struct place *p, const char *shell, bool typed_word_stays)
{
	cleanup_str struct str got = STR_INIT;
	char *line, *rest;

	assert_int_equal(file_read(p->got, 1 << 20, &got, NULL), 0);
	rest = got.s;
	for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
		const struct query *q = &queries[i];

		line = strsep(&rest, "\n");
		if (!line || !rest)
			fail_msg("%s: '%s' gave no answer", shell, q->line);
		line = str_trim(line + strlen("GOT"));
		if (str_ends(line, "/")) /* as some shells show a folder */
			line[strlen(line) - 1] = '\0';
		if (typed_word_stays && !*q->want && strcmp(line, partial(q->line)) == 0)
			continue;
		if (strcmp(line, q->want) != 0)
			fail_msg("%s: '%s' offers '%s', not '%s'", shell, q->line, line, q->want);
	}
	assert_string_equal(rest, "");
}

static void need(const char *shell)
{
	cleanup_free char *path = spawn_find(shell);

	if (!path) {
		skip_because("no %s", shell);
	}
}

static void write_completion(const struct place *p, const char *shell, const char *binary)
{
	cleanup_str struct str script = STR_INIT;

	assert_int_equal(cli_completion(&demo_cli, shell, binary, &script, NULL), 0);
	put(p->dir, shell, 0644, str_get(&script));
}

/* Runs a shell in the work folder with nothing of ours in its surroundings. */
static void run_shell(const struct place *p, const char *const *argv, int in)
{
	cleanup_free char *path = xasprintf("PATH=%s:/usr/local/bin:/usr/bin:/bin", p->bin);
	cleanup_free char *home = xasprintf("HOME=%s", p->dir);
	cleanup_free char *zdot = xasprintf("ZDOTDIR=%s", p->dir);
	cleanup_free char *got = xasprintf("GOT=%s", p->got);
	const char *const env[] = {
		path, home, zdot, got, "TERM=xterm", "LC_ALL=C.UTF-8", "SHELL=/bin/sh", NULL};
	const struct spawn_fd fds[] = {{in, 0}};
	const char *limited[16] = {"timeout", "60"};

	for (size_t i = 0; argv[i]; i++)
		limited[i + 2] = argv[i];
	const struct spawn s = {
		.argv = limited, .env = env, .cwd = p->work, .fds = fds, .nfds = ARRAY_LEN(fds)};
	cleanup_str struct str out = STR_INIT, errs = STR_INIT;
	int status = spawn_capture(&s, 1 << 20, &out, &errs, NULL);

	if (status != 0 || !file_exists(p->got))
		fail_msg("%s ended with %d: %s%s", argv[0], status, str_get(&out), str_get(&errs));
}

/*
 * The command as bash and zsh run it, with all candidates in its line: it tells which words are
 * there besides those that were. What the scripts ask of the program goes on to the program.
 */
static const char tell[] =
	"demo() {\n"
	"  if [ \"$1\" = __complete ]; then command demo \"$@\"; return; fi\n"
	"  shift $SKIP\n"
	"  printf '%s\\n' \"$@\" | LC_ALL=C sort | paste -sd' ' | sed 's/^/GOT /' >>\"$GOT\"\n"
	"}\n";

/* Readline works on a pipe too; M-* (insert-completions) puts all candidates into the line. */
static void bash_offers_it(void **state)
{
	static const char *const argv[] = {"bash", "--norc", "--noprofile", "-i", NULL};
	const struct place *p = *state;
	cleanup_str struct str in = STR_INIT;

	need("bash");
	cleanup_close int fd = file_memfd("bash");
	write_completion(p, "bash", "demo");
	put(p->dir, "tell", 0644, tell);
	str_add(&in, ". ../bash\n. ../tell\n");
	for (size_t i = 0; i < ARRAY_LEN(queries); i++)
		str_printf(
			&in, "SKIP=%u\n%s\033*\n", whole_words(queries[i].line), queries[i].line);
	str_add(&in, "exit 0\n");
	assert_int_equal(file_write_fd(fd, in.s, in.len), 0);
	lseek(fd, 0, SEEK_SET);
	run_shell(p, argv, fd);
	check(p, "bash", true);
}

/* zsh types the queries itself, as soon as its line editor is ready for a line. */
static const char zsh_driver[] =
	"PS1= PS2=; autoload -Uz compinit; compinit -u -D\n"
	". ../zsh\n"
	". ../tell\n"
	"insert_all() { compstate[insert]=all }\n"
	"all() { local -a comppostfuncs=(insert_all); _main_complete }\n"
	"zle -C all complete-word all\n"
	"typeset -i query=0\n"
	"zle-line-init() {\n"
	"  if ((++query > $#queries)); then BUFFER='exit 0'; zle accept-line; return; fi\n"
	"  SKIP=$skips[query] BUFFER=$queries[query] CURSOR=$#BUFFER\n"
	"  zle all\n"
	"  zle accept-line\n"
	"}\n"
	"zle -N zle-line-init\n";

static void zsh_offers_it(void **state)
{
	static const char *const argv[] = {"script", "-qec", "zsh -d -i", "/dev/null", NULL};
	const struct place *p = *state;
	cleanup_str struct str rc = STR_INIT;

	need("zsh");
	write_completion(p, "zsh", "demo");
	put(p->dir, "tell", 0644, tell);
	str_add(&rc, "queries=(");
	for (size_t i = 0; i < ARRAY_LEN(queries); i++)
		str_printf(&rc, "'%s' ", queries[i].line);
	str_add(&rc, ")\nskips=(");
	for (size_t i = 0; i < ARRAY_LEN(queries); i++)
		str_printf(&rc, "%u ", whole_words(queries[i].line));
	str_printf(&rc, ")\n%s", zsh_driver);
	put(p->dir, ".zshrc", 0644, str_get(&rc));
	run_shell(p, argv, -1);
	check(p, "zsh", true);
}

static void fish_offers_it(void **state)
{
	const char *argv[] = {"fish", "--no-config", NULL, NULL};
	const struct place *p = *state;
	cleanup_str struct str script = STR_INIT;

	need("fish"); /* before anything is allocated: skipping jumps out */
	cleanup_free char *path = file_join(p->dir, "driver");
	write_completion(p, "fish", "demo");
	str_add(&script, "source ../fish\n");
	for (size_t i = 0; i < ARRAY_LEN(queries); i++)
		str_printf(&script,
			"echo GOT (complete -C '%s' | cut -f1 | LC_ALL=C sort) >>$GOT\n",
			queries[i].line);
	put(p->dir, "driver", 0644, str_get(&script));
	argv[2] = path;
	run_shell(p, argv, -1);
	check(p, "fish", false);
}

/* Elvish filters by what is typed after the completer has spoken, and so does this. */
static void elvish_offers_it(void **state)
{
	const char *argv[] = {"script", "-qec", "elvish -rc ../driver", "/dev/null", NULL};
	const struct place *p = *state;
	cleanup_str struct str script = STR_INIT;

	need("elvish");
	write_completion(p, "elvish", "demo");
	str_add(&script,
		"use str\neval (slurp < ../elvish)\n"
		"fn ask {|@words|\n"
		"  var found = [($edit:completion:arg-completer[demo] $@words | each {|it|\n"
		"    var word = $it\n"
		"    if (not-eq (kind-of $it) string) { set word = $it[stem] }\n"
		"    if (str:has-prefix $word $words[-1]) { put $word }\n"
		"  } | order)]\n"
		"  echo GOT $@found >> $E:GOT\n"
		"}\n");
	for (size_t i = 0; i < ARRAY_LEN(queries); i++)
		str_printf(&script, "ask %.*s'%s'\n",
			(int)(partial(queries[i].line) - queries[i].line), queries[i].line,
			partial(queries[i].line));
	str_add(&script, "exit\n");
	put(p->dir, "driver", 0644, str_get(&script));
	run_shell(p, argv, -1);
	check(p, "elvish", false);
}

static void put_line(struct str *script, const char *front, const char *text, const char *rest,
	void (*quote)(const char *, struct str *))
{
	str_add(script, front);
	quote(text, script);
	str_add(script, rest);
}

/* Registered for another name; $GOT says under which name the shell knows it. */
static void any_name_can_be_registered(void **state)
{
	static const struct {
		const char *shell, *argv[6], *front, *rest;
		void (*quote)(const char *, struct str *);
	} rows[] = {
		{"bash", {"bash", "../driver"}, ". ../bash; complete -p -- ", " >>$GOT\n",
			quote_posix},
		{"zsh", {"zsh", "-d", "../driver"},
			"autoload -Uz compinit; compinit -u -D; . ../zsh; name=",
			"; print -r -- $_comps[$name] >>$GOT\n", quote_posix},
		{"fish", {"fish", "--no-config", "../driver"}, "source ../fish; complete -c ",
			" >>$GOT\n", quote_fish},
		{"elvish", {"script", "-qec", "elvish -rc ../driver", "/dev/null"},
			"eval (slurp < ../elvish); echo (kind-of $edit:completion:arg-completer[",
			"]) >>$E:GOT; exit\n", quote_doubled},
	};
	const struct place *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_str struct str driver = STR_INIT, got = STR_INIT;
		cleanup_free char *pwned = file_join(p->work, "pwned");
		cleanup_free char *found = spawn_find(rows[i].shell);

		if (!found)
			continue;
		unlink(p->got);
		write_completion(p, rows[i].shell, odd);
		put_line(&driver, rows[i].front, odd, rows[i].rest, rows[i].quote);
		put(p->dir, "driver", 0644, str_get(&driver));
		run_shell(p, rows[i].argv, -1);
		assert_int_equal(file_read(p->got, 1 << 20, &got, NULL), 0);
		if (got.len < 3)
			fail_msg("%s does not know '%s'", rows[i].shell, odd);
		assert_false(file_exists(pwned));
	}
}

/*
 * PowerShell's grammar as far as the script uses it: strings in either quote, comments, brackets
 * that close in order, nothing else that is not a word or an operator.
 */
static void scan_powershell(const char *text)
{
	char open[64];
	size_t depth = 0;

	for (const char *s = text; *s; s++) {
		if (*s == '#') {
			s += strcspn(s, "\n");
		} else if (*s == '\'') {
			do
				s = strchr(s + 1, '\'');
			while (s && s[1] == '\'' && s++);
			assert_non_null(s);
		} else if (*s == '"') {
			for (s++; *s != '"'; s++) {
				s += *s == '`';
				assert_true(*s != '\0' && *s != '\n');
			}
		} else if (strchr("({[", *s)) {
			assert_true(depth < sizeof(open));
			open[depth++] = *s;
		} else if (strchr(")}]", *s)) {
			assert_true(depth > 0);
			assert_int_equal(*s, strchr("()", open[--depth]) ? ')'
					     : strchr("{}", open[depth]) ? '}'
									 : ']');
		} else if (!strchr(" \n\t$@_-+=.,:;|?&<>", *s)) {
			if (!isalnum((unsigned char)*s))
				fail_msg("'%c' stands outside a string: %.40s", *s, s);
		}
	}
	assert_int_equal(depth, 0);
}

static void powershell_script_is_well_formed(void **state)
{
	static const char *const binaries[] = {"demo", odd};
	static const char *const has[] = {
		"-CommandName 'demo' ",
		"'--kernel', 'kernel''s name [or path]: any'\n",
		"'demo run' = @(\n",
		"'demo run --kernel' = @('run', '--kernel')\n",
		"'demo run -k', '--kernel'\n",
		"'kvm', 'MODE'\n",
		"'run', 'run what''s there'\n",
	};
	cleanup_str struct str script = STR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(binaries); i++) {
		str_clear(&script);
		assert_int_equal(
			cli_completion(&demo_cli, "powershell", binaries[i], &script, NULL), 0);
		scan_powershell(str_get(&script));
	}
	assert_non_null(strstr(script.s, "-CommandName 'it''s-a $(touch pwned).2' "));
	str_clear(&script);
	cli_completion(&demo_cli, "powershell", "demo", &script, NULL);
	for (size_t i = 0; i < ARRAY_LEN(has); i++)
		assert_non_null(strstr(script.s, has[i]));
	assert_null(strstr(script.s, "secret"));
}

/* PowerShell's own parser, where there is one. */
static void powershell_parses_it(void **state)
{
	static const char check_it[] =
		"$errs = $null\n"
		"$file = Join-Path $PSScriptRoot 'powershell.ps1'\n"
		"[void][System.Management.Automation.Language.Parser]::ParseFile($file, "
		"[ref]$null, "
		"[ref]$errs)\n"
		"Set-Content -Path $env:GOT -Value \"errors $($errs.Count)\"\n";
	const struct place *p = *state;
	const char *argv[] = {"pwsh", "-NoProfile", "-File", NULL, NULL};
	cleanup_str struct str script = STR_INIT, got = STR_INIT;

	need("pwsh");
	cleanup_free char *path = file_join(p->dir, "check.ps1");
	cli_completion(&demo_cli, "powershell", "demo", &script, NULL);
	put(p->dir, "powershell.ps1", 0644, str_get(&script));
	put(p->dir, "check.ps1", 0644, check_it);
	argv[3] = path;
	run_shell(p, argv, -1);
	assert_int_equal(file_read(p->got, 1 << 20, &got, NULL), 0);
	assert_string_equal(str_trim(got.s), "errors 0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(bash_offers_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(zsh_offers_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(fish_offers_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(elvish_offers_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(any_name_can_be_registered, set_up, tear_down),
		cmocka_unit_test(powershell_script_is_well_formed),
		cmocka_unit_test_setup_teardown(powershell_parses_it, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
