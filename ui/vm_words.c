/* What a guest's pane says of itself: title, tab, summary, JSON. */
#include <string.h>

#include "src/base/clock.h"
#include "src/base/units.h"
#include "src/base/utf8.h"
#include "ui/panes.h"
#include "ui/vm_view.h"

static int vm_number(const struct vm_view *w)
{
	return pane_number(w->host) - pane_vm.number + 1;
}

/* "6.1.0-51" of "6.1.0-51-cloud-amd64". */
static void short_release(const struct vm_view *w, struct str *out)
{
	const char *s = str_get(&w->release), *dash;

	s = strrchr(s, '/') ? strrchr(s, '/') + 1 : s;
	dash = strchr(s, '-');
	dash = dash ? strchr(dash + 1, '-') : NULL;
	str_append(out, s, dash ? (size_t)(dash - s) : strlen(s));
}

/* A part of the title: how it reads at length and in brief ("" = it can go). */
struct part {
	struct str full, brief;
	int priority;
	bool cut;
};

/* In the order in which they are shown. */
enum { NUMBER, RELEASE, SHAPE, VERIFIED, CPUS, MEMORY, ACCEL, PAUSE, MODE, UP, PARTS };

static size_t part_width(const struct part *p)
{
	return utf8_width(str_get(p->cut ? &p->brief : &p->full));
}

static size_t width_of(const struct part *p)
{
	size_t width = 0;

	for (int i = 0; i < PARTS; i++)
		if (part_width(&p[i]))
			width += part_width(&p[i]) + (width ? 1 : 0);
	return width;
}

static void fit(struct part *p, size_t room)
{
	while (width_of(p) > room) {
		int least = -1;

		for (int i = 0; i < PARTS; i++)
			if (!p[i].cut && p[i].full.len &&
				(least < 0 || p[i].priority < p[least].priority))
				least = i;
		if (least < 0)
			return;
		p[least].cut = true;
	}
}

static void mode_words(const struct vm_view *w, struct part *p)
{
	unsigned long long back =
		(unsigned long long)(vm_last_row(w) + 1 - (uint64_t)w->rows - vm_first_row(w));

	if (w->over) {
		str_add(&p->full, " ended: Enter closes");
		str_add(&p->brief, "ended");
	} else if (w->mode == VM_COPY) {
		str_add(&p->full, " COPY: v selects, y copies, Esc leaves");
		str_add(&p->brief, "COPY");
	} else if (w->scrolled) {
		str_printf(&p->full, " %llu rows back: Esc = live", back);
		str_printf(&p->brief, "-%llu", back);
	} else if (!pane_focused(w->host) || (w->paused && w->mode == VM_COMMAND)) {
		return;
	} else if (w->mode == VM_INPUT) {
		str_add(&p->full, " INPUT: keys go to guest, C-] = ktstr");
		str_add(&p->brief, "INPUT C-]");
	} else {
		str_add(&p->full, " Enter = type into guest");
		str_add(&p->brief, "Enter = type");
	}
}

/* By the keys that do it where the focus is, and where it comes back to. */
static void pause_words(const struct vm_view *w, struct part *p)
{
	if (w->over || !w->paused)
		return;
	str_add(&p->brief, "PAUSED");
	str_printf(&p->full, " PAUSED%s",
		w->mode == VM_INPUT  ? ": C-] p goes on"
		: w->mode == VM_COPY ? ""
				     : ": P p goes on");
}

static uint64_t uptime_ns(const struct vm_view *w)
{
	uint64_t until = w->over ? w->ended : clock_mono_ns();
	uint64_t from = w->started + w->stage_at[VM_STAGE_BOOTING];

	return until > from ? until - from : 0;
}

