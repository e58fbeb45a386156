#include "src/cli/ctprof_view.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probes/ctprof/exits.h"
#include "probes/ctprof/export.h"
#include "probes/ctprof/hostdiff.h"
#include "probes/ctprof/select.h"
#include "probes/ctprof/text.h"
#include "src/cli/term.h"

/* ---- words for completion -------------------------------------------------------------------- */

void ctprof_list_sections(struct strv *words)
{
	for (int s = 0; s < CTP_NSECTIONS; s++)
		strv_pushf(words, "%s\t%s", ctp_sections[s].name, ctp_sections[s].help);
}

void ctprof_list_metrics(struct strv *words)
{
	for (int m = 0; m < CTP_NMETRICS; m++)
		strv_pushf(words, "%s\t%s", ctp_metrics[m].name, ctp_metrics[m].help);
}

void ctprof_list_sort_metrics(struct strv *words)
{
	for (int m = 0; m < CTP_NMETRICS; m++)
		if (m >= CTP_NPRIMARY || ctp_metrics[m].rule != CTP_RULE_MODE)
			strv_pushf(words, "%s\t%s", ctp_metrics[m].name, ctp_metrics[m].help);
}

static void list_columns(struct strv *words, bool show)
{
	for (int c = 0; c < CTP_NCOLUMNS; c++)
		if (ctp_column_allowed((enum ctp_column)c, show))
			strv_push(words, ctp_column_names[c]);
}

void ctprof_list_columns(struct strv *words)
{
	list_columns(words, false);
}

void ctprof_list_show_columns(struct strv *words)
{
	list_columns(words, true);
}

const char *const ctprof_show_axes[] = {"pcomm", "cgroup", "comm", "comm-exact", NULL};

/* ---- options --------------------------------------------------------------------------------- */

