/* The rows of fields.def as data, and the words of the enums around them. */
#include <string.h>

#include "probes/ctprof/snapshot.h"

const struct ctp_field_row ctp_fields[CTP_NFIELDS] = {
#define FIELD(KEY, TYPE, SOURCE, WORD, NUMBER, FORM, GATES, ABSENT)                                \
	[CTP_##KEY] = {                                                                            \
		.key = #KEY,                                                                       \
		.len = sizeof(#KEY) - 1,                                                           \
		.type = CTP_##TYPE,                                                                \
		.source = CTP_FROM_##SOURCE,                                                       \
		.word = WORD,                                                                      \
		.number = NUMBER,                                                                  \
		.form = CTP_##FORM,                                                                \
		.gates = GATES,                                                                    \
		.absent = CTP_##ABSENT,                                                            \
	},
#include "probes/ctprof/fields.def"
};

bool ctp_field_is(int f, const char *key, size_t n)
{
	return ctp_fields[f].len == n && memcmp(ctp_fields[f].key, key, n) == 0;
}

int ctp_field_find(const char *key, size_t n)
{
	for (int f = 0; f < CTP_NFIELDS; f++)
		if (ctp_field_is(f, key, n))
			return f;
	return -1;
}

const char *ctp_gate_name(enum ctp_gate g)
{
	static const char *const names[CTP_NGATES] = {
		[CTP_GATE_NONE] = "",
		[CTP_GATE_SCHED_INFO] = "SCHED_INFO",
		[CTP_GATE_SCHEDSTATS] = "SCHEDSTATS",
		[CTP_GATE_SCHED_CORE] = "SCHED_CORE",
		[CTP_GATE_SCHED_CLASS_EXT] = "SCHED_CLASS_EXT",
		[CTP_GATE_TASK_DELAY_ACCT] = "TASK_DELAY_ACCT",
		[CTP_GATE_TASK_IO_ACCOUNTING] = "TASK_IO_ACCOUNTING",
		[CTP_GATE_TASKSTATS] = "TASKSTATS",
		[CTP_GATE_TASK_XACCT] = "TASK_XACCT",
	};

	return names[g];
}

static const struct {
	const char *word, *text;
} whys[CTP_NWHYS] = {
	[CTP_PRESENT] = {NULL, "present"},
	[CTP_NO_CFG] = {"cfg", "this kernel does not keep it"},
	[CTP_NO_PERM] = {"perm", "not permitted to read it"},
	[CTP_NO_APPL] = {"na", "the thread has none, or it cannot be found"},
	[CTP_NO_ASK] = {"skip", "not asked for"},
	[CTP_NO_TASK] = {"gone", "the thread ended while it was read"},
};

const char *ctp_why_word(enum ctp_why w)
{
	return whys[w].word;
}

const char *ctp_why_text(enum ctp_why w)
{
	return whys[w].text;
}
