#include "vmm/verdict.h"

#include "src/base/clock.h"
#include "src/base/units.h"

/* Exit codes, as in the table of ktstr(1). */
enum {
	OK = 0,
	FAILED = 1,
	TIMEOUT = 124,
	NOT_AS_ASKED = 125,
	KILLED = 137,
	NO_INIT = 254,
	PANIC = 255,
};

/* What the guest was about to send: scripts look for this name. */
#define RESULT_FRAME "MSG_TYPE_EXEC_EXIT"
#define RESULT_LOST  "no " RESULT_FRAME " frame came, the command's result is lost: "

static void quote_lines(struct str *text, const char *whose, const struct strv *lines)
{
	if (!lines->n)
		return;
	str_printf(text, "\n%s:", whose);
	for (size_t i = 0; i < lines->n; i++)
		str_printf(text, "\n  %s", lines->v[i]);
}

static void quote_console(struct str *text, const struct verdict_facts *f)
{
	if (f->console_lines.n)
		quote_lines(text, "last lines of the guest's console", &f->console_lines);
	else
		str_add(text, "\nthe guest's console was silent"
			      "\nhint: --dmesg shows the kernel's log as it comes");
}

static bool engine_failed(const struct verdict_facts *f)
{
	return !f->engine_killed && f->engine_status != 0;
}

static void name_engine(struct str *text, const struct verdict_facts *f)
{
	if (f->engine_status > 128)
		str_printf(
			text, "%s was killed by signal %d", f->engine_name, f->engine_status - 128);
	else
		str_printf(text, "%s ended with status %d", f->engine_name, f->engine_status);
}

static int timed_out(const struct verdict_facts *f, struct str *text)
{
	str_add(text, "exec-timeout: the command had not ended after ");
	if (f->timeout_ns % NS_PER_SEC == 0 && f->timeout_ns < 100 * NS_PER_SEC)
		str_printf(text, "%us", (unsigned)(f->timeout_ns / NS_PER_SEC));
	else
		units_duration(text, f->timeout_ns);
	str_printf(text, ", the guest was force-killed (stage: %s)", vm_stage_name(f->stage));
	if (f->panic)
		str_printf(text, "\nthe guest's kernel had panicked: %s", f->panic);
	if (f->stage < VM_STAGE_PROMPT)
		quote_console(text, f);
	return TIMEOUT;
}

static void never_reached(struct str *text, enum vm_stage stage)
{
	str_printf(text, "the guest never reached its init (stage: %s)", vm_stage_name(stage));
}

static int no_init(const struct verdict_facts *f, struct str *text)
{
	if (engine_failed(f) && f->stage < VM_STAGE_LINUX) {
		name_engine(text, f);
		str_add(text, " before the guest said anything");
		quote_lines(text, "it said", &f->engine_lines);
		return FAILED;
	}
	never_reached(text, f->stage);
	if (f->panic || f->broken)
		str_printf(text, ": %s", f->panic ? f->panic : f->broken);
	if (engine_failed(f)) {
		str_add(text, "\n");
		name_engine(text, f);
	}
	quote_lines(text, "the engine said", &f->engine_lines);
	quote_console(text, f);
	return NO_INIT;
}

static int panicked(const struct verdict_facts *f, struct str *text)
{
	str_printf(text, "the guest's kernel panicked: %s", f->panic);
	if (f->exec)
		str_add(text, "\nno " RESULT_FRAME " frame came: the command's result is lost");
	if (f->memory)
		str_printf(text, "\nits memory had run out: %s", f->memory);
	return PANIC;
}

static int result_lost(const struct verdict_facts *f, struct str *text)
{
	str_add(text, RESULT_LOST);
	if (f->init_failed)
		str_printf(text, "the guest's init gave up: %s", f->init_failed);
	else if (f->broken)
		str_add(text, f->broken);
	else if (f->memory)
		str_printf(text, "the guest's memory ran out: %s", f->memory);
	else if (engine_failed(f))
		name_engine(text, f);
	else
		str_add(text, "the guest rebooted or was switched off before the command ended");
	quote_lines(text, "the engine said", &f->engine_lines);
	quote_lines(text, "last lines of the guest's console", &f->console_lines);
	if (f->memory)
		str_add(text, "\nmore memory: --memory-mib");
	return NOT_AS_ASKED;
}

static int session_failed(const struct verdict_facts *f, struct str *text)
{
	if (f->init_failed) {
		str_printf(text, "the guest's init gave up: %s", f->init_failed);
	} else if (f->broken) {
		str_add(text, f->broken);
	} else {
		name_engine(text, f);
		quote_lines(text, "it said", &f->engine_lines);
		return FAILED;
	}
	quote_lines(text, "last lines of the guest's console", &f->console_lines);
	return NOT_AS_ASKED;
}

int verdict(const struct verdict_facts *f, struct str *text)
{
	if (f->exec && f->difference) {
		str_add(text, f->difference);
		return NOT_AS_ASKED;
	}
	if (f->has_status)
		return f->status;
	if (f->killed)
		return f->exec ? KILLED : OK;
	if (f->timed_out)
		return timed_out(f, text);
	if (f->stage < VM_STAGE_INIT)
		return no_init(f, text);
	if (f->panic)
		return panicked(f, text);
	if (f->exec)
		return result_lost(f, text);
	if (f->init_failed || f->broken || (engine_failed(f) && !f->ending))
		return session_failed(f, text);
	return OK;
}

int verdict_of_death(bool exec, enum vm_stage stage, const char *how, struct str *text)
{
	bool booting = stage >= VM_STAGE_BOOTING && stage < VM_STAGE_INIT;
	bool lost = exec && stage >= VM_STAGE_INIT;

	if (booting) {
		never_reached(text, stage);
		str_add(text, ": ");
	} else if (lost) {
		str_add(text, RESULT_LOST);
	}
	str_add(text, how);
	return booting ? NO_INIT : lost ? NOT_AS_ASKED : FAILED;
}