static int name_index(const char *const *names, const char *name, int fallback)
{
	for (int i = 0; name && names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return fallback;
}

static int parse_words(int (*parse)(struct ctp_view *, const char *, struct err *),
	struct ctp_view *v, const char *option, const char *spec, struct err *e)
{
	int rc = spec ? parse(v, spec, e) : 0;

	return rc ? err_prefix(e, "parse --%s \"%s\"", option, spec) : 0;
}

static void warn_of_axis(const struct ctprof_view *v, const struct cli_context *cx)
{
	for (int s = 0; s < CTP_NSECTIONS; s++)
		if ((v->view.sections >> s & 1) && ctp_sections[s].cgroup_only &&
			v->naming.axis != CTP_BY_CGROUP)
			cli_note(cx,
				"section '%s' requires --group-by cgroup; omitted under --group-by "
				"%s",
				ctp_sections[s].name, ctp_axis_names[v->naming.axis]);
}

int ctprof_view_init(struct ctprof_view *v, const struct ctprof_view_values *values, bool show,
	const struct cli_context *cx, struct err *e)
{
	int rc;

	*v = (struct ctprof_view){.values = values};
	v->view.show = show;
	v->view.limit = values->limit.set ? values->limit.v : 500;
	v->naming = (struct ctp_naming){
		.axis = (enum ctp_axis)name_index(
			ctp_axis_names, values->group_by, show ? CTP_BY_PCOMM : CTP_BY_ALL),
		.literal_threads = values->no_thread_normalize,
		.literal_cgroups = values->no_cg_normalize,
		.strong = values->strong_normalize,
		.tight = values->tighten,
		.flatten = &values->flatten,
	};
	v->view.order =
		(enum ctp_order)name_index(ctp_order_names, values->order, CTP_ORDER_PERCENT);
	ctp_view_format(&v->view,
		(enum ctp_format)name_index(ctp_format_names, values->format, CTP_FORMAT_ARROW));
	rc = parse_words(ctp_view_sort, &v->view, "sort-by", values->sort_by, e);
	if (!rc)
		rc = parse_words(ctp_view_columns, &v->view, "columns", values->columns, e);
	if (!rc)
		rc = parse_words(ctp_view_sections, &v->view, "sections", values->sections, e);
	if (!rc)
		rc = parse_words(ctp_view_metrics, &v->view, "metrics", values->metrics, e);
	if (rc)
		return rc;
	if (values->rates)
		ctp_view_add_column(&v->view, CTP_COL_RATE);
	warn_of_axis(v, cx);
	return 0;
}

/* ---- files ----------------------------------------------------------------------------------- */

struct loading {
	const char *path;
	uint64_t max_size;
	struct ctp_snapshot *snap;
	struct err e;
};

static void *load(void *arg)
{
	struct loading *l = arg;

	l->snap = ctp_load(l->path, l->max_size, &l->e);
	return NULL;
}

int ctprof_load(
	const char *a, const char *b, uint64_t max_size, struct ctp_snapshot *out[2], struct err *e)
{
	struct loading x = {.path = a, .max_size = max_size};
	struct loading y = {.path = b, .max_size = max_size};
	pthread_t thread;
	bool beside = b && pthread_create(&thread, NULL, load, &y) == 0;

	load(&x);
	if (beside)
		pthread_join(thread, NULL);
	else if (b && x.snap)
		load(&y);
	out[0] = x.snap;
	out[1] = y.snap;
	if (x.snap && (!b || y.snap))
		return 0;
	*e = x.snap ? y.e : x.e;
	err_prefix(e, "load %s %s",
		!b	 ? "snapshot"
		: x.snap ? "candidate"
			 : "baseline",
		x.snap ? b : a);
	ctp_free(x.snap);
	ctp_free(y.snap);
	out[0] = out[1] = NULL;
	return err_negative(-e->code);
}

/* ---- comparing ------------------------------------------------------------------------------- */

/* Threads of a pair that count; keep[] NULL = all. */
static int select_threads(
	const struct ctprof_view *v, const struct ctprof_pair *p, bool *keep[2], struct err *e)
{
	const struct ctprof_view_values *o = v->values;
	struct ctp_selection s = {&o->pids, &o->comms, &o->cgroups};

	for (int side = 0; side < 2 && !ctp_selection_is_all(&s); side++) {
		keep[side] = ctp_select(p->side[side], &s, e);
		if (!keep[side])
			return -EINVAL;
	}
	if (o->survivors)
		ctp_select_survivors(p->side[0], p->side[1], keep);
	return 0;
}

static struct ctp_diff *diff_of(
	const struct ctprof_view *v, const struct ctprof_pair *p, struct err *e)
{
	struct ctp_naming naming = v->naming;
	bool *keep[2] = {NULL, NULL};
	struct ctp_diff *d = NULL;

	if (select_threads(v, p, keep, e) == 0) {
		naming.keep[0] = keep[0];
		naming.keep[1] = keep[1];
		d = ctp_diff(p->side[0], p->side[1], &naming);
	}
	free(keep[0]);
	free(keep[1]);
	return d;
}

/* NULL where nothing was measured. */
static struct ctp_noise *noise_of(const struct ctprof_view *v, const struct ctprof_pairs *p)
{
	struct ctp_noise *n;

	if (!p->nidle)
		return NULL;
	n = ctp_noise_new();
	for (size_t i = 0; i < p->nreps; i++) {
		struct ctp_diff *d = diff_of(v, &p->reps[i], NULL);

		if (d)
			ctp_noise_add_rep(n, d);
		ctp_diff_free(d);
	}
	for (size_t i = 0; i < p->nidle; i++) {
		struct ctp_diff *d = diff_of(v, &p->idle[i], NULL);

		if (d)
			ctp_noise_add_idle(n, d);
		ctp_diff_free(d);
	}
	return n;
}

static bool rows_differ(
	const struct ctp_diff *d, const struct ctp_view *view, const struct ctp_noise *noise)
{
	for (size_t i = 0; i < d->npairs; i++) {
		const struct ctp_matched *p = &d->pairs[i];

		for (unsigned m = 0; m < CTP_NMETRICS; m++) {
			struct ctp_change c;

			if (!ctp_view_shows(view, m))
				continue;
			c = ctp_change(p->side[CTP_BASE], p->side[CTP_CAND], m);
			if (noise ? ctp_noise_beyond(noise, &p->key, m)
				  : c.has_delta && c.delta != 0)
				return true;
		}
	}
	return false;
}

static int status_of(
	const struct ctp_diff *d, const struct ctprof_view *v, const struct ctp_noise *noise)
{
	if (!v->values->exit_code)
		return EXIT_OK;
	if (rows_differ(d, &v->view, noise))
		return EXIT_DIFFERENT;
	return !noise && (d->nonly[CTP_BASE] || d->nonly[CTP_CAND]) ? EXIT_DIFFERENT : EXIT_OK;
}

static void note_hosts(const struct ctp_diff *d, const struct cli_context *cx)
{
	struct ctp_host_changes c = {0};
	cleanup_str struct str text = STR_INIT;

	ctp_host_changes(d->snap[CTP_BASE], d->snap[CTP_CAND], &c);
	ctp_host_changes_text(&c, 6, &text);
	if (text.len)
		cli_note(cx, "hosts differ: %s", str_get(&text));
	ctp_host_changes_release(&c);
}

/* Of names, without --limit: what a screen holds. */
enum { ENDED_SHOWN = 14, OTHERS_SHOWN = 7, ALIVE_SHOWN = 14 };

static void summary(const struct ctp_diff *d, const struct ctprof_view *v,
	const struct ctprof_pairs *p, const struct ctp_text_options *o, struct str *out)
{
	const struct opt_u32 *limit = &v->values->limit;
	struct ctp_exits_look look = {
		.colour = o->colour,
		.width = o->fit,
		.own = limit->set ? limit->v : ENDED_SHOWN,
		.others = limit->set ? limit->v : OTHERS_SHOWN,
	};

	if (p->exits)
		ctp_exits_text(p->exits, &look, out);
	ctp_text_alive(d, o->colour, o->fit, limit->set ? limit->v : ALIVE_SHOWN, out);
}

static void render(const struct ctp_diff *d, const struct ctprof_view *v,
	const struct ctp_view *view, const struct ctprof_pairs *p, const struct ctp_noise *noise,
	const struct cli_context *cx, struct str *out)
{
	struct ctp_export x = {
		.view = view, .path = {p->path[0], p->path[1]}, .noise = noise, .exits = p->exits};
	struct ctp_text_options o = {.view = view,
		.colour = term_color(cx, STDOUT_FILENO),
		.wrap = v->values->wrap && isatty(STDOUT_FILENO) ? term_width(STDOUT_FILENO, 80)
								 : 0,
		.fit = p->summary && !v->values->wrap && isatty(STDOUT_FILENO)
			       ? term_width(STDOUT_FILENO, 0)
			       : 0,
		.path = {p->path[0], p->path[1]},
		.noise = noise};
	struct json_out j;

	if (v->values->json) {
		json_init(&j, out, true);
		ctp_json_compare(d, &x, &j);
		str_addc(out, '\n');
	} else if (v->values->csv) {
		ctp_csv_compare(d, &x, out);
	} else {
		note_hosts(d, cx);
		if (p->summary)
			summary(d, v, p, &o, out);
		if (noise || v->values->columns || v->values->rates)
			o.fit = 0; /* the last column was asked for */
		ctp_text_compare(d, &o, out);
	}
}

int ctprof_print_compare(
	const struct ctprof_view *v, const struct ctprof_pairs *p, const struct cli_context *cx)
{
	struct err e = ERR_INIT;
	struct ctp_diff *d = diff_of(v, &p->reps[0], &e);
	struct ctp_noise *noise = NULL;
	struct ctp_view view = v->view;
	cleanup_str struct str out = STR_INIT;
	int rc;

	if (!d) {
		cli_error(cx, &e);
		return EXIT_FAILED;
	}
	for (size_t i = 0; i < d->warnings.n; i++)
		cli_note(cx, "warning: %s", d->warnings.v[i]);
	noise = noise_of(v, p);
	if (noise)
		ctp_view_add_column(&view, CTP_COL_NOISE);
	render(d, v, &view, p, noise, cx, &out);
	rc = cli_print(cx, &out);
	if (rc == EXIT_OK)
		rc = status_of(d, v, noise);
	ctp_noise_free(noise);
	ctp_diff_free(d);
	return rc;
}
