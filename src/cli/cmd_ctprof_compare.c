/* ktstr ctprof compare: what happened between two snapshots. */
#include <errno.h>

#include "src/cli/ctprof_view.h"

struct values {
	struct ctprof_view_values view;
	const char *a, *b;
	struct strv idle;
};

/* Loads the idle pairs: BEFORE and AFTER by turns. */
static int load_idle(const struct strv *paths, uint64_t max_size, struct ctprof_pair *pairs,
	size_t *n, struct err *e)
{
	if (paths->n % 2)
		return err_set(e, EINVAL,
			"--idle names one snapshot too few: a pair has one before and one after");
	for (*n = 0; *n < paths->n / 2; (*n)++) {
		struct ctp_snapshot *pair[2];
		int rc = ctprof_load(paths->v[2 * *n], paths->v[2 * *n + 1], max_size, pair, e);

		if (rc)
			return rc;
		pairs[*n] = (struct ctprof_pair){{pair[0], pair[1]}};
	}
	return 0;
}

static int compare(const struct values *v, const struct ctprof_view *view,
	struct ctp_snapshot *const snaps[2], const struct cli_context *cx)
{
	struct ctprof_pair rep = {{snaps[0], snaps[1]}};
	cleanup_free struct ctprof_pair *idle = xcalloc(v->idle.n + 1, sizeof(*idle));
	struct ctprof_pairs p = {.path = {v->a, v->b}, .reps = &rep, .nreps = 1, .idle = idle};
	struct err e = ERR_INIT;
	int rc = load_idle(&v->idle, v->view.max_size.v, idle, &p.nidle, &e);

	if (rc) {
		cli_error(cx, &e);
		rc = EXIT_FAILED;
	} else {
		rc = ctprof_print_compare(view, &p, cx);
	}
	for (size_t i = 0; i < p.nidle; i++) {
		ctp_free(idle[i].side[0]);
		ctp_free(idle[i].side[1]);
	}
	return rc;
}

static int run(const void *values, const struct cli_context *cx)
{
	const struct values *v = values;
	struct ctprof_view view;
	struct ctp_snapshot *snaps[2];
	struct err e = ERR_INIT;
	int rc = ctprof_view_init(&view, &v->view, false, cx, &e);

	if (!rc)
		rc = ctprof_load(v->a, v->b, v->view.max_size.v, snaps, &e);
	if (rc) {
		cli_error(cx, &e);
		return EXIT_FAILED;
	}
	rc = compare(v, &view, snaps, cx);
	ctp_free(snaps[0]);
	ctp_free(snaps[1]);
	return rc;
}

static const struct opt opts[] = {
	CTPROF_COMPARE_OPTIONS(offsetof(struct values, view), "percent"),
	{
		.name = "idle",
		.type = OPT_LIST,
		.metavar = "FILE",
		.help = "twice: snapshots at rest, the noise to judge by",
		.more = "Adds a column: what the metric does at rest in the same time, with a ! "
			"where "
			"the change is beyond that. Several pairs may be named; the largest "
			"counts.",
		.complete = COMPLETE_FILE,
		.offset = offsetof(struct values, idle),
	},
};

static const struct positional args[] = {
	{
		.name = "BASELINE",
		.help = "the snapshot before",
		.complete = COMPLETE_FILE,
		.required = true,
		.offset = offsetof(struct values, a),
	},
	{
		.name = "CANDIDATE",
		.help = "the snapshot after",
		.complete = COMPLETE_FILE,
		.required = true,
		.offset = offsetof(struct values, b),
	},
};

static const char *const examples[] = {
	"ktstr ctprof compare before.ctprof.zst after.ctprof.zst",
	"ktstr ctprof compare a.zst b.zst --group-by pcomm --sort-by run_time_ns",
	"ktstr ctprof compare a.zst b.zst --sections primary --rates --limit 40",
	"ktstr ctprof compare a.zst b.zst --json | jq '.primary[0]'",
	NULL,
};

const struct command cmd_ctprof_compare = {
	.name = "compare",
	.summary = "show what threads did between two snapshots",
	.about =
		"Threads of both snapshots are grouped by name, so that a pool of workers is one "
		"line and survives a restart; every metric of a group that both have becomes a "
		"row, the "
		"largest change in proportion first, what began at nothing before that. A value "
		"that nobody measured is -, never 0. Groups that only one snapshot has are listed "
		"at the end; with --group-by all, cgroups that were renamed but hold the same "
		"threads are "
		"compared all the same, and named."
		"\n\n"
		"A difference is no failure: the status is 0 unless --exit-code asks for "
		"another. What differs between the hosts of the captures is said on stderr."
		"\n\n"
		"With --json, primary and derived are arrays of rows in the order of the "
		"tables: the group, metric, section, unit, baseline, candidate, delta, ratio "
		"(the change as a share of the baseline) and per_second, in base units. Ranges, "
		"words and CPU lists are objects. What is absent is null, and _why beside it "
		"says why: cfg the kernel does not keep it, perm it may not be read, na the "
		"thread has none, skip it was left out, gone the thread had ended. groups says how "
		"many threads survived, were born and are gone.",
	.examples = examples,
	.opts = opts,
	.nopts = sizeof(opts) / sizeof(opts[0]),
	.args = args,
	.nargs = sizeof(args) / sizeof(args[0]),
	.values_size = sizeof(struct values),
	.run = run,
};
