#include "src/cli/shell_timings.h"

#include <string.h>

#include "src/base/clock.h"
#include "src/base/json_in.h"
#include "src/base/json_out.h"
#include "src/base/units.h"
#include "src/base/utf8.h"

/* The moments of the report, in the order of time. */
static const struct moment {
	const char *key, *title;
	enum vm_stage stage; /* that is heard of before the report */
} moments[] = {
	{.key = "exec", .title = "exec"},
	{.key = "engine", .title = "engine"},
	{.key = "first_run", .title = "first KVM_RUN"},
	{.key = "kernel", .title = "kernel"},
	{.key = "init", .title = "init", .stage = VM_STAGE_INIT},
	{.key = "prompt", .title = "prompt", .stage = VM_STAGE_PROMPT},
	{.key = "exit", .title = "exit"},
};

void shell_facts_release(struct shell_facts *f)
{
	json_free(f->info);
	json_free(f->report);
	*f = (struct shell_facts){0};
}

void shell_facts_take(struct shell_facts *f, const struct vm_event *ev)
{
	struct json **to = ev->kind == VM_EVENT_INFO	 ? &f->info
			   : ev->kind == VM_EVENT_REPORT ? &f->report
							 : NULL;

	if (ev->kind == VM_EVENT_STAGE && ev->stage && ev->stage < VM_STAGE_ENDED)
		f->at[ev->stage] = ev->at_ns;
	if (!to)
		return;
	json_free(*to);
	*to = json_parse(ev->text, ev->size, NULL);
}

/* A word of the child's, which may be in the guest's hands. */
static void add_word(struct str *out, const struct json *object, const char *key)
{
	const char *text = json_get_text(object, key, "unknown");

	utf8_sanitize(out, text, strlen(text), false);
}

static void reserved(const struct json *r, struct str *out)
{
	const struct json *llcs = json_get(r, "llcs");

	if (!json_is_object(r) || !strcmp(json_get_text(r, "mode", "none"), "none"))
		return;
	str_add(out, "\nreserved: ");
	add_word(out, r, "mode");
	str_add(out, json_get_flag(r, "overcommitted", false) ? " mode, overcommitted" : " mode");
	for (size_t i = 0; i < json_size(llcs); i++)
		str_printf(out, "%s%llu", i ? "," : ", LLCs ",
			(unsigned long long)json_uint(json_at(llcs, i), 0));
	str_add(out, ", CPUs ");
	add_word(out, r, "cpus");
}

static void what(const struct json *info, struct str *out)
{
	str_add(out, "engine ");
	add_word(out, info, "engine");
	str_add(out, ", accel ");
	add_word(out, info, "accel");
	str_add(out, ": ");
	add_word(out, info, "why");
	str_add(out, "\nguest: Linux ");
	add_word(out, info, "release");
	str_printf(out, ", %llu vCPU%s, %llu MiB, initramfs ",
		(unsigned long long)json_get_uint(info, "vcpus", 0),
		json_get_uint(info, "vcpus", 0) == 1 ? "" : "s",
		(unsigned long long)json_get_uint(info, "memory_mib", 0));
	units_bytes(out, json_get_uint(info, "initrd_bytes", 0));
	reserved(json_get(info, "reservation"), out);
}

/* UINT64_MAX: not known. A child that was killed made no report, and stages were heard of. */
static uint64_t at(const struct shell_facts *f, const struct moment *m)
{
	uint64_t heard = m == moments	   ? 0 /* from where all others count */
			 : f->at[m->stage] ? f->at[m->stage]
					   : UINT64_MAX;

	return json_get_uint(json_get(f->report, "timings"), m->key, heard);
}

static void when(const struct shell_facts *f, struct str *out)
{
	uint64_t last = 0;

	str_printf(out, "\n%-14s %10s %10s", "timings, ms", "at", "since");
	for (size_t i = 0; i < ARRAY_LEN(moments); i++) {
		uint64_t ns = at(f, &moments[i]);

		if (ns == UINT64_MAX) {
			str_printf(out, "\n  %-12s %10s %10s", moments[i].title, "-", "-");
			continue;
		}
		str_printf(out, "\n  %-12s %10.1f %10.1f", moments[i].title,
			(double)ns / (double)NS_PER_MS,
			ns > last ? (double)(ns - last) / (double)NS_PER_MS : 0.0);
		last = ns;
	}
}

static void exits(const struct json *counts, struct str *out)
{
	const struct json *v;
	const char *key;
	uint64_t all = 0;

	for (size_t i = 0; (v = json_member(counts, i, &key)); i++)
		all += json_uint(v, 0);
	str_printf(out, "\nexits: %llu", (unsigned long long)all);
	for (size_t i = 0; (v = json_member(counts, i, &key)); i++) {
		str_add(out, i ? ", " : " = ");
		utf8_sanitize(out, key, strlen(key), false);
		str_printf(out, " %llu", (unsigned long long)json_uint(v, 0));
	}
}

/* Both where they differ, as they do by the CPUs that are offline. */
static void shape(const struct json *t, bool verified, struct str *out)
{
	const char *offline = json_get_text(t, "offline", NULL);
	const char *seen = json_get_text(t, "seen", NULL);

	add_word(out, t, "asked");
	if (offline) {
		str_add(out, strpbrk(offline, ",-") ? " with CPUs " : " with CPU ");
		add_word(out, t, "offline");
		str_add(out, " offline");
	}
	if (verified && seen && strcmp(seen, json_get_text(t, "asked", "")) != 0) {
		str_add(out, ", seen as ");
		add_word(out, t, "seen");
	}
}

/* What the guest saw of its CPUs and nodes, beside what was asked for. A note says either what does
 * not count, or why nothing was verified. */
static void topology(const struct json *t, struct str *out)
{
	bool verified = json_get_flag(t, "verified", false);
	const char *how = json_get_text(t, "difference", NULL);
	const char *note = json_get_text(t, "note", NULL);

	str_add(out, "\ntopology: ");
	shape(t, verified, out);
	if (verified)
		str_add(out,
			note ? ", verified, but for what QEMU cannot describe: " : ", verified");
	else
		str_add(out, how ? ", not verified: " : note ? ", " : ", not verified");
	how = how ? how : note ? note : "";
	utf8_sanitize(out, how, strlen(how), false);
}

void shell_timings_text(const struct shell_facts *f, struct str *out)
{
	const struct json *counts = json_get(f->report, "exits");

	if (f->info)
		what(f->info, out);
	else
		str_add(out, "the guest was never built");
	if (f->info || f->report)
		when(f, out);
	if (json_is_object(counts))
		exits(counts, out);
	if (json_is_object(json_get(f->report, "topology")))
		topology(json_get(f->report, "topology"), out);
}

static void when_json(const struct shell_facts *f, struct json_out *j)
{
	json_key(j, "timings");
	json_object(j);
	for (size_t i = 0; i < ARRAY_LEN(moments); i++) {
		uint64_t ns = at(f, &moments[i]);

		if (ns == UINT64_MAX)
			json_key_null(j, moments[i].key);
		else
			json_key_u64(j, moments[i].key, ns);
	}
	json_object_end(j);
}

void shell_timings_json(const struct shell_facts *f, int status, struct str *out)
{
	struct json_out j;

	json_init(&j, out, false);
	json_object(&j);
	json_key(&j, "status");
	json_i64(&j, status);
	json_copy_members(f->info, &j);
	json_copy_members(f->report, &j);
	if (f->info && !f->report)
		when_json(f, &j);
	json_object_end(&j);
}
