/* ktstr doctor: what is missing on this machine, and what mends it. */
#include <unistd.h>

#include "src/base/json_out.h"
#include "src/base/utf8.h"
#include "src/cli/cli.h"
#include "src/cli/doctor.h"
#include "src/cli/mdoc.h"
#include "src/cli/term.h"
#include "src/cli/wrap.h"

struct doctor_values {
	bool json;
};

const struct doctor_check doctor_checks[] = {
	{.id = "kvm", .what = "whether KVM runs kernel code, and how fast", .look = doctor_kvm},
	{.id = "permissions",
		.what = "whether this user may open /dev/kvm",
		.look = doctor_permissions},
	{.id = "qemu", .what = "QEMU, for guests where KVM cannot run one", .look = doctor_qemu},
	{.id = "busybox", .what = "the static busybox of guests", .look = doctor_busybox},
	{.id = "kernels", .what = "the kernel that a guest gets", .look = doctor_kernels},
	{.id = "kernel-builds",
		.what = "what `ktstr kernel build` needs of this machine",
		.look = doctor_builds},
	{.id = "taskstats", .what = "accounting of tasks", .look = doctor_taskstats},
	{.id = "delay-accounting", .what = "what tasks wait for", .look = doctor_delays},
	{.id = "schedstats", .what = "statistics of the scheduler", .look = doctor_schedstats},
	{.id = "locks", .what = "the folder of lock files", .look = doctor_locks},
	{.id = NULL},
};

void doctor_finding_release(struct doctor_finding *f)
{
	str_release(&f->text);
	str_release(&f->mend);
}

static const char *state_name(enum doctor_state s)
{
	static const char *const names[] = {
		[DOCTOR_OK] = "ok", [DOCTOR_WARN] = "warn", [DOCTOR_FAIL] = "fail"};

	return names[s];
}

static void add_text(
	const struct doctor_check *c, const struct doctor_finding *f, bool color, struct str *out)
{
	static const char *const colors[] = {
		[DOCTOR_OK] = "\033[32m", [DOCTOR_WARN] = "\033[33m", [DOCTOR_FAIL] = "\033[31m"};

	str_printf(out, "%-16s %s%-4s%s  ", c->id, color ? colors[f->state] : "",
		state_name(f->state), color ? "\033[0m" : "");
	utf8_sanitize(out, str_get(&f->text), f->text.len, false);
	str_addc(out, '\n');
	if (!f->mend.len)
		return;
	str_printf(out, "%-16s       ", "");
	utf8_sanitize(out, str_get(&f->mend), f->mend.len, false);
	str_addc(out, '\n');
}

static void add_json(
	const struct doctor_check *c, const struct doctor_finding *f, struct json_out *j)
{
	json_object(j);
	json_key_str(j, "check", c->id);
	json_key_str(j, "state", state_name(f->state));
	json_key_str(j, "text", str_get(&f->text));
	json_key_str(j, "mend", f->mend.len ? str_get(&f->mend) : NULL);
	json_object_end(j);
}

static enum doctor_state look(struct doctor *d, bool color, struct str *text, struct json_out *j)
{
	enum doctor_state worst = DOCTOR_OK;

	for (const struct doctor_check *c = doctor_checks; c->id; c++) {
		struct doctor_finding f = {.text = STR_INIT, .mend = STR_INIT};

		c->look(d, &f);
		if (f.state > worst)
			worst = f.state;
		if (j)
			add_json(c, &f, j);
		else
			add_text(c, &f, color, text);
		doctor_finding_release(&f);
	}
	return worst;
}

static int run(const void *values, const struct cli_context *cx)
{
	const struct doctor_values *v = values;
	cleanup_str struct str out = STR_INIT;
	struct err e = ERR_INIT;
	struct sysroot *root = sysroot_open(NULL, &e);
	struct doctor d = {.root = root};
	enum doctor_state worst;
	struct json_out j;
	int rc;

	if (!root) {
		cli_error(cx, &e);
		return EXIT_FAILED;
	}
	json_init(&j, &out, true);
	if (v->json) {
		json_object(&j);
		json_key(&j, "checks");
		json_array(&j);
	}
	worst = look(&d, term_color(cx, STDOUT_FILENO), &out, v->json ? &j : NULL);
	if (v->json) {
		json_array_end(&j);
		json_key_str(&j, "state", state_name(worst));
		json_object_end(&j);
		str_addc(&out, '\n');
	}
	sysroot_close(root);
	rc = cli_print(cx, &out);
	return rc ? rc : worst == DOCTOR_FAIL ? EXIT_FAILED : EXIT_OK;
}

static void manual(struct str *mdoc)
{
	str_add(mdoc, ".Sh CHECKS\n.Bl -tag -width delay-accounting -compact\n");
	for (const struct doctor_check *c = doctor_checks; c->id; c++) {
		cleanup_str struct str text = STR_INIT;

		str_printf(mdoc, ".It %s\n", c->id);
		sentence(&text, c->what, NULL);
		mdoc_text(mdoc, text.s);
	}
	str_add(mdoc, ".El\n");
}

static const struct opt opts[] = {
	{
		.name = "json",
		.letter = 'j',
		.help = "print the findings as one JSON object",
		.offset = offsetof(struct doctor_values, json),
	},
};

static const char *const examples[] = {
	"ktstr doctor",
	"ktstr doctor --json | jq -r '.checks[].mend // empty'",
	NULL,
};

const struct command cmd_doctor = {
	.name = "doctor",
	.summary = "say what this machine lacks, and what mends it",
	.about =
		"Looks at what ktstr works with: KVM, measured by running a loop in a throw-away "
		"guest, and the right to use it; QEMU, which emulates guests where KVM cannot run "
		"them; busybox and a kernel for guests; taskstats, delay accounting and "
		"schedstats, "
		"from which the times of tasks come; and the folder of lock files. Nothing is "
		"changed and nothing fetched.\n\n"
		"Each check is ok, warn (there is a substitute, or only some need it) or fail, and "
		"the "
		"line below it is what mends it. The exit status is 1 when a check fails.\n\n"
		"With --json, checks is an array of objects with check, state, text and mend (null "
		"where there is nothing to do), and state is the worst of them.",
	.examples = examples,
	.opts = opts,
	.nopts = sizeof(opts) / sizeof(opts[0]),
	.values_size = sizeof(struct doctor_values),
	.manual = manual,
	.run = run,
};
