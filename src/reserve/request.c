/* From options and environment to one request (spec/host 3.1, 3.3, 3.5). */
#include "src/reserve/reserve.h"

#include <errno.h>
#include <stdlib.h>

#include "src/base/parse.h"

const char *reserve_mode_name(enum reserve_mode m)
{
	static const char *const names[] = {
		[RESERVE_DEFAULT] = "default",
		[RESERVE_BUDGET] = "budget",
		[RESERVE_PERF] = "performance",
		[RESERVE_NONE] = "none",
	};

	return names[m];
}

/* Set and not empty: "0" and "false" are words like any other. */
static bool is_set(const char *name)
{
	const char *v = getenv(name);

	return v && *v;
}

static int env_cap(struct reserve_request *out, struct err *e)
{
	if (parse_u32(getenv("KTSTR_CPU_CAP"), &out->cap, NULL))
		return err_set(e, EINVAL, "KTSTR_CPU_CAP is not a valid integer: '%.80s'",
			getenv("KTSTR_CPU_CAP"));
	if (!out->cap)
		return err_set(e, EINVAL, "KTSTR_CPU_CAP must be \xe2\x89\xa5 1 CPU (got 0)");
	return 0;
}

/* How many CPUs: the option, else the environment; either contradicts a bypass. */
static int find_cap(
	struct reserve_request *out, const struct reserve_options *o, bool bypass, struct err *e)
{
	bool from_env = !o->cap_set && is_set("KTSTR_CPU_CAP");

	if (bypass && (o->cap_set || from_env)) {
		err_set(e, EPERM,
			"%s conflicts with KTSTR_BYPASS_LLC_LOCKS=1: a cap is a resource contract, "
			"and without locks nothing keeps it",
			o->cap_set ? "--cpu-cap" : "KTSTR_CPU_CAP");
		return err_hint(e, "unset one of the two");
	}
	if (from_env)
		return env_cap(out, e);
	if (o->cap_set && !o->cap)
		return err_set(e, EINVAL, "--cpu-cap must be \xe2\x89\xa5 1 CPU (got 0)");
	out->cap = o->cap_set ? o->cap : 0;
	return 0;
}

int reserve_request_init(struct reserve_request *out, const struct reserve_options *o,
	struct strv *notes, struct err *e)
{
	bool bypass = is_set("KTSTR_BYPASS_LLC_LOCKS"), no_perf = is_set("KTSTR_NO_PERF_MODE");
	int rc = 0;

	*out = (struct reserve_request){.wait_ns = o->wait_ns};
	if (o->no_perf_mode || no_perf)
		out->mode = RESERVE_BUDGET;
	else if (o->perf_mode)
		out->mode = RESERVE_PERF;
	if (o->perf_mode && no_perf)
		strv_push(notes, "KTSTR_NO_PERF_MODE is set: --perf-mode has no effect");
	if (out->mode == RESERVE_BUDGET)
		rc = find_cap(out, o, bypass, e);
	if (rc)
		return rc;
	if (!bypass && !is_set("KTSTR_CARGO_TEST_MODE"))
		return 0;
	if (out->mode == RESERVE_PERF)
		strv_pushf(notes, "%s is set: nothing is reserved, --perf-mode has no effect",
			bypass ? "KTSTR_BYPASS_LLC_LOCKS" : "KTSTR_CARGO_TEST_MODE");
	out->mode = RESERVE_NONE;
	out->cap = 0;
	return 0;
}
