/* ktstr ctprof run: a capture, a command, a capture, and what happened between the two. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/spawn.h"
#include "src/base/units.h"
#include "probes/ctprof/exits.h"
#include "src/cli/ctprof.h"
#include "src/cli/ctprof_view.h"
#include "src/cli/term.h"

struct values {
	struct ctprof_view_values view;
	struct ctprof_capture_values capture;
	struct strv outputs, command;
	struct opt_u32 reps;
};

enum { CANNOT_START = 127, REPS_MAX = 100, LINES_SHOWN = 32 };

/* Without --sections and --metrics. */
#define BRIEF_SECTIONS "primary,host-pressure,sched-ext"
#define BRIEF_METRICS                                                                              \
	"run_time_ns,wait_time_ns,voluntary_csw,nonvoluntary_csw,nr_wakeups,nr_migrations,wait_"   \
	"max,"                                                                                     \
	"block_sum,iowait_sum"

/* A machine left alone is watched as long as the command took, within these. */
#define IDLE_LEAST (1 * NS_PER_SEC)
#define IDLE_MOST  (10 * NS_PER_SEC)

/* Snapshots of this run, and what the command came to. */
struct run {
	const struct values *v;
	const struct cli_context *cx;
	const char *path[2]; /* NULL = in memory */
	const char *const *argv;
	struct ctprof_pair *reps, idle;
	size_t nreps;
	uint64_t took_ns;	 /* the command, the first time */
	int status;		 /* of the first that failed */
	bool said;		 /* what captures cannot have */
	struct ctp_exits *exits; /* of the first repetition; NULL = not told */
};

/* With a name the snapshot goes through its file: what is compared is what was kept. */
static int capture(struct run *r, const char *path, const struct ctp_snapshot **out, struct err *e)
{
	struct ctp_snapshot *s = NULL;
	struct ctp_result result;
	int rc = ctprof_capture(&r->v->capture, path, &s, &result, r->cx, e);

	if (rc == 0 && path) {
		s = ctp_load(path, r->v->view.max_size.v, e);
		rc = s ? 0 : -e->code;
	}
	if (rc == 0 && !r->said) {
		ctprof_say_missing(&result, r->cx);
		r->said = true;
	}
	ctp_result_release(&result);
	*out = s;
	return rc;
}

static void add_time(struct str *out, const char *what, uint64_t ns)
{
	units_duration(out, ns);
	str_printf(out, " %s", what);
}

static uint64_t ns_of(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * NS_PER_SEC + (uint64_t)t->tv_usec * 1000;
}

/* Processes that began and ended in between are in neither snapshot: this is what they add up to.
 */
static void say_usage(const struct run *r, const struct rusage *u, uint64_t wall_ns, int status)
{
	cleanup_str struct str line = STR_INIT;

	add_time(&line, "wall, ", wall_ns);
	add_time(&line, "user, ", ns_of(&u->ru_utime));
	add_time(&line, "system", ns_of(&u->ru_stime));
	str_printf(&line,
		", %ld voluntary and %ld other switches, %ld minor and %ld major faults, peak ",
		u->ru_nvcsw, u->ru_nivcsw, u->ru_minflt, u->ru_majflt);
	units_bytes(&line, (uint64_t)u->ru_maxrss * 1024);
	cli_note(r->cx, "%s: %s; status %d", r->argv[0], line.s, status);
}

/* Waits for the command; what it left to us is taken leave of on the way. */
static int wait_for(pid_t pid, struct rusage *usage)
{
	int status = 0;
	pid_t gone;

	do {
		gone = wait4(-1, &status, 0, usage);
	} while (gone != pid && (gone > 0 || errno == EINTR));
	return spawn_status(status);
}

