/* ktstr locks: who holds which part of this machine. Looks, and touches nothing. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "probes/topo/topo.h"
#include "src/base/parse.h"
#include "src/cli/locks_state.h"
#include "src/kernels/place.h"

struct locks_values {
	bool json, detail, changes_only;
	struct opt_u64 watch, timeout;
	struct strv kinds, modes, pids, until;
	const char *sysroot;
};

static const char *const kind_names[] = {"llc", "cpu", "cache", "run", NULL};

void locks_render(const struct locks_call *c, const struct locks *l, struct str *out)
{
	struct json_out j;

	if (!c->json) {
		locks_text(l, &c->view, out);
		return;
	}
	json_init(&j, out, !c->interval);
	locks_json(l, &c->view, &j);
	str_addc(out, '\n');
}

void locks_note(const struct locks_call *c, const struct locks *l)
{
	if (l->warning)
		cli_note(c->cx, "warning: %s", l->warning);
	if (c->view.detail && l->unreadable)
		cli_note(c->cx,
			"the descriptors of %u process%s cannot be read by this user: what only "
			"they hold is not shown",
			l->unreadable, l->unreadable == 1 ? "" : "es");
}

static int one_look(struct locks_call *c)
{
	cleanup_str struct str out = STR_INIT;
	struct err e = ERR_INIT;
	struct locks *l = locks_read(c->reader, &e);
	int rc;

	if (!l) {
		cli_error(c->cx, &e);
		return EXIT_FAILED;
	}
	locks_render(c, l, &out);
	rc = cli_print(c->cx, &out);
	locks_note(c, l);
	locks_free(l);
	return rc;
}

/* ---- options --------------------------------------------------------------------------------- */

/* A bit for each of the names that was given. */
static unsigned bits_of(const struct strv *words, const char *const *names)
{
	unsigned bits = 0;

	for (int i = 0; names[i]; i++)
		if (strv_has(words, names[i]))
			bits |= 1U << i;
	return bits;
}

static int pids_of(const struct strv *words, pid_t *out, struct err *e)
{
	for (size_t i = 0; i < words->n; i++) {
		uint32_t v;

		if (parse_u32(words->v[i], &v, NULL) || !v || v > INT_MAX)
			return err_set(e, EINVAL,
				"invalid value '%.40s' for '--pid': it is the number of a process",
				words->v[i]);
		out[i] = (pid_t)v;
	}
	return 0;
}

static int check(const struct locks_values *v, struct err *e)
{
	if (v->watch.set && !v->watch.v)
		return err_set(e, EINVAL, "--watch 0 would never rest: give a time such as 1s");
	if (v->changes_only && !v->watch.set)
		return err_set(e, EINVAL, "--changes-only goes with --watch");
	return 0;
}

/* The nodes of LLCs and CPUs; where the machine cannot be read they are unknown. */
static struct topo *tell_nodes(struct locks_reader *reader, const struct sysroot *root)
{
	struct topo *t = topo_collect_shape(root, NULL);
	const struct locks_numa numa = {t, topo_llc_node, topo_cpu_llc_node};

	locks_reader_set_numa(reader, &numa);
	return t;
}

static int look(struct locks_call *c, const struct locks_values *v, const struct sysroot *root,
	const struct lockfile_roots *roots)
{
	struct topo *topo;
	int rc;

	c->reader = locks_reader_new(&(struct locks_options){
		.root = root,
		.roots = roots,
		.facts = v->detail,
		.kinds = v->until.n ? 0 : c->view.kinds,
	});
	topo = tell_nodes(c->reader, root);
	rc = v->watch.set || v->until.n ? locks_watch(c) : one_look(c);
	locks_reader_free(c->reader);
	topo_free(topo);
	return rc;
}

static int with_roots(struct locks_call *c, const struct locks_values *v)
{
	struct place_storage storage;
	struct place place = place_host(&storage);
	cleanup_free char *cache = place_cache_root(&place, NULL);
	struct lockfile_roots roots;
	struct err e = ERR_INIT;
	struct sysroot *root = sysroot_open(v->sysroot, &e);
	int rc;

	if (!root) {
		cli_error(c->cx, &e);
		return EXIT_FAILED;
	}
	lockfile_roots_init(&roots, cache);
	rc = look(c, v, root, &roots);
	lockfile_roots_release(&roots);
	sysroot_close(root);
	return rc;
}

static int run(const void *values, const struct cli_context *cx)
{
	const struct locks_values *v = values;
	cleanup_free pid_t *pids = xcalloc(v->pids.n + 1, sizeof(*pids));
	struct locks_call c = {
		.cx = cx,
		.view = {.kinds = bits_of(&v->kinds, kind_names),
			.standing = bits_of(&v->modes, locks_standing_names),
			.pids = pids,
			.npids = v->pids.n,
			.detail = v->detail},
		.interval = v->watch.v,
		.timeout = v->timeout,
		.json = v->json,
		.changes_only = v->changes_only,
	};
	struct err e = ERR_INIT;
	int rc;

	if (check(v, &e) || pids_of(&v->pids, pids, &e) ||
		locks_conditions_parse(&v->until, &c.until, &e)) {
		cli_error(cx, &e);
		locks_conditions_release(&c.until);
		return EXIT_USAGE;
	}
	rc = with_roots(&c, v);
	locks_conditions_release(&c.until);
	return rc;
}

