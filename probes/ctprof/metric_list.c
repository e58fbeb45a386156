#include "probes/ctprof/metric_list.h"

#include <string.h>

#include "probes/ctprof/group.h"
#include "probes/ctprof/sheet.h"

/* ---- the legend ------------------------------------------------------------------------------ */

struct legend {
	const char *tag;
	const char *text[3]; /* lines */
};

static const struct legend classes[] = {
	{"cfs-only", {"kept by the fair class only: 0 for threads that sched_ext runs, and for",
			     "real-time, deadline and idle ones"}},
	{"non-ext", {"kept by the fair, real-time and deadline classes, not by sched_ext"}},
	{"fair-policy", {"there only for the policies SCHED_OTHER and SCHED_BATCH, and SCHED_EXT",
				"where the kernel has that class"}},
};

static const struct legend gates[] = {
	{"SCHED_INFO", {"time on a CPU and waiting for one; most kernels have it"}},
	{"SCHEDSTATS", {"also needs kernel.sched_schedstats=1 while the machine runs"}},
	{"SCHED_CORE", {"core scheduling"}},
	{"SCHED_CLASS_EXT", {"sched_ext, from 6.12 on"}},
	{"TASK_DELAY_ACCT", {"also needs kernel.task_delayacct=1 (but for waiting for a CPU), and",
				    "counts only for threads that began after it was set"}},
	{"TASK_IO_ACCOUNTING", {"reading it of other users' threads needs CAP_SYS_PTRACE"}},
	{"TASKSTATS", {"asking for it needs CAP_NET_ADMIN"}},
	{"TASK_XACCT", {"highest memory use so far"}},
};

static const struct legend states[] = {
	{"dead", {"kept for old files; current kernels do not count it"}},
};

static void add_line(struct ctp_sheet *s, const char *text)
{
	ctp_sheet_line(s, text, strlen(text));
}

static void legend(
	struct ctp_sheet *s, const char *title, const struct legend *rows, size_t n, size_t column)
{
	cleanup_str struct str line = STR_INIT;

	add_line(s, title);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < 3 && rows[i].text[k]; k++) {
			str_clear(&line);
			if (k == 0)
				str_printf(&line, "  [%s]", rows[i].tag);
			while (line.len < column)
				str_addc(&line, ' ');
			str_add(&line, rows[i].text[k]);
			add_line(s, str_get(&line));
		}
	}
	ctp_sheet_blank(s);
}

/* ---- the tables ------------------------------------------------------------------------------ */

static void begin(struct ctp_sheet *s, struct ctp_grid *g, const char *heading,
	const char *const *headers, size_t n)
{
	ctp_sheet_heading(s, heading);
	ctp_sheet_blank(s);
	ctp_grid_init(g, n);
	for (size_t i = 0; i < n; i++)
		ctp_grid_add(g, CTP_CYAN, headers[i]);
}

static void end(struct ctp_sheet *s, struct ctp_grid *g)
{
	ctp_grid_write(g, s);
	ctp_grid_release(g);
}

static void sections(struct ctp_sheet *s)
{
	static const char *const headers[] = {"section", "rendered heading", "description"};
	struct ctp_grid g;

	begin(s, &g, "Sections", headers, ARRAY_LEN(headers));
	for (int i = 0; i < CTP_NSECTIONS; i++) {
		cleanup_free char *heading = xasprintf("## %s", ctp_sections[i].heading);

		ctp_grid_add(&g, 0, ctp_sections[i].name);
		ctp_grid_add(&g, 0, heading);
		ctp_grid_add(&g, 0, ctp_sections[i].help);
	}
	end(s, &g);
	ctp_sheet_blank(s);
}

/* A derived metric lacks what the first of its inputs lacks. */
static enum ctp_why why_here(const struct ctp_thread *here, enum ctp_metric m)
{
	const struct ctp_metric_row *row = &ctp_metrics[m];

	if (m < CTP_NPRIMARY)
		return ctp_metric_why(here, m);
	for (int i = 0; i < row->ninputs; i++)
		if (ctp_metric_why(here, row->inputs[i]) != CTP_PRESENT)
			return ctp_metric_why(here, row->inputs[i]);
	return CTP_PRESENT;
}

static const char *words_here(const struct ctp_thread *here, enum ctp_metric m)
{
	enum ctp_why why = why_here(here, m);

	if (why == CTP_NO_APPL && (m == CTM_allocated_bytes || m == CTM_deallocated_bytes ||
					  m == CTM_live_heap_estimate))
		return "of programs with jemalloc";
	return why == CTP_PRESENT ? "yes" : ctp_why_text(why);
}

static void here_cell(struct ctp_grid *g, const struct ctp_thread *here, enum ctp_metric m)
{
	if (here)
		ctp_grid_add(g, why_here(here, m) == CTP_PRESENT ? CTP_GREEN : CTP_MAGENTA,
			words_here(here, m));
}