/* Interrupts from the terminal are for the command; what it did is shown all the same. */
static int run_command(struct run *r, struct err *e)
{
	const struct spawn_fd fds[] = {{STDIN_FILENO, 0}, {STDOUT_FILENO, 1}, {STDERR_FILENO, 2}};
	const struct spawn s = {.argv = r->argv, .fds = fds, .nfds = ARRAY_LEN(fds)};
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction old_int, old_quit;
	uint64_t from = clock_mono_ns();
	struct rusage usage = {0};
	int status;
	pid_t pid = spawn_start(&s, e);

	if (pid < 0)
		return pid;
	sigaction(SIGINT, &ignore, &old_int);
	sigaction(SIGQUIT, &ignore, &old_quit);
	status = wait_for(pid, &usage);
	sigaction(SIGINT, &old_int, NULL);
	sigaction(SIGQUIT, &old_quit, NULL);
	say_usage(r, &usage, clock_mono_ns() - from, status);
	if (r->took_ns == 0)
		r->took_ns = clock_mono_ns() - from;
	if (r->status == 0)
		r->status = status;
	return 0;
}

/* Processes whose parents ended become children of ours, so that all that descends from the command
 * is known to. */
static int run_watched(struct run *r, struct err *e)
{
	int rc;

	r->exits = ctp_exits_start((uint32_t)getpid(), NULL);
	if (r->exits)
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	rc = run_command(r, e);
	if (r->exits)
		ctp_exits_stop(r->exits);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	return rc;
}

static int one_rep(struct run *r, size_t i, struct err *e)
{
	int rc = capture(r, i ? NULL : r->path[0], &r->reps[i].side[0], e);

	if (rc == 0) {
		rc = i ? run_command(r, e) : run_watched(r, e);
		if (rc < 0)
			r->status = CANNOT_START;
	}
	if (rc == 0)
		rc = capture(r, i ? NULL : r->path[1], &r->reps[i].side[1], e);
	return rc;
}

static void leave_alone(uint64_t ns)
{
	struct timespec t;

	ns = ns < IDLE_LEAST ? IDLE_LEAST : ns > IDLE_MOST ? IDLE_MOST : ns;
	t.tv_sec = (time_t)(ns / NS_PER_SEC);
	t.tv_nsec = (long)(ns % NS_PER_SEC);
	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

/* What the machine does on its own in the same time. */
static int idle_pair(struct run *r, struct err *e)
{
	int rc = capture(r, NULL, &r->idle.side[0], e);

	if (rc == 0) {
		leave_alone(r->took_ns);
		rc = capture(r, NULL, &r->idle.side[1], e);
	}
	return rc;
}

static int run_all(struct run *r, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->nreps; i++)
		rc = one_rep(r, i, e);
	if (rc == 0 && r->v->reps.set)
		rc = idle_pair(r, e);
	return rc;
}

static int print(const struct run *r, const struct ctprof_view *view)
{
	const struct ctprof_pairs p = {
		.path = {r->path[0] ? r->path[0] : "before", r->path[1] ? r->path[1] : "after"},
		.reps = r->reps,
		.nreps = r->nreps,
		.idle = &r->idle,
		.nidle = r->v->reps.set,
		.summary = true,
		.exits = r->exits,
	};

	if (r->exits && ctp_exits_lost(r->exits))
		cli_note(r->cx, "more tasks ended than could be counted");
	return ctprof_print_compare(view, &p, r->cx);
}

static void release(struct run *r)
{
	for (size_t i = 0; i < r->nreps; i++) {
		ctp_free(r->reps[i].side[0]);
		ctp_free(r->reps[i].side[1]);
	}
	ctp_free(r->idle.side[0]);
	ctp_free(r->idle.side[1]);
	free(r->reps);
	ctp_exits_free(r->exits);
}

/* What nothing was said about: the story at a glance, two screens of it. Programs get everything.
 */
static void be_brief(const struct ctprof_view_values *v, struct ctp_view *view)
{
	if (!v->order)
		view->order = CTP_ORDER_TIME;
	if (v->json || v->csv)
		return;
	if (!v->limit.set)
		view->limit = LINES_SHOWN;
	if (v->sections || v->metrics)
		return;
	ctp_view_sections(view, BRIEF_SECTIONS, NULL);
	ctp_view_metrics(view, BRIEF_METRICS, NULL);
}

/* `-o A B -- CMD`: one word before the dashes is the second name. */
static int take_words(struct run *r, struct err *e)
{
	const struct values *v = r->v;
	size_t extra = r->cx->before_dashes == SIZE_MAX ? 0 : r->cx->before_dashes;

	if (v->outputs.n + extra != 0 && (v->outputs.n + extra != 2 || v->outputs.n == 0))
		return err_set(e, EINVAL,
			"--output takes two files and the command follows '--': "
			"-o BEFORE AFTER -- COMMAND");
	if (v->outputs.n) {
		r->path[0] = v->outputs.v[0];
		r->path[1] = v->outputs.n == 2 ? v->outputs.v[1] : v->command.v[0];
	}
	if (v->command.n == extra)
		return err_set(e, EINVAL, "missing COMMAND: what is to be run");
	r->argv = (const char *const *)v->command.v + extra;
	return 0;
}

