/* The root: what `ktstr` alone does, and what stands above its subcommands. */
#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/parse.h"
#include "src/cli/cli.h"
#include "src/cli/man_keys.h"
#include "src/cli/shell_options.h"
#include "src/cli/term.h"
#include "ui/batch.h"
#include "ui/dashboard.h"
#include "ui/panes.h"

enum {
	DELAY_MS = 1000,
	BATCH_ROWS = 40,
	BATCH_COLS = 120,
	SIDE_MAX = 1000,
	PATIENCE_S = 120, /* a guest under emulation on a busy machine boots in half of that */
};

struct dashboard_values {
	struct strv panes;
	struct opt_u32 frames;
	struct opt_u64 delay;
	const char *size, *keys, *sysroot;
	bool json, readonly, ascii, no_mouse, boot;
	struct shell_values guest;
};

static const char *const pane_ids[] = {"topo", "locks", "ctprof", "vm", NULL};

static uint64_t delay_of(const struct dashboard_values *v)
{
	return v->delay.set ? v->delay.v : DELAY_MS * NS_PER_MS;
}

static int check_delay(const struct dashboard_values *v, struct err *e)
{
	uint64_t ms = delay_of(v) / NS_PER_MS;

	if (ms >= APP_DELAY_MIN_MS && ms <= APP_DELAY_MAX_MS)
		return 0;
	return err_set(e, EINVAL, "--delay is between 100ms and 1h");
}

/* "120x40": columns, rows. */
static int parse_side(const char *text, size_t n, int *out)
{
	char digits[8];
	uint32_t v;

	if (!n || n >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, text, n);
	digits[n] = 0;
	if (parse_u32(digits, &v, NULL) || v < 1 || v > SIDE_MAX)
		return -EINVAL;
	*out = (int)v;
	return 0;
}

static int parse_screen(const char *text, int *cols, int *rows, struct err *e)
{
	const char *x = text ? strchr(text, 'x') : NULL;

	*cols = BATCH_COLS;
	*rows = BATCH_ROWS;
	if (!text)
		return 0;
	if (x && !parse_side(text, (size_t)(x - text), cols) &&
		!parse_side(x + 1, strlen(x + 1), rows))
		return 0;
	return err_set(e, EINVAL,
		"invalid value '%.40s' for '--size': it is COLUMNSxROWS such as 120x40, each 1 to "
		"%d",
		text, SIDE_MAX);
}

/* `guest` is NULL without --boot. */
static struct session_options session_of(
	const struct dashboard_values *v, const struct vm_config *guest)
{
	return (struct session_options){
		.readonly = v->readonly,
		.ascii = v->ascii,
		.delay_ns = delay_of(v),
		.sysroot = v->sysroot,
		.host = {&pane_topo, &pane_locks, &pane_ctprof},
		.guest = &pane_vm,
		.boot_dialog = &dialog_boot,
		.boot = guest,
	};
}

/* ---- without a terminal ---------------------------------------------------------------------- */

static bool write_frame(void *user, const struct str *text)
{
	int rc = file_write_fd(STDOUT_FILENO, str_get(text), text->len);

	*(int *)user = rc;
	return rc == 0;
}

static int run_batch(const struct dashboard_values *v, const struct vm_config *guest,
	const struct cli_context *cx)
{
	struct err e = ERR_INIT;
	int written = 0, rc;
	struct batch_options o = {
		.session = session_of(v, guest),
		.panes = &v->panes,
		.frames = v->frames.set ? v->frames.v : 1,
		.json = v->json,
		.keys = v->keys,
		.patience_ns = PATIENCE_S * NS_PER_SEC,
		.write = write_frame,
		.user = &written,
	};

	if (parse_screen(v->size, &o.session.cols, &o.session.rows, &e)) {
		cli_error(cx, &e);
		return EXIT_USAGE;
	}
	o.session.ascii |= strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	rc = batch_run(&o, &e);
	if (!rc && written && written != -EPIPE)
		rc = err_sys(&e, written, "cannot write to stdout");
	if (!rc)
		return EXIT_OK;
	cli_error(cx, &e);
	return rc > 0 ? rc : EXIT_FAILED;
}

/* ---- on a terminal --------------------------------------------------------------------------- */

/* --color decides before NO_COLOR does; without either, what the terminal can. */
static int colours_of(const struct cli_context *cx)
{
	return term_color(cx, STDOUT_FILENO) ? -1 : 0;
}

static int run_terminal(const struct dashboard_values *v, const struct vm_config *guest,
	const struct cli_context *cx)
{
	const struct dashboard_options o = {
		.session = session_of(v, guest),
		.tty = {.colours = colours_of(cx), .ascii = v->ascii, .mouse = !v->no_mouse},
	};
	struct err e = ERR_INIT;
	int rc = dashboard_run(&o, &e);

	if (rc >= 0)
		return rc ? 128 + rc : EXIT_OK;
	cli_error(cx, &e);
	return EXIT_FAILED;
}

static int no_terminal(const struct cli_context *cx)
{
	cli_usage(cx);
	cli_note(cx, "the dashboard needs a terminal; with --batch it is printed as text");
	return EXIT_USAGE;
}

