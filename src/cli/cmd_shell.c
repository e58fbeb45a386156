/* `ktstr shell`: a Linux guest on this terminal, or one command in it. */
#include <errno.h>
#include <unistd.h>

#include "src/cli/cli.h"
#include "src/cli/shell_options.h"
#include "src/cli/shell_session.h"

static const struct opt opts[] = {
	{
		.name = "exec",
		.type = OPT_TEXT,
		.metavar = "CMD",
		.help = "run this instead of an interactive shell",
		.more = "By the guest's `sh -c`, as `ssh HOST CMD` would: stdin is passed with its "
			"end, stdout and stderr stay apart, and the command's exit status is ours.",
		.offset = offsetof(struct shell_values, exec),
	},
	{
		.name = "exec-timeout",
		.type = OPT_DURATION,
		.metavar = "TIME",
		.help = "end --exec after this long, boot included (120s)",
		.more = "The exit code is 124 then.",
		.offset = offsetof(struct shell_values, exec_timeout),
	},
	SHELL_GUEST_OPTIONS(0, NULL),
	{
		.name = "dry-run",
		.type = OPT_FLAG,
		.help = "print which CPUs would be reserved and who has others; boot nothing",
		.more = "The exit status is 1 when they could not be had now, or the guest's disk "
			"or memory could not.",
		.offset = offsetof(struct shell_values, dry_run),
	},
	{
		.name = "dmesg",
		.type = OPT_FLAG,
		.help = "show the guest's kernel log on stderr as it comes",
		.offset = offsetof(struct shell_values, dmesg),
	},
	{
		.name = "timings",
		.type = OPT_FLAG,
		.help = "say on stderr at the end what took how long",
		.more = "Also the engine and why it was chosen; when the monitor was started, its "
			"first "
			"CPU ran, "
			"the kernel was entered, init and the prompt were there, and the end; and "
			"how "
			"often and why the guest's CPUs came back to our own monitor.",
		.offset = offsetof(struct shell_values, timings),
	},
	{
		.name = "json",
		.letter = 'j',
		.type = OPT_FLAG,
		.help = "--timings as one line of JSON, the last on stderr",
		.more = "Moments are nanoseconds since the start, null where one was not reached "
			"or cannot "
			"be seen.",
		.needs = "timings",
		.offset = offsetof(struct shell_values, json),
	},
};

static const char *const examples[] = {
	"ktstr shell",
	"ktstr shell --topology 2,4,2,2 --exec 'lscpu -e'",
	"ktstr shell --topology 4c2t+4c2t/8c1t/mem --offline-cpus 3",
	"ktstr shell -i ./prog -i strace",
	NULL,
};

static int dry_run(const struct vm_config *c, const struct cli_context *cx)
{
	cleanup_str struct str text = STR_INIT;
	struct err e = ERR_INIT;
	int rc = vm_check_room(c, &e), status;

	rc = rc ? rc : vm_reservation_text(c, &text, &e);
	for (size_t i = 0; i < c->notes.n; i++)
		cli_note(cx, "%s", c->notes.v[i]);
	status = cli_print(cx, &text);
	if (!rc)
		return status;
	cli_error(cx, &e);
	return EXIT_FAILED;
}

static int run(const void *values, const struct cli_context *cx)
{
	const struct shell_values *v = values;
	struct vm_config c;
	struct err e = ERR_INIT;
	int rc = shell_config(v, &c, &e);

	if (!rc && v->dry_run) {
		rc = dry_run(&c, cx);
		shell_config_release(&c);
		return rc;
	}
	if (!rc && !c.exec && !isatty(STDIN_FILENO)) {
		rc = err_set(&e, ENOTTY, "stdin must be a terminal for interactive shell mode");
		err_hint(&e, "--exec CMD runs one command without a terminal");
		shell_config_release(&c);
	}
	if (rc) {
		cli_error(cx, &e);
		return rc == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	}
	rc = shell_session(&c,
		!v->timings ? SHELL_TIMINGS_NONE
		: v->json   ? SHELL_TIMINGS_JSON
			    : SHELL_TIMINGS_TEXT,
		cx);
	shell_config_release(&c);
	return rc;
}

const struct command cmd_shell = {
	.name = "shell",
	.summary = "boot a Linux guest and work in it",
	.about =
		"Boots a kernel with a small userland of its own and gives it this terminal. "
		"The guest needs no image: what it should hold is named with --include-files, and "
		"everything in it is gone when it ends.\n\n"
		"Ctrl-A x ends the guest at once; Ctrl-A and any other key send both. `exit` ends "
		"it from inside.\n\n"
		"A guest reserves the CPUs that it runs on by lock files, as every ktstr process "
		"does, so that none disturbs another's measurements: as a rule one CPU for each of "
		"its own, with their LLCs shared. Where others have them, the error says who, and "
		"--wait waits. A guest that is larger than this machine runs on all of it, with a "
		"warning.\n\n"
		"With --exec the exit status is that of the command, 128+N when signal N ended it; "
		"124 after --exec-timeout, 125 when its result was lost, 254 when the guest never "
		"reached its init, 255 when its kernel panicked. Lines of ours on stderr start "
		"with `ktstr: `.",
	.examples = examples,
	.opts = opts,
	.nopts = sizeof(opts) / sizeof(opts[0]),
	.values_size = sizeof(struct shell_values),
	.run = run,
};
