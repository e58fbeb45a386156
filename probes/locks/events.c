/* Events as rows: what files of them have, and what a filter looks into. */
#include <stdlib.h>
#include <time.h>

#include "probes/locks/rows.h"
#include "src/base/clock.h"

#define EVENT(row) ((const struct locks_event *)(row))

static struct cell get_time(const void *row, struct arena *a)
{
	time_t at = (time_t)(EVENT(row)->real_ns / NS_PER_SEC);
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&at, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return cell_text(arena_strdup(a, text));
}

static struct cell get_kind(const void *row, struct arena *a)
{
	(void)a;
	return cell_text(locks_kind_name(EVENT(row)->kind));
}

static struct cell get_id(const void *row, struct arena *a)
{
	const struct locks_event *e = EVENT(row);

	(void)a;
	return e->kind == LOCKFILE_LLC || e->kind == LOCKFILE_CPU ? cell_u64(e->number)
								  : cell_text(e->key);
}

static struct cell get_event(const void *row, struct arena *a)
{
	(void)a;
	return cell_text(locks_happening_name(EVENT(row)->what));
}

static struct cell get_mode(const void *row, struct arena *a)
{
	(void)a;
	return cell_text(EVENT(row)->mode == LOCKFILE_EXCLUSIVE ? "EX" : "SH");
}

static struct cell get_pid(const void *row, struct arena *a)
{
	(void)a;
	return cell_u64((unsigned)EVENT(row)->pid);
}

static struct cell get_other(const void *row, struct arena *a)
{
	(void)a;
	return EVENT(row)->other ? cell_u64((unsigned)EVENT(row)->other) : cell_absent(NULL);
}

static struct cell get_lasted(const void *row, struct arena *a)
{
	(void)a;
	return EVENT(row)->lasted.known == LOCKS_UNKNOWN ? cell_absent(NULL)
							 : cell_u64(EVENT(row)->lasted.ns);
}

const struct column locks_event_columns[] = {
	{.id = "time", .title = "TIME", .get = get_time},
	{.id = "kind", .title = "KIND", .get = get_kind},
	{.id = "id", .title = "ID", .get = get_id},
	{.id = "event", .title = "EVENT", .get = get_event},
	{.id = "mode", .title = "MODE", .get = get_mode},
	{.id = "pid", .title = "PID", .right = true, .get = get_pid},
	{.id = "other_pid", .title = "OTHER", .right = true, .get = get_other},
	{.id = "lasted_ns", .title = "LASTED", .unit = "ns", .right = true, .get = get_lasted},
};
const size_t locks_nevent_columns = ARRAY_LEN(locks_event_columns);
