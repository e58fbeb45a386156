/* ktstr ctprof metric-list: what a profile is read by, and what of it this machine can measure. */
#include <stdio.h>
#include <unistd.h>

#include "probes/ctprof/capture.h"
#include "probes/ctprof/metric_list.h"
#include "src/cli/ctprof_view.h"
#include "src/cli/term.h"

struct values {
	bool here, json;
};

static void render(const struct values *v, const struct ctp_thread *here,
	const struct cli_context *cx, struct str *out)
{
	struct json_out j;

	if (!v->json) {
		ctp_metric_list_text(here, term_color(cx, STDOUT_FILENO), out);
		return;
	}
	json_init(&j, out, true);
	ctp_metric_list_json(here, &j);
	str_addc(out, '\n');
}

/* What can be read of this very process is what this machine gives to whoever asks now. */
static struct ctp_snapshot *capture_self(struct err *e)
{
	uint32_t pid = (uint32_t)getpid();
	struct sysroot *root = sysroot_open(NULL, e);
	struct ctp_capture_opts o = {.root = root, .pids = &pid, .npids = 1, .workers = 1};
	struct ctp_result result = {0};
	struct ctp_snapshot *s = root ? ctp_capture(&o, &result, e) : NULL;

	ctp_result_release(&result);
	sysroot_close(root);
	return s;
}

static int run(const void *values, const struct cli_context *cx)
{
	const struct values *v = values;
	struct ctp_snapshot *self = NULL;
	cleanup_str struct str out = STR_INIT;
	struct err e = ERR_INIT;

	if (v->here || v->json) {
		self = capture_self(&e);
		if (!self || !self->nthreads) {
			cli_error(cx, &e);
			ctp_free(self);
			return EXIT_FAILED;
		}
	}
	render(v, self ? ctp_thread_at(self, 0) : NULL, cx, &out);
	ctp_free(self);
	return cli_print(cx, &out);
}

static const struct opt opts[] = {
	{
		.name = "here",
		.type = OPT_FLAG,
		.help = "add what this machine can measure, and units",
		.more = "Whether a value is there, or why not, for whoever runs the command: some "
			"need capabilities.",
		.offset = offsetof(struct values, here),
	},
	{
		.name = "json",
		.letter = 'j',
		.type = OPT_FLAG,
		.help = "print the same as JSON, with what is available here",
		.offset = offsetof(struct values, json),
	},
};

static const char *const examples[] = {
	"ktstr ctprof metric-list",
	"ktstr ctprof metric-list --here",
	"ktstr ctprof metric-list --json | jq -r '.metrics[].metric'",
	NULL,
};

const struct command cmd_ctprof_metric_list = {
	.name = "metric-list",
	.summary = "list metrics, sections and tags",
	.about = "Prints the sections and metrics that 'ktstr ctprof compare' and 'show' know, "
		 "with what a kernel must have been built with for each ([SCHEDSTATS] stands for "
		 "CONFIG_SCHEDSTATS) and which scheduling classes keep it.",
	.examples = examples,
	.opts = opts,
	.nopts = sizeof(opts) / sizeof(opts[0]),
	.values_size = sizeof(struct values),
	.run = run,
};
