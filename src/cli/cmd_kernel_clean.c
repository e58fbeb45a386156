/* ktstr kernel clean: removes entries from the kernel cache. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/cli/cli.h"
#include "src/kernels/clean.h"
#include "src/kernels/listing.h"

struct values {
	struct opt_u32 keep;
	struct opt_u64 older;
	bool force, yes, corrupt_only, dry_run;
};

static void show(const struct listing *l, const struct clean_set *s, const char *heading,
	const struct cli_context *cx)
{
	cleanup_str struct str out = STR_INIT;

	str_printf(&out, "%s\n", heading);
	for (size_t i = 0; i < s->list.n; i++) {
		listing_row(l, &l->cache.entries.v[s->list.v[i]], false, &out);
		str_addc(&out, '\n');
	}
	cli_print(cx, &out);
}

/* 1 = go on, 0 = not. */
static int ask(struct listing *l, const struct clean_set *s, const struct place *place,
	const struct cli_context *cx)
{
	cleanup_str struct str notice = STR_INIT;
	char answer[8] = "";

	listing_ask_series(l, place, false);
	listing_fetch_notice(l, "kernel clean", &notice);
	fputs(str_get(&notice), stderr);
	show(l, s, "the following entries will be removed:", cx);
	fprintf(stderr, "remove %zu entries? [y/N] ", s->list.n);
	if (!fgets(answer, sizeof(answer), stdin))
		fputc('\n', stderr);
	return !strcmp(answer, "y\n") || !strcmp(answer, "Y\n");
}

static int remove_all(const struct listing *l, const struct clean_set *s, bool even_busy,
	const struct cli_context *cx)
{
	cleanup_str struct str out = STR_INIT;
	struct err last = ERR_INIT;
	const char *failed = NULL;
	size_t removed = 0, busy = 0;

	for (size_t i = 0; i < s->list.n; i++) {
		const struct kcache_entry *entry = &l->cache.entries.v[s->list.v[i]];
		struct err e = ERR_INIT;
		int rc = clean_remove(l->root, entry, even_busy, &e);

		if (!rc) {
			removed++;
		} else if (rc == -EBUSY) {
			fprintf(stderr,
				"kernel clean: skipped: %s; --force removes it all the same\n",
				e.msg);
			busy++;
		} else {
			failed = entry->key;
			last = e;
		}
	}
	str_printf(&out, "removed %zu cached kernel(s).\n", removed);
	cli_print(cx, &out);
	if (!failed)
		return EXIT_OK;
	err_prefix(
		&last, "removed %zu of %zu entries; remove %s", removed, s->list.n - busy, failed);
	cli_error(cx, &last);
	return EXIT_FAILED;
}

static int clean(const struct values *v, struct listing *l, const struct clean_set *s,
	const struct place *place, const struct cli_context *cx)
{
	cleanup_str struct str out = STR_INIT;
	struct err e = ERR_INIT;

	if (!s->list.n) {
		str_add(&out, "nothing to clean\n");
		return cli_print(cx, &out);
	}
	if (v->dry_run) {
		show(l, s, "the following entries would be removed:", cx);
		return EXIT_OK;
	}
	if (v->force || v->yes)
		return remove_all(l, s, v->force, cx);
	if (!isatty(STDIN_FILENO) || cx->batch) {
		err_set(&e, ENOTTY, "confirmation requires a terminal. Use --force to skip.");
		cli_error(cx, &e);
		return EXIT_FAILED;
	}
	if (ask(l, s, place, cx))
		return remove_all(l, s, false, cx);
	str_add(&out, "aborted\n");
	return cli_print(cx, &out);
}

static int run(const void *values, const struct cli_context *cx)
{
	const struct values *v = values;
	struct place_storage storage;
	const struct place place = place_host(&storage);
	const struct clean_options o = {
		.keep = v->keep.set ? v->keep.v : 0,
		.corrupt_only = v->corrupt_only,
		.older_ns = v->older.set ? v->older.v : 0,
	};
	struct err e = ERR_INIT;
	cleanup_free char *root = place_cache_root(&place, &e);
	struct clean_set s;
	struct listing l;
	int status;

	if (!root || listing_scan(&l, root, &e)) {
		cli_error(cx, &e);
		return EXIT_FAILED;
	}
	clean_pick(&l.cache, &o, &s);
	status = clean(v, &l, &s, &place, cx);
	clean_set_release(&s);
	listing_release(&l);
	return status;
}

static const struct opt opts[] = {
	{
		.name = "keep",
		.type = OPT_U32,
		.metavar = "N",
		.help = "keep the newest N of each version and configuration",
		.clashes = "corrupt-only",
		.offset = offsetof(struct values, keep),
	},
	{
		.name = "older-than",
		.type = OPT_DURATION,
		.metavar = "TIME",
		.help = "only what was built longer ago than this: 30d, 6months",
		.offset = offsetof(struct values, older),
	},
	{
		.name = "corrupt-only",
		.type = OPT_FLAG,
		.help = "only entries that cannot be used",
		.offset = offsetof(struct values, corrupt_only),
	},
	{
		.name = "dry-run",
		.letter = 'n',
		.type = OPT_FLAG,
		.help = "show what would be removed",
		.offset = offsetof(struct values, dry_run),
	},
	{
		.name = "yes",
		.letter = 'y',
		.type = OPT_FLAG,
		.help = "do not ask; entries in use are skipped",
		.offset = offsetof(struct values, yes),
	},
	{
		.name = "force",
		.type = OPT_FLAG,
		.help = "do not ask, and remove entries in use as well",
		.offset = offsetof(struct values, force),
	},
};

static const char *const examples[] = {
	"ktstr kernel clean --dry-run --older-than 30d",
	"ktstr kernel clean --keep 2",
	"ktstr kernel clean --corrupt-only --force",
	NULL,
};

const struct command cmd_kernel_clean = {
	.name = "clean",
	.summary = "remove kernels from the cache",
	.about =
		"Without options everything, after a question: entries that were built, those that "
		"were unpacked from packages, and those that cannot be used. An entry that a guest "
		"has booted or a build writes is skipped unless --force. Each is taken away by one "
		"rename, so that nobody finds half of one.",
	.examples = examples,
	.opts = opts,
	.nopts = sizeof(opts) / sizeof(opts[0]),
	.values_size = sizeof(struct values),
	.run = run,
};
