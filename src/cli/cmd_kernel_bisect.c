/* ktstr kernel bisect: between a good and a bad kernel, which is the first bad one. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/clock.h"
#include "src/base/crc32.h"
#include "src/base/file.h"
#include "src/base/utf8.h"
#include "src/cli/bisect_guest.h"
#include "src/cli/cli.h"
#include "src/cli/kernel_watch.h"
#include "src/kernels/bisect.h"
#include "src/kernels/builder.h"
#include "src/kernels/candidates.h"

enum { STATE_BYTES_MAX = 1 << 20 };

#define STATE_FOLDER ".bisect" /* below the cache root */

struct values {
	const char *good, *bad, *tree;
	struct strv shell;
	bool restart;
	struct strv command;
};

struct search {
	const struct values *v;
	const struct cli_context *cx;
	struct bisect b;
	struct place_storage storage;
	struct place place;
	char *root, *state; /* owned */
};

/* ---- what is known from an earlier run ------------------------------------------------------ */

/* The same question has the same file: its ends, its tree, its command. */
static char *state_path(const struct search *s)
{
	cleanup_str struct str all = STR_INIT;
	const struct values *v = s->v;

	str_printf(&all, "%s\n%s\n%s\n", v->good, v->bad, v->tree ? v->tree : "");
	for (size_t i = 0; i < v->shell.n; i++)
		str_printf(&all, "%s\n", v->shell.v[i]);
	for (size_t i = 0; i < v->command.n; i++)
		str_printf(&all, "%s\n", v->command.v[i]);
	return xasprintf("%s/" STATE_FOLDER "/%08x", s->root, crc32_ieee(all.s, all.len));
}

static void load(struct search *s)
{
	cleanup_str struct str text = STR_INIT;

	if (s->v->restart || file_read(s->state, STATE_BYTES_MAX, &text, NULL))
		return;
	bisect_read(&s->b, str_get(&text));
	if (bisect_known(&s->b))
		cli_note(s->cx, "of these kernels %zu were tried earlier: --restart forgets that",
			bisect_known(&s->b));
}

/* Not being able to remember is no reason to stop. */
static void save(const struct search *s)
{
	cleanup_str struct str text = STR_INIT;
	cleanup_free char *folder = file_dir(s->state);
	struct err e = ERR_INIT;

	bisect_write(&s->b, &text);
	if (file_mkdirs(folder, 0755, &e) ||
		file_replace(s->state, str_get(&text), text.len, 0644, &e))
		cli_note(s->cx, "warning: what was found out is not kept: %s", e.msg);
}

/* ---- one try -------------------------------------------------------------------------------- */

/* Without a word of the command only a panic says something about the kernel. */
static enum verdict_kind judge(bool started, int status)
{
	return started || status == EXIT_PANIC ? bisect_judge(status) : BISECT_SKIP;
}

static const char *seconds(uint64_t ns, char buf[32])
{
	snprintf(buf, 32, "%llu.%llu s", (unsigned long long)(ns / NS_PER_SEC),
		(unsigned long long)(ns % NS_PER_SEC / (NS_PER_SEC / 10)));
	return buf;
}