static const struct opt opts[] = {
	{
		.name = "json",
		.letter = 'j',
		.help = "print one JSON object; with --watch one a line",
		.offset = offsetof(struct locks_values, json),
	},
	{
		.name = "watch",
		.letter = 'w',
		.type = OPT_DURATION,
		.metavar = "TIME",
		.help = "look again every TIME until interrupted",
		.more = "On a terminal the report is redrawn in place, elsewhere an empty line "
			"parts the reports.",
		.offset = offsetof(struct locks_values, watch),
	},
	{
		.name = "long",
		.letter = 'l',
		.help = "one table: modes, waiters, times, users and cgroups",
		.more = "With --json the same is added to the objects.",
		.offset = offsetof(struct locks_values, detail),
	},
	{
		.name = "kind",
		.letter = 'k',
		.type = OPT_CHOICES,
		.metavar = "KIND,...",
		.help = "only locks of these kinds",
		.choices = kind_names,
		.offset = offsetof(struct locks_values, kinds),
	},
	{
		.name = "mode",
		.letter = 'm',
		.type = OPT_CHOICES,
		.metavar = "MODE,...",
		.help = "only locks that are free, sh, ex, waited for or stale",
		.more = "sh and ex are held shared and exclusively; sh,ex is whatever is held. A "
			"stale lock is kept by a process that "
			"inherited it from one that is gone.",
		.choices = locks_standing_names,
		.offset = offsetof(struct locks_values, modes),
	},
	{
		.name = "pid",
		.letter = 'p',
		.type = OPT_LIST,
		.metavar = "PID",
		.help = "only what process PID holds or waits for; repeatable",
		.offset = offsetof(struct locks_values, pids),
	},
	{
		.name = "changes-only",
		.help = "with --watch: a report only when something changed",
		.needs = "watch",
		.offset = offsetof(struct locks_values, changes_only),
	},
	{
		.name = "until",
		.letter = 'u',
		.type = OPT_LIST,
		.metavar = "COND",
		.help = "wait until COND holds, such as free:llc0; repeatable",
		.more = "free:LOCK or held:LOCK, where LOCK is llcN, cpuN, cache:KEY or run:KEY. "
			"All of them must be true at the same time; "
			"then the "
			"report is printed. Nothing is locked: somebody else may be faster.",
		.offset = offsetof(struct locks_values, until),
	},
	{
		.name = "timeout",
		.type = OPT_DURATION,
		.metavar = "TIME",
		.help = "with --until: give up after TIME, with status 124",
		.needs = "until",
		.offset = offsetof(struct locks_values, timeout),
	},
	{
		.name = "sysroot",
		.type = OPT_TEXT,
		.metavar = "DIR",
		.help = "of the machine whose /proc, /sys and locks are in DIR",
		.complete = COMPLETE_DIR,
		.offset = offsetof(struct locks_values, sysroot),
	},
};

static const char *const examples[] = {
	"ktstr locks",
	"ktstr locks --long",
	"ktstr locks --watch 1s",
	"ktstr locks --json | jq -r '.llcs[] | select(.holders == []) | .llc_idx'",
	"ktstr locks --watch 100ms --changes-only --json >locks.ndjson",
	"ktstr locks --until free:llc0 --timeout 5m && ./measure",
	NULL,
};

const struct command cmd_locks = {
	.name = "locks",
	.summary = "show which processes hold which part of this machine",
	.about =
		"Lists the lock files by which ktstr processes keep out of each other's way, and "
		"who holds them: those of last-level caches and of CPUs, of entries of the kernel "
		"cache and of folders of test runs. It only looks: no lock file is opened, locked "
		"or made."
		"\n\n"
		"Holders come from /proc/locks and from the lock lines of /proc/PID/fdinfo. The "
		"first names the process that took the lock, which may be gone; the second has "
		"whoever has the lock open now, such as the child of a process that has ended. A "
		"process that is gone is named only when nobody else is found."
		"\n\n"
		"In the table of --long, MODE is EX (nobody else may have it) or SH; '*' marks a "
		"process that waits, '!' one that inherited the lock from a process that is gone, "
		"'?' a file that was found by its inode number alone. HELD counts from when the "
		"lock was taken where --watch has seen it; otherwise '<' and '>' mark a bound from "
		"the age of the process. BLOCKER are those who keep a process waiting, ACQUIRER is "
		"who took a lock that another process has now."
		"\n\n"
		"With --json, the arrays llcs, cpus, cache and run_dirs hold an object a lock "
		"file: llc_idx, cpu, cache_key or run_key, numa_node where there is one (null = "
		"unknown), lockfile, and holders, an array of objects with pid and cmdline. --long "
		"adds mode, stale, uncertain and waiters to these, and to holders mode, fd, "
		"acquirer, live, stale, held_ns, held_known (seen, at_least, at_most), uid and "
		"cgroup; a waiter's eta_ns is how long it may have to wait still, by the medians "
		"of "
		"past holds of the commands that block it or get the lock before it (eta_before of "
		"them), as far as --watch has seen them; the last of these medians is of "
		"eta_holds. "
		"unreadable_processes counts those whose descriptors this user may not "
		"read.",
	.examples = examples,
	.opts = opts,
	.nopts = sizeof(opts) / sizeof(opts[0]),
	.values_size = sizeof(struct locks_values),
	.run = run,
};