/* A guest's pane is there with a guest only: from --boot, or from the keys that are played. */
static int check_panes(const struct dashboard_values *v, struct err *e)
{
	if (!strv_has(&v->panes, "vm") || v->boot || v->keys)
		return 0;
	return err_set(e, EINVAL, "there is no guest for '--pane vm': --boot boots one");
}

static int check(const struct dashboard_values *v, struct vm_config *guest, struct err *e)
{
	int rc = check_delay(v, e);

	if (!rc)
		rc = check_panes(v, e);
	return rc ? rc : shell_config(&v->guest, guest, e);
}

static int run(const void *values, const struct cli_context *cx)
{
	const struct dashboard_values *v = values;
	struct err e = ERR_INIT;
	struct vm_config guest;
	int rc = check(v, &guest, &e);

	if (rc) {
		cli_error(cx, &e);
		return rc == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	}
	if (cx->batch)
		rc = run_batch(v, v->boot ? &guest : NULL, cx);
	else if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		rc = no_terminal(cx);
	else
		rc = run_terminal(v, v->boot ? &guest : NULL, cx);
	shell_config_release(&guest);
	return rc;
}

static const struct opt opts[] = {
	{
		.name = "readonly",
		.help = "take away every key that changes something",
		.offset = offsetof(struct dashboard_values, readonly),
	},
	{
		.name = "ascii",
		.help = "draw with ASCII characters only",
		.more = "That is the default where the locale's character set is not UTF-8.",
		.offset = offsetof(struct dashboard_values, ascii),
	},
	{
		.name = "no-mouse",
		.help = "leave the mouse to the terminal",
		.more = "With the mouse on, most terminals select text while Shift is held.",
		.offset = offsetof(struct dashboard_values, no_mouse),
	},
	{
		.name = "delay",
		.letter = 'd',
		.type = OPT_DURATION,
		.metavar = "D",
		.help = "time between updates (1s); 100ms to 1h",
		.offset = offsetof(struct dashboard_values, delay),
	},
	{
		.name = "pane",
		.type = OPT_CHOICES,
		.metavar = "LIST",
		.help = "with --batch: panes (all), the first has the focus",
		.choices = pane_ids,
		.needs = "batch",
		.offset = offsetof(struct dashboard_values, panes),
	},
	{
		.name = "frames",
		.letter = 'n',
		.type = OPT_U32,
		.metavar = "N",
		.help = "with --batch: how many frames (1)",
		.min = 1,
		.needs = "batch",
		.offset = offsetof(struct dashboard_values, frames),
	},
	{
		.name = "size",
		.type = OPT_TEXT,
		.metavar = "CxR",
		.help = "with --batch: columns and rows (120x40)",
		.needs = "batch",
		.offset = offsetof(struct dashboard_values, size),
	},
	{
		.name = "json",
		.help = "with --batch: one JSON object a line",
		.more = "Its keys are frame, time, size, panes (an object for each pane, as the "
			"pane's "
			"command prints it with --json) and screen (an array of lines).",
		.needs = "batch",
		.offset = offsetof(struct dashboard_values, json),
	},
	{
		.name = "keys",
		.type = OPT_TEXT,
		.metavar = "FILE",
		.help = "with --batch: play the keys in FILE first",
		.more = "FILE holds words: names of keys (q, Enter, Esc, PgDn, C-l, S-Tab), "
			"\"text\" "
			"to be typed, with \\n for Enter, and wait \"text\", which goes on when "
			"the "
			"screen shows that text. # starts a comment. Between two keys the "
			"dashboard "
			"comes to rest.",
		.complete = COMPLETE_FILE,
		.needs = "batch",
		.offset = offsetof(struct dashboard_values, keys),
	},
	{
		.name = "boot",
		.help = "boot a guest and show its terminal",
		.more = "With --batch the first frame comes when the guest's prompt is there.",
		.clashes = "readonly",
		.offset = offsetof(struct dashboard_values, boot),
	},
	SHELL_GUEST_OPTIONS(offsetof(struct dashboard_values, guest), "boot"),
	{
		.name = "sysroot",
		.type = OPT_TEXT,
		.metavar = "DIR",
		.help = "show the machine whose /sys and /proc were captured in DIR",
		.complete = COMPLETE_DIR,
		.hidden = true,
		.offset = offsetof(struct dashboard_values, sysroot),
	},
};

static const char *const examples[] = {
	"ktstr",
	"ktstr --batch",
	"ktstr --batch --boot --topology 1,2,2,1",
	"ktstr topo",
	"ktstr help",
	NULL,
};

const struct command cli_root = {
	.name = "ktstr",
	.summary = "CPU topology of this machine, and Linux guests shaped like it",
	.about = "On a terminal ktstr shows a dashboard: which CPUs of this machine share caches "
		 "and memory, how busy each of them is, and who holds them. n boots a Linux guest "
		 "in a pane beside "
		 "that, b one that is shaped like a part of this machine. The key ? lists the "
		 "keys.\n\n"
		 "With --batch the dashboard's frames are printed instead, for pipelines and bug "
		 "reports: as lines of text, each frame behind a line '--- frame K TIME', or with "
		 "--json as one object a line.",
	.examples = examples,
	.opts = opts,
	.nopts = sizeof(opts) / sizeof(opts[0]),
	.values_size = sizeof(struct dashboard_values),
	.sub = cli_commands,
	.manual = man_keys,
	.run = run,
};
