/* What ended between two captures, as text, JSON and CSV. */
#include <inttypes.h>

#include "probes/ctprof/exits.h"
#include "probes/ctprof/export_parts.h"
#include "src/table/cell.h"
#include "probes/ctprof/sheet.h"

struct column {
	const char *header;
	enum ctp_metric metric; /* names it for programs; its unit */
};
static const struct column columns[CTP_NENDED] = {
	[CTP_ENDED_TASKS] = {"ended", CTM_thread_count},
	[CTP_ENDED_RUN] = {"run_time", CTM_run_time_ns},
	[CTP_ENDED_WAIT] = {"cpu_wait", CTM_cpu_delay_total_ns},
	[CTP_ENDED_VOLUNTARY] = {"switches", CTM_voluntary_csw},
	[CTP_ENDED_NONVOLUNTARY] = {"preempted", CTM_nonvoluntary_csw},
	[CTP_ENDED_BLKIO] = {"disk_wait", CTM_blkio_delay_total_ns},
	[CTP_ENDED_MINFLT] = {"minflt", CTM_minflt},
	[CTP_ENDED_MAJFLT] = {"majflt", CTM_majflt},
	[CTP_ENDED_READ] = {"read", CTM_read_bytes},
	[CTP_ENDED_WRITE] = {"written", CTM_write_bytes},
	[CTP_ENDED_RSS] = {"peak_rss", CTM_hiwater_rss_bytes},
};

/* ---- text ------------------------------------------------------------------------------------ */

static void add_row(struct ctp_grid *grid, const char *name, const uint64_t *v)
{
	ctp_grid_add(grid, CTP_PLAIN_TEXT, name);
	for (int c = 0; c < CTP_NENDED; c++) {
		cleanup_str struct str cell = STR_INIT;

		ctp_cell_u64(&cell, v[c], ctp_metrics[columns[c].metric].ladder);
		ctp_grid_add(grid, CTP_PLAIN_TEXT, str_get(&cell));
	}
}

static void add_total(struct ctp_grid *grid, const struct ctp_exits *x, bool own)
{
	uint64_t sum[CTP_NENDED] = {0};
	const struct ctp_exit_group *g;

	for (size_t i = 0; (g = ctp_exits_group(x, own, i)); i++)
		for (int c = 0; c < CTP_NENDED; c++)
			if (c != CTP_ENDED_RSS)
				sum[c] += g->v[c];
			else if (g->v[c] > sum[c])
				sum[c] = g->v[c];
	add_row(grid, "total", sum);
}

static void table(
	const struct ctp_exits *x, bool own, const struct ctp_exits_look *look, struct str *out)
{
	struct ctp_sheet sheet = {.out = out,
		.colour = look->colour,
		.fit = look->width,
		.limit = own ? look->own : look->others};
	const struct ctp_exit_group *g;
	struct ctp_grid grid;

	if (!ctp_exits_group(x, own, 0))
		return;
	ctp_sheet_heading(&sheet, own ? "Ended in between" : "Ended in between, of others");
	ctp_grid_init(&grid, CTP_NENDED + 1);
	ctp_grid_add(&grid, CTP_CYAN, "comm");
	for (int c = 0; c < CTP_NENDED; c++)
		ctp_grid_add(&grid, CTP_CYAN, columns[c].header);
	add_total(&grid, x, own);
	for (size_t i = 0; (g = ctp_exits_group(x, own, i)); i++)
		add_row(&grid, g->comm, g->v);
	ctp_grid_write(&grid, &sheet);
	ctp_sheet_end(&sheet);
	ctp_sheet_blank(&sheet);
	ctp_grid_release(&grid);
}

void ctp_exits_text(const struct ctp_exits *x, const struct ctp_exits_look *look, struct str *out)
{
	table(x, true, look, out);
	table(x, false, look, out);
}

/* ---- for programs ---------------------------------------------------------------------------- */

static void json_groups(struct json_out *j, const struct ctp_exits *x, const char *key, bool own)
{
	const struct ctp_exit_group *g;

	json_key(j, key);
	json_array(j);
	for (size_t i = 0; (g = ctp_exits_group(x, own, i)); i++) {
		json_object(j);
		json_key_str(j, "comm", g->comm);
		for (int c = 0; c < CTP_NENDED; c++)
			json_key_u64(j, ctp_metrics[columns[c].metric].name, g->v[c]);
		json_object_end(j);
	}
	json_array_end(j);
}

void ctp_exits_json(const struct ctp_exits *x, struct json_out *j)
{
	json_key(j, "ended");
	json_object(j);
	json_groups(j, x, "command", true);
	json_groups(j, x, "others", false);
	json_key_bool(j, "complete", !ctp_exits_lost(x));
	json_object_end(j);
}

/* As a thread that was not there before: no baseline; the value, the columns behind it empty. */
static void csv_row(struct str *out, const char *comm, bool own, size_t nkey, size_t nempty,
	enum ctp_metric m, uint64_t v)
{
	if (nkey > 1)
		str_repeat(out, ',', nkey - 1); /* the last part of the key is the thread's name */
	csv_field(out, comm);
	str_printf(out, ",%s,%s,%s,,%" PRIu64, ctp_metrics[m].name, own ? "ended" : "ended-others",
		ctp_metric_unit(m), v);
	str_repeat(out, ',', nempty);
	str_addc(out, '\n');
}

void ctp_exits_csv(const struct ctp_exits *x, size_t nkey, size_t nempty, struct str *out)
{
	const struct ctp_exit_group *g;

	for (int own = 1; own >= 0; own--)
		for (size_t i = 0; (g = ctp_exits_group(x, own, i)); i++)
			for (int c = 0; c < CTP_NENDED; c++)
				csv_row(out, g->comm, own, nkey, nempty, columns[c].metric,
					g->v[c]);
}
