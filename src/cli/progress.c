#include "src/cli/progress.h"

#include <string.h>

#include "src/base/clock.h"
#include "src/base/units.h"
#include "src/base/utf8.h"

#define SILENCE_NS (10 * NS_PER_SEC)
#define RATE_KEPT  0.8 /* of the rate before, each second */
enum { BAR_MIN = 10, BAR_MAX = 40, WIDTH_MIN = 20 };

static unsigned percent(const struct progress *p)
{
	double v = p->total ? (double)p->done * 100.0 / (double)p->total : 0;

	return v > 100 ? 100 : (unsigned)v;
}

static void add_number(const struct progress *p, uint64_t v, struct str *out)
{
	if (p->unit)
		str_printf(out, "%llu", (unsigned long long)v);
	else
		units_bytes(out, v);
}

/* " 5.1M of 11.3M" or " 5.1M", nothing when nothing is known. */
static void add_amount(const struct progress *p, struct str *out)
{
	uint64_t most = p->total ? p->total : p->done;

	if (!p->done && !p->total)
		return;
	str_addc(out, ' ');
	add_number(p, p->done, out);
	if (p->total) {
		str_add(out, " of ");
		add_number(p, p->total, out);
	}
	if (p->unit)
		str_printf(out, " %.*s", (int)strlen(p->unit) - (most == 1), p->unit);
}

/* " 11.2M/s 12s left"; objects have no rate that says anything, so theirs is left out. */
static void add_rate(const struct progress *p, struct str *out)
{
	if (p->rate <= 0)
		return;
	if (!p->unit) {
		str_addc(out, ' ');
		units_bytes(out, (uint64_t)p->rate);
		str_add(out, "/s");
	}
	if (p->total > p->done) {
		str_addc(out, ' ');
		units_duration(
			out, (uint64_t)((double)(p->total - p->done) / p->rate) * NS_PER_SEC);
		str_add(out, " left");
	}
}

/* Once a second; what was long ago counts for less and less. */
static void look_at_rate(struct progress *p, uint64_t now_ns)
{
	double seconds = (double)(now_ns - p->rated_ns) / (double)NS_PER_SEC, of_late;

	if (!p->rated_ns || p->done < p->rated_done) {
		p->rate = 0;
	} else if (seconds < 1) {
		return;
	} else {
		of_late = (double)(p->done - p->rated_done) / seconds;
		p->rate = p->rate > 0 ? RATE_KEPT * p->rate + (1 - RATE_KEPT) * of_late : of_late;
	}
	p->rated_ns = now_ns;
	p->rated_done = p->done;
}

/* Fits text into the columns that are there; it has no double-width characters of ours. */
static void cut(struct str *line, int width)
{
	while (line->len && utf8_width(line->s) > (size_t)width)
		line->s[--line->len] = 0;
}

static void draw(struct progress *p, struct str *out)
{
	int width = p->width > WIDTH_MIN ? p->width - 1 : WIDTH_MIN;
	cleanup_str struct str line = STR_INIT, tail = STR_INIT;
	int room;

	str_printf(&line, "ktstr: %s", str_get(&p->what));
	if (p->total)
		str_printf(&tail, " %3u %%", percent(p));
	add_amount(p, &tail);
	add_rate(p, &tail);
	room = width - (int)utf8_width(str_get(&line)) - (int)tail.len - 3;
	if (p->total && room >= BAR_MIN) {
		unsigned n = room < BAR_MAX ? (unsigned)room : BAR_MAX;
		unsigned full = n * percent(p) / 100;

		str_add(&line, " [");
		str_repeat(&line, '#', full);
		str_repeat(&line, '.', n - full);
		str_addc(&line, ']');
	}
	str_append(&line, str_get(&tail), tail.len);
	cut(&line, width);
	str_printf(out, "\r%s\033[K", str_get(&line));
	p->drawn = true;
}

static void say(struct progress *p, uint64_t now_ns, struct str *out)
{
	str_printf(out, "ktstr: %s", str_get(&p->what));
	if (p->total || p->done)
		str_addc(out, ':');
	if (p->total)
		str_printf(out, " %u %%,", percent(p));
	add_amount(p, out);
	str_addc(out, '\n');
	p->said_ns = now_ns;
}

/* "building: a.o" and "building: b.o" are one phase: how much of the text names it. */
static size_t phase_length(const char *what)
{
	const char *detail = strstr(what, ": ");

	return detail ? (size_t)(detail - what) : strlen(what);
}

static bool is_phase(const struct progress *p, const char *what)
{
	size_t n = phase_length(what);

	return p->what.len >= n && !strncmp(str_get(&p->what), what, n);
}

static void begin(struct progress *p, const char *what, size_t n)
{
	if (!is_phase(p, what))
		p->rated_ns = 0;
	str_clear(&p->what);
	utf8_sanitize(&p->what, what, n, false);
	p->tenth = 0;
	p->done = p->total = 0;
}

static bool is_news(const struct progress *p, uint64_t now_ns)
{
	uint64_t silent = now_ns - p->said_ns;

	return silent >= SILENCE_NS || (silent >= NS_PER_SEC && percent(p) / 10 > p->tenth);
}

void progress_update(struct progress *p, uint64_t now_ns, const char *what, uint64_t done,
	uint64_t total, struct str *out)
{
	/* lines name the phase only, or each object would be one */
	size_t n = p->kind == PROGRESS_LINES ? phase_length(what) : strlen(what);
	bool fresh = p->what.len != n || strncmp(str_get(&p->what), what, n) != 0;

	if (p->kind == PROGRESS_NONE)
		return;
	if (fresh)
		begin(p, what, n);
	p->done = done;
	p->total = total;
	if (p->kind == PROGRESS_BAR) {
		look_at_rate(p, now_ns);
		draw(p, out);
	} else if (fresh || is_news(p, now_ns)) {
		p->tenth = percent(p) / 10;
		say(p, now_ns, out);
	}
}

const char *progress_unit(const char *what)
{
	return str_starts(what, "building") ? "objects" : NULL;
}

void progress_status(struct progress *p, const char *what, struct str *out)
{
	if (p->kind == PROGRESS_LINES)
		progress_end(p, out);
	if (p->kind != PROGRESS_BAR)
		return;
	begin(p, what, strlen(what));
	draw(p, out);
}

void progress_tick(struct progress *p, uint64_t now_ns, struct str *out)
{
	if (p->kind == PROGRESS_LINES && p->what.len && now_ns - p->said_ns >= SILENCE_NS)
		say(p, now_ns, out);
}

void progress_clear(struct progress *p, struct str *out)
{
	if (p->drawn)
		str_add(out, "\r\033[K");
	p->drawn = false;
}

void progress_end(struct progress *p, struct str *out)
{
	progress_clear(p, out);
	str_clear(&p->what);
}

void progress_release(struct progress *p)
{
	str_release(&p->what);
}