/* False when the search cannot go on. */
static bool try_one(struct search *s, size_t at, struct err *e)
{
	struct bisect_item *item = &s->b.items.v[at];
	const struct bisect_guest guest = {
		.kernel = item->id, .words = &s->v->shell, .command = &s->v->command};
	uint64_t began = clock_mono_ns();
	bool started;
	char took[32];

	cli_note(s->cx, "kernel %s (%zu of %zu): about %u more to try", item->label, at + 1,
		s->b.items.n, bisect_left(&s->b));
	item->status = bisect_guest_run(&guest, &started, e);
	if (item->status == -ECANCELED)
		err_hint(e, "the same command line goes on from here");
	if (item->status < 0)
		return false;
	item->verdict = judge(started, item->status);
	cli_note(s->cx, "kernel %s: %s (status %d, %s)", item->label, bisect_word(item->verdict),
		item->status, seconds(clock_mono_ns() - began, took));
	save(s);
	return true;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static void summarize(const struct search *s, struct str *out)
{
	size_t from, to, width = strlen("KERNEL");

	for (size_t i = 0; i < s->b.items.n; i++)
		if (utf8_width(s->b.items.v[i].label) > width)
			width = utf8_width(s->b.items.v[i].label);
	str_printf(out, "%-*s  VERDICT  STATUS\n", (int)width, "KERNEL");
	for (size_t i = 0; i < s->b.items.n; i++) {
		const struct bisect_item *item = &s->b.items.v[i];

		if (item->verdict == BISECT_UNKNOWN)
			continue;
		str_add(out, item->label);
		str_repeat(out, ' ', (unsigned)(width - utf8_width(item->label)));
		str_printf(out, "  %-7s", bisect_word(item->verdict));
		if (item->status >= 0)
			str_printf(out, "  %d", item->status);
		str_addc(out, '\n');
	}
	bisect_suspects(&s->b, &from, &to);
	if (from == to)
		str_printf(out, "first bad: %s\n", s->b.items.v[to].label);
	else
		str_printf(out, "first bad: one of %s to %s, the others could not be judged\n",
			s->b.items.v[from].label, s->b.items.v[to].label);
}

static int search_on(struct search *s, struct err *e)
{
	size_t at;

	while (bisect_next(&s->b, &at))
		if (!try_one(s, at, e))
			return -e->code;
	return 0;
}

static int prepare(struct search *s, struct err *e)
{
	struct kernel_watch w;
	int rc;

	s->place = place_host(&s->storage);
	s->root = place_cache_root(&s->place, e);
	if (!s->root)
		return -e->code;
	s->state = state_path(s);
	kernel_watch_begin(&w, s->cx);
	rc = candidates(&s->place, s->root, s->v->tree, s->v->good, s->v->bad, &w.report, &s->b, e);
	kernel_watch_end(&w);
	if (rc)
		return rc;
	load(s);
	s->b.items.v[0].verdict = BISECT_GOOD;
	s->b.items.v[s->b.items.n - 1].verdict = BISECT_BAD;
	return 0;
}

static int run(const void *values, const struct cli_context *cx)
{
	struct search s = {.v = values, .cx = cx};
	cleanup_str struct str out = STR_INIT;
	struct err e = ERR_INIT;
	int rc = 0;

	if (!s.v->good || !s.v->bad || !s.v->command.n)
		rc = err_set(&e, EINVAL, "it takes --good ID, --bad ID and, behind --, a command");
	if (rc) {
		cli_error(cx, &e);
		return EXIT_USAGE;
	}
	rc = prepare(&s, &e);
	rc = rc ? rc : search_on(&s, &e);
	if (rc)
		cli_error(cx, &e);
	else
		summarize(&s, &out);
	bisect_release(&s.b);
	free(s.root);
	free(s.state);
	return rc ? (rc == -ECANCELED ? 128 + SIGINT : EXIT_FAILED) : cli_print(cx, &out);
}

static const struct opt opts[] = {
	{
		.name = "good",
		.type = OPT_TEXT,
		.metavar = "ID",
		.help = "a version (with --source: a commit) that is good",
		.offset = offsetof(struct values, good),
	},
	{
		.name = "bad",
		.type = OPT_TEXT,
		.metavar = "ID",
		.help = "a newer one that is bad",
		.offset = offsetof(struct values, bad),
	},
	{
		.name = "source",
		.type = OPT_TEXT,
		.metavar = "DIR",
		.help = "search the commits of this git tree",
		.more = "Its first-parent history from the good to the bad commit. The tree itself "
			"is not touched. Without it the cached and published versions between the "
			"two are searched.",
		.complete = COMPLETE_DIR,
		.offset = offsetof(struct values, tree),
	},
	{
		.name = "shell",
		.type = OPT_LIST,
		.metavar = "WORD",
		.help = "a further word for `ktstr shell`",
		.more = "As in --shell=--topology=1,2,2,1.",
		.offset = offsetof(struct values, shell),
	},
	{
		.name = "restart",
		.help = "forget what an earlier run of the same search found out",
		.offset = offsetof(struct values, restart),
	},
};

static const struct positional args[] = {
	{
		.name = "COMMAND",
		.help = "run in the guest: one word is a line for its shell",
		.repeat = true,
		.complete = COMPLETE_COMMAND,
		.offset = offsetof(struct values, command),
	},
};

static const char *const examples[] = {
	"ktstr kernel bisect --good 6.12 --bad 6.17 -- 'grep -q scx /proc/kallsyms'",
	"ktstr kernel bisect --source . --good v6.16 --bad HEAD --shell=-i./t -- t",
	NULL,
};

const struct command cmd_kernel_bisect = {
	.name = "bisect",
	.summary = "find the first kernel on which a command fails",
	.about =
		"Boots kernels between a good and a bad one, building those that are not cached, "
		"and "
		"runs a command in each. Its status says what a kernel is: 0 good, 125 skip, "
		"anything else bad. A kernel that cannot be built or does not boot is skipped, one "
		"that panics is bad. "
		"What was found out is kept: after an interruption the same command line goes on.",
	.examples = examples,
	.opts = opts,
	.nopts = sizeof(opts) / sizeof(opts[0]),
	.args = args,
	.nargs = sizeof(args) / sizeof(args[0]),
	.values_size = sizeof(struct values),
	.run = run,
};
