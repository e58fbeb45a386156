/* ktstr ctprof show: one snapshot. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "probes/ctprof/export.h"
#include "probes/ctprof/select.h"
#include "probes/ctprof/text.h"
#include "src/cli/ctprof_view.h"
#include "src/cli/term.h"

struct values {
	struct ctprof_view_values view;
	const char *path;
};

static void render(const struct values *v, const struct ctprof_view *view, struct ctp_groups *g,
	const struct cli_context *cx, struct str *out)
{
	struct ctp_export x = {.view = &view->view, .path = {v->path}};
	struct ctp_text_options o = {.view = &view->view,
		.colour = term_color(cx, STDOUT_FILENO),
		.wrap = v->view.wrap && isatty(STDOUT_FILENO) ? term_width(STDOUT_FILENO, 80) : 0,
		.path = {v->path}};
	struct json_out j;

	if (v->view.json) {
		json_init(&j, out, true);
		ctp_json_show(g, &x, &j);
		str_addc(out, '\n');
	} else if (v->view.csv) {
		ctp_csv_show(g, &x, out);
	} else {
		ctp_text_show(g, &o, out);
	}
}

static int show(const struct values *v, const struct ctprof_view *view,
	const struct ctp_snapshot *s, const struct cli_context *cx)
{
	struct ctp_selection selection = {&v->view.pids, &v->view.comms, &v->view.cgroups};
	struct ctp_naming naming = view->naming;
	cleanup_strv struct strv warnings = STRV_INIT;
	cleanup_str struct str out = STR_INIT;
	cleanup_free bool *keep = NULL;
	struct err e = ERR_INIT;
	struct ctp_groups *g;

	if (!ctp_selection_is_all(&selection)) {
		keep = ctp_select(s, &selection, &e);
		if (!keep) {
			cli_error(cx, &e);
			return EXIT_FAILED;
		}
	}
	naming.keep[0] = keep;
	g = ctp_group(s, NULL, &naming, &warnings);
	for (size_t i = 0; i < warnings.n; i++)
		cli_note(cx, "warning: %s", warnings.v[i]);
	render(v, view, g, cx, &out);
	ctp_groups_free(g);
	return cli_print(cx, &out);
}

static int run(const void *values, const struct cli_context *cx)
{
	const struct values *v = values;
	struct ctprof_view view;
	struct ctp_snapshot *snaps[2];
	struct err e = ERR_INIT;
	int rc = ctprof_view_init(&view, &v->view, true, cx, &e);

	if (!rc)
		rc = ctprof_load(v->path, NULL, v->view.max_size.v, snaps, &e);
	if (rc) {
		cli_error(cx, &e);
		return EXIT_FAILED;
	}
	rc = show(v, &view, snaps[0], cx);
	ctp_free(snaps[0]);
	return rc;
}

static const struct opt opts[] = {
	CTPROF_VIEW_OPTIONS(
		offsetof(struct values, view), ctprof_show_axes, "pcomm", ctprof_list_show_columns),
};

static const struct positional args[] = {
	{
		.name = "SNAPSHOT",
		.help = "a file of 'ktstr ctprof capture'",
		.complete = COMPLETE_FILE,
		.required = true,
		.offset = offsetof(struct values, path),
	},
};

static const char *const examples[] = {
	"ktstr ctprof show before.ctprof.zst",
	"ktstr ctprof show a.zst --group-by cgroup --sections pressure",
	"ktstr ctprof show a.zst --sort-by run_time_ns --limit 20",
	"ktstr ctprof show a.zst --csv > a.csv",
	NULL,
};

const struct command cmd_ctprof_show = {
	.name = "show",
	.summary = "show what one snapshot holds",
	.about = "Groups the threads of a snapshot and prints what each group adds up to. "
		 "Counters count from the start of each thread: what happened in a stretch of "
		 "time is what 'ktstr ctprof compare' shows. A value that nobody measured is -, "
		 "never 0; with --json, _why says why.",
	.examples = examples,
	.opts = opts,
	.nopts = sizeof(opts) / sizeof(opts[0]),
	.args = args,
	.nargs = sizeof(args) / sizeof(args[0]),
	.values_size = sizeof(struct values),
	.run = run,
};