static void metrics(struct ctp_sheet *s, const struct ctp_thread *here)
{
	static const char *const plain[] = {"metric", "tags", "description"};
	static const char *const with_here[] = {"metric", "unit", "here", "tags", "description"};
	cleanup_str struct str tags = STR_INIT;
	struct ctp_grid g;

	begin(s, &g, "Metrics", here ? with_here : plain,
		here ? ARRAY_LEN(with_here) : ARRAY_LEN(plain));
	for (unsigned m = 0; m < CTP_NPRIMARY; m++) {
		str_clear(&tags);
		ctp_metric_tags(m, &tags);
		ctp_grid_add(&g, 0, ctp_metrics[m].name);
		if (here)
			ctp_grid_add(&g, 0, ctp_metric_unit(m));
		here_cell(&g, here, m);
		ctp_grid_add(&g, 0, str_get(&tags));
		ctp_grid_add(&g, 0, ctp_metrics[m].help);
	}
	end(s, &g);
	ctp_sheet_blank(s);
}

static void inputs(enum ctp_metric m, struct str *out)
{
	for (int i = 0; i < ctp_metrics[m].ninputs; i++)
		str_printf(out, "%s%s", i ? ", " : "", ctp_metrics[ctp_metrics[m].inputs[i]].name);
}

static void derived(struct ctp_sheet *s, const struct ctp_thread *here)
{
	static const char *const plain[] = {"metric", "unit", "inputs", "description"};
	static const char *const with_here[] = {"metric", "unit", "here", "inputs", "description"};
	cleanup_str struct str names = STR_INIT;
	struct ctp_grid g;

	begin(s, &g, "Derived metrics", here ? with_here : plain,
		here ? ARRAY_LEN(with_here) : ARRAY_LEN(plain));
	for (unsigned m = CTP_NPRIMARY; m < CTP_NMETRICS; m++) {
		str_clear(&names);
		inputs(m, &names);
		ctp_grid_add(&g, 0, ctp_metrics[m].name);
		ctp_grid_add(&g, 0, ctp_metric_unit(m));
		here_cell(&g, here, m);
		ctp_grid_add(&g, 0, str_get(&names));
		ctp_grid_add(&g, 0, ctp_metrics[m].help);
	}
	end(s, &g);
}

void ctp_metric_list_text(const struct ctp_thread *here, bool colour, struct str *out)
{
	struct ctp_sheet s = {.out = out, .colour = colour};

	ctp_sheet_heading(&s, "Tag legend");
	ctp_sheet_blank(&s);
	legend(&s, "sched_class:", classes, ARRAY_LEN(classes), 16);
	legend(&s, "config_gates (compact form; full kconfig symbol prefixed with CONFIG_):", gates,
		ARRAY_LEN(gates), 26);
	legend(&s, "status:", states, ARRAY_LEN(states), 16);
	sections(&s);
	metrics(&s, here);
	derived(&s, here);
	ctp_sheet_end(&s);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void json_here(struct json_out *j, const struct ctp_thread *here, enum ctp_metric m)
{
	enum ctp_why why;

	if (!here)
		return;
	why = why_here(here, m);
	json_key_bool(j, "available", why == CTP_PRESENT);
	json_key_str(j, "why_not", ctp_why_word(why));
}

static void json_gates(struct json_out *j, const struct ctp_metric_row *row)
{
	json_key(j, "gates");
	json_array(j);
	for (int i = 0; row->field >= 0 && i < 2; i++)
		if (ctp_fields[row->field].gates[i])
			json_str(j, ctp_gate_name(ctp_fields[row->field].gates[i]));
	json_array_end(j);
}

static void json_inputs(struct json_out *j, const struct ctp_metric_row *row)
{
	json_key(j, "inputs");
	json_array(j);
	for (int i = 0; i < row->ninputs; i++)
		json_str(j, ctp_metrics[row->inputs[i]].name);
	json_array_end(j);
}

static void json_metric(struct json_out *j, const struct ctp_thread *here, enum ctp_metric m)
{
	static const char *const rules[] = {"sum", "max", "range", "mode", "cpus"};
	const struct ctp_metric_row *row = &ctp_metrics[m];

	json_object(j);
	json_key_str(j, "metric", row->name);
	json_key_str(j, "section", ctp_sections[row->section].name);
	json_key_str(j, "unit", ctp_metric_unit(m));
	if (m < CTP_NPRIMARY) {
		json_key_str(j, "aggregation", rules[row->rule]);
		json_key_str(j, "class", ctp_class_name(row->class));
		json_gates(j, row);
	} else {
		json_inputs(j, row);
	}
	json_here(j, here, m);
	json_key_str(j, "description", row->help);
	json_object_end(j);
}

void ctp_metric_list_json(const struct ctp_thread *here, struct json_out *j)
{
	json_object(j);
	json_key(j, "sections");
	json_array(j);
	for (int i = 0; i < CTP_NSECTIONS; i++) {
		json_object(j);
		json_key_str(j, "section", ctp_sections[i].name);
		json_key_str(j, "heading", ctp_sections[i].heading);
		json_key_bool(j, "cgroup_only", ctp_sections[i].cgroup_only);
		json_key_str(j, "description", ctp_sections[i].help);
		json_object_end(j);
	}
	json_array_end(j);
	json_key(j, "metrics");
	json_array(j);
	for (unsigned m = 0; m < CTP_NPRIMARY; m++)
		json_metric(j, here, m);
	json_array_end(j);
	json_key(j, "derived");
	json_array(j);
	for (unsigned m = CTP_NPRIMARY; m < CTP_NMETRICS; m++)
		json_metric(j, here, m);
	json_array_end(j);
	json_object_end(j);
}
