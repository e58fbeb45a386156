#include "src/cli/progress.h"

#include <string.h>

#include "src/base/clock.h"
#include "src/base/units.h"
#include "src/base/utf8.h"

#define SILENCE_NS (10 * NS_PER_SEC)
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
	if (!p->done && !p->total)
		return;
	str_addc(out, ' ');
	add_number(p, p->done, out);
	if (p->total) {
		str_add(out, " of ");
		add_number(p, p->total, out);
	}
	if (p->unit)
		str_printf(out, " %s", p->unit);
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

static void begin(struct progress *p, const char *what)
{
	str_clear(&p->what);
	utf8_sanitize(&p->what, what, strlen(what), false);
	p->tenth = 0;
	p->done = p->total = 0;
}

void progress_update(struct progress *p, uint64_t now_ns, const char *what, uint64_t done,
	uint64_t total, struct str *out)
{
	bool fresh = strcmp(str_get(&p->what), what) != 0;

	if (p->kind == PROGRESS_NONE)
		return;
	if (fresh)
		begin(p, what);
	p->done = done;
	p->total = total;
	if (p->kind == PROGRESS_BAR) {
		draw(p, out);
	} else if (fresh || (total && percent(p) / 10 > p->tenth) ||
		   now_ns - p->said_ns >= SILENCE_NS) {
		p->tenth = percent(p) / 10;
		say(p, now_ns, out);
	}
}

void progress_status(struct progress *p, const char *what, struct str *out)
{
	if (p->kind != PROGRESS_BAR)
		return;
	begin(p, what);
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
