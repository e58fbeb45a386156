/* ktstr topo: which CPUs share caches and memory, of this machine or of a captured one. */
#include "probes/topo/topo.h"
#include "src/cli/cli.h"

struct topo_values {
	bool json, verbose;
	const char *sysroot;
};

static void note_warnings(const struct topo *t, const struct cli_context *cx)
{
	for (size_t i = 0; i < t->warnings.n; i++)
		cli_note(cx, "warning: %s", t->warnings.v[i]);
}

/* The list is the machine's, whatever this process may use; that the two differ is worth a line. */
static void note_affinity(const struct topo *t, const struct cli_context *cx)
{
	cleanup_cpuset struct cpuset rest = CPUSET_INIT;
	cleanup_str struct str text = STR_INIT;

	cpuset_copy(&rest, &t->online);
	cpuset_minus(&rest, &t->allowed);
	if (cpuset_empty(&rest))
		return;
	cpuset_format(&rest, &text);
	cli_note(cx, "warning: listed, but closed to this process by its affinity: CPU%s %s",
		cpuset_count(&rest) == 1 ? "" : "s", str_get(&text));
}

static void render(const struct topo *t, const struct topo_values *v, struct str *out)
{
	struct json_out j;

	if (!v->json) {
		topo_text(t, v->verbose, out);
		return;
	}
	json_init(&j, out, true);
	topo_json(t, &j);
	str_addc(out, '\n');
}

static int run(const void *values, const struct cli_context *cx)
{
	const struct topo_values *v = values;
	cleanup_str struct str out = STR_INIT;
	struct err e = ERR_INIT;
	struct sysroot *root = sysroot_open(v->sysroot, &e);
	bool all = v->json || v->verbose;
	struct topo *t = !root ? NULL : all ? topo_collect(root, &e) : topo_collect_shape(root, &e);

	sysroot_close(root);
	if (!t) {
		cli_error(cx, &e);
		return EXIT_FAILED;
	}
	note_warnings(t, cx);
	note_affinity(t, cx);
	render(t, v, &out);
	topo_free(t);
	return cli_print(cx, &out);
}

static const struct opt opts[] = {
	{
		.name = "json",
		.letter = 'j',
		.help = "print everything that is known as one JSON object",
		.offset = offsetof(struct topo_values, json),
	},
	{
		.name = "verbose",
		.letter = 'v',
		.help = "add tables of nodes, packages, LLCs, cores, caches and CPUs",
		.more = "Columns that would tell nothing on this machine are left out.",
		.clashes = "json",
		.offset = offsetof(struct topo_values, verbose),
	},
	{
		.name = "sysroot",
		.type = OPT_TEXT,
		.metavar = "DIR",
		.help = "describe the machine whose /sys and /proc are in DIR",
		.more = "Links in DIR cannot lead out of it. A captured machine has no affinity: "
			"all "
			"its online CPUs count as allowed.",
		.complete = COMPLETE_DIR,
		.offset = offsetof(struct topo_values, sysroot),
	},
};

static const char *const examples[] = {
	"ktstr topo",
	"ktstr topo --verbose",
	"ktstr topo --json | jq -r '.llcs[0].cpus | join(\",\")'",
	"ktstr topo --json | jq '[.cores[].cpus[0]]'",
	"ktstr topo --json | jq '.nodes[] | select(.memory_only) | .node'",
	NULL,
};

const struct command cmd_topo = {
	.name = "topo",
	.summary = "show which CPUs share last-level caches and memory nodes",
	.about =
		"Lists the last-level caches (LLCs) of the machine and the CPUs that share each. "
		"LLCs are numbered over all online CPUs, so that the numbers mean the same in "
		"every "
		"process; an LLC is a cache of level 2 or deeper, and a CPU without one is an "
		"LLC of its own. What the kernel leaves out or contradicts is said on stderr."
		"\n\n"
		"With --json, what holds for the whole machine comes first: notation "
		"(\"1n4l8c2t\": "
		"nodes, LLCs, cores of an LLC, threads of a core; a * at the end where the machine "
		"is asymmetric, and then the largest cores and threads), asymmetric, "
		"shell_topology "
		"(that shape as 'ktstr shell --topology' takes it), model, counts, the CPU sets "
		"online, offline, allowed, disallowed, isolated and nohz_full, and distances_given "
		"(false where nodes are merely taken to be 10 and 20 apart). Arrays of objects "
		"follow: nodes, packages, kinds, llcs, cores, caches and cpus; then warnings."
		"\n\n"
		"A key means the same wherever it stands: llc, core, node, package and cpu are "
		"numbers of such a thing, its own in its own array and a reference elsewhere. Sets "
		"of them are arrays of numbers. Keys that end in _bytes and _khz carry their unit. "
		"What is not known is null, and the key _why beside it tells the reason where that "
		"is not plain.",
	.examples = examples,
	.opts = opts,
	.nopts = sizeof(opts) / sizeof(opts[0]),
	.values_size = sizeof(struct topo_values),
	.run = run,
};