static void title(const struct vm_view *w, int room, struct str *out)
{
	struct part p[PARTS] = {
		[NUMBER] = {.priority = 100},
		[RELEASE] = {.priority = 60},
		[SHAPE] = {.priority = 70},
		[VERIFIED] = {.priority = 55},
		[CPUS] = {.priority = 30},
		[MEMORY] = {.priority = 20},
		[ACCEL] = {.priority = 80},
		[PAUSE] = {.priority = 95},
		[MODE] = {.priority = 90},
		[UP] = {.priority = 50},
	};

	str_printf(&p[NUMBER].full, "VM#%d", vm_number(w));
	str_add(&p[NUMBER].brief, str_get(&p[NUMBER].full));
	short_release(w, &p[RELEASE].full);
	vm_topology_format(&w->topology, &p[SHAPE].full);
	if (w->shaped) {
		str_add(&p[VERIFIED].full, "topology verified");
		str_add(&p[VERIFIED].brief, "verified");
	}
	str_printf(&p[CPUS].full, "%lluv", (unsigned long long)w->vcpus);
	if (w->memory_mib)
		units_bytes(&p[MEMORY].full, w->memory_mib << 20);
	if (!strcmp(str_get(&w->accel), "tcg")) {
		str_add(&p[ACCEL].full, "tcg: not for timing");
		str_add(&p[ACCEL].brief, "tcg");
	}
	pause_words(w, &p[PAUSE]);
	mode_words(w, &p[MODE]);
	if (w->stage_at[VM_STAGE_BOOTING]) {
		str_add(&p[UP].full, " up ");
		units_hms(&p[UP].full, uptime_ns(w) / NS_PER_SEC);
	}
	fit(p, (size_t)(room > 2 ? room : 2));
	for (int i = 0; i < PARTS; i++) {
		const struct str *s = p[i].cut ? &p[i].brief : &p[i].full;

		if (s->len)
			str_printf(out, "%s%s", out->len ? " " : "", s->s);
		str_release(&p[i].full);
		str_release(&p[i].brief);
	}
}

static const char *state_word(const struct vm_view *w)
{
	return w->over ? "end" : w->paused ? "hold" : w->stage >= VM_STAGE_PROMPT ? "run" : "boot";
}

void vm_status(const void *self, struct pane_status *out)
{
	const struct vm_view *w = self;
	size_t past = vt_total_rows(w->vt) - (size_t)vt_rows(w->vt);

	str_printf(&out->tab, "VM#%d %s", vm_number(w), state_word(w));
	if (!pane_focused(w->host))
		out->mark = w->rang ? '!' : w->activity ? '*' : 0;
	title(w, out->title_cols, &out->title);
	str_printf(&out->foot, "guest %dx%d  scrollback %zu", vt_cols(w->vt), vt_rows(w->vt), past);
	if (*vt_title(w->vt))
		str_printf(&out->foot, "  \"%s\"", vt_title(w->vt));
	vm_topology_format(&w->topology, &out->summary);
	str_addc(&out->summary, ' ');
	short_release(w, &out->summary);
	str_printf(&out->summary, " %s", w->over ? str_get(&w->reason) : vm_stage_name(w->stage));
	out->input = w->mode == VM_INPUT;
	out->running = !w->over;
	/* While a search is active, Esc ends that first. */
	out->features =
		(w->over ? VM_ENDED : VM_RUNNING) | (w->scrolled && !w->find.len ? VM_SCROLLED : 0);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void json_screen(const struct vm_view *w, struct json_out *j)
{
	size_t total = vt_total_rows(w->vt), n = (size_t)vt_rows(w->vt);
	cleanup_str struct str line = STR_INIT;

	json_key(j, "screen");
	json_array(j);
	for (size_t row = total - n; row < total; row++) {
		str_clear(&line);
		vt_text(w->vt, row, 0, row, vt_cols(w->vt) - 1, &line);
		json_str(j, str_get(&line));
	}
	json_array_end(j);
}

static void key_text(struct json_out *j, const char *key, const struct str *s)
{
	json_key_str(j, key, s->len ? s->s : NULL);
}

void vm_json(const void *self, struct json_out *j)
{
	const struct vm_view *w = self;
	cleanup_str struct str shape = STR_INIT;

	vm_topology_format(&w->topology, &shape);
	json_object(j);
	json_key_u64(j, "number", (uint64_t)vm_number(w));
	json_key_str(j, "state",
		w->over			      ? "ended"
		: w->paused		      ? "paused"
		: w->stage >= VM_STAGE_PROMPT ? "running"
					      : "booting");
	json_key_str(j, "stage", vm_stage_name(w->stage));
	key_text(j, "kernel", &w->release);
	key_text(j, "origin", &w->origin);
	json_key_str(j, "topology", str_get(&shape));
	json_key_u64(j, "vcpus", w->vcpus);
	key_text(j, "accel", &w->accel);
	if (w->memory_mib)
		json_key_u64(j, "memory_mib", w->memory_mib);
	else
		json_key_null(j, "memory_mib");
	if (w->over)
		json_key_u64(j, "status", (uint64_t)w->status);
	else
		json_key_null(j, "status");
	key_text(j, "reason", &w->reason);
	json_screen(w, j);
	json_object_end(j);
}
