/* ktstr ctprof capture: a snapshot of every thread into a file. */
#include <errno.h>

#include "src/cli/ctprof.h"

struct values {
	struct ctprof_capture_values capture;
	const char *output;
};

static int run(const void *values, const struct cli_context *cx)
{
	const struct values *v = values;
	struct ctp_result result = {0};
	struct err e = ERR_INIT;
	int rc;

	if (!v->output) {
		err_set(&e, EINVAL, "missing --output FILE: where the snapshot is written to");
		cli_error(cx, &e);
		return EXIT_USAGE;
	}
	rc = ctprof_capture(&v->capture, v->output, NULL, &result, cx, &e);
	if (rc < 0) {
		cli_error(cx, &e);
	} else {
		ctprof_say_result(&result, cx);
		cli_note(cx, "wrote ctprof snapshot to %s", v->output);
	}
	ctp_result_release(&result);
	return rc == 0 ? EXIT_OK : rc == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
}

static const struct opt opts[] = {
	{
		.name = "output",
		.letter = 'o',
		.type = OPT_TEXT,
		.metavar = "FILE",
		.help = "write the snapshot to this file (required)",
		.more = "JSON in zstd; by custom FILE ends in .ctprof.zst. It takes its name when "
			"it is complete, so that a capture that fails leaves what was there.",
		.complete = COMPLETE_FILE,
		.offset = offsetof(struct values, output),
	},
	CTPROF_CAPTURE_OPTIONS(offsetof(struct values, capture)),
};

static const char *const examples[] = {
	"ktstr ctprof capture -o before.ctprof.zst",
	"ktstr ctprof capture -o web.ctprof.zst --cgroup '/system.slice/nginx*'",
	NULL,
};

const struct command cmd_ctprof_capture = {
	.name = "capture",
	.summary = "write a snapshot of every thread's counters to a file",
	.about =
		"Reads the counters of every thread of the machine, or of those that --pid, --comm "
		"and --cgroup leave, and writes them to one file. Ctrl-C ends it without a "
		"file.\n\n"
		"What may not be read is left out and said in one line on stderr: without root, "
		"that is I/O counters and memory maps of other users' threads and all delay "
		"accounting. A value that is missing is missing in the file too, with its reason; "
		"other readers of the format see 0.",
	.examples = examples,
	.opts = opts,
	.nopts = sizeof(opts) / sizeof(opts[0]),
	.values_size = sizeof(struct values),
	.run = run,
};