static int run(const void *values, const struct cli_context *cx)
{
	const struct values *v = values;
	struct run r = {.v = v, .cx = cx, .nreps = v->reps.set ? v->reps.v : 1};
	struct ctprof_view view;
	struct err e = ERR_INIT;
	int rc = take_words(&r, &e), status;

	if (rc == 0)
		rc = ctprof_view_init(&view, &v->view, false, cx, &e);
	if (rc < 0) {
		cli_error(cx, &e);
		return EXIT_USAGE;
	}
	be_brief(&v->view, &view.view);
	r.reps = xcalloc(r.nreps, sizeof(*r.reps));
	rc = run_all(&r, &e);
	if (rc < 0) {
		cli_error(cx, &e);
		status = EXIT_FAILED;
	} else {
		status = print(&r, &view);
	}
	release(&r);
	return r.status ? r.status : status;
}

static const struct opt opts[] = {
	{
		.name = "reps",
		.type = OPT_U32,
		.metavar = "N",
		.help = "run it N times, mark what exceeds rest",
		.more = "Another pair of captures is then taken with nothing run in between, as "
			"long as the command took (1 to 10 s). The column noise says what the "
			"metric does at rest, with a ! where every repetition changed it in the "
			"same direction and by more. What is shown is the first repetition.",
		.min = 1,
		.max = REPS_MAX,
		.offset = offsetof(struct values, reps),
	},
	{
		.name = "output",
		.letter = 'o',
		.type = OPT_LIST,
		.metavar = "FILE",
		.help = "keep the two: -o BEFORE AFTER -- COMMAND",
		.more = "Or the option twice. Of several repetitions, those of the first.",
		.complete = COMPLETE_FILE,
		.offset = offsetof(struct values, outputs),
	},
	CTPROF_HOW_OPTIONS(offsetof(struct values, capture)),
	CTPROF_COMPARE_OPTIONS(offsetof(struct values, view), "time"),
};

static const struct positional args[] = {
	{
		.name = "COMMAND",
		.help = "what is run, with its arguments; write '--' before it",
		.complete = COMPLETE_COMMAND,
		.required = true,
		.repeat = true,
		.offset = offsetof(struct values, command),
	},
};

static const char *const examples[] = {
	"ktstr ctprof run -- make -j2",
	"ktstr ctprof run --reps 3 --group-by pcomm -- ./bench",
	"ktstr ctprof run -o before.ctprof.zst after.ctprof.zst -- ./bench",
	NULL,
};

const struct command cmd_ctprof_run = {
	.name = "run",
	.summary = "run a command between two captures and compare them",
	.about =
		"Captures every thread of the machine, runs the command on this terminal, captures "
		"again and prints what happened. First, as root, what ended in between and is in "
		"neither capture, by name: tasks of the command, then those of others. Then what "
		"threads that are still there did in this time: those that came by all they have, "
		"those that stayed by what they added; on a terminal tables have the columns "
		"that fit. Then both captures as 'ktstr ctprof "
		"compare' "
		"has them, but groups that ran and waited most come first, and no more than two "
		"screens: --limit 0, --sections and --metrics ask for more, and with -o the two "
		"are "
		"kept for compare. A line on stderr sums up the command and what it waited for.\n\n"
		"With --json what ended is under the key ended, with --csv in rows of the sections "
		"ended and ended-others. What the command leaves running stays a child of ktstr "
		"until that ends.\n\n"
		"The exit status is that of the command, 128+N when signal N ended it, 127 when it "
		"cannot be started; of several repetitions, the first that is not 0.",
	.examples = examples,
	.opts = opts,
	.nopts = sizeof(opts) / sizeof(opts[0]),
	.args = args,
	.nargs = sizeof(args) / sizeof(args[0]),
	.values_size = sizeof(struct values),
	.run = run,
};
