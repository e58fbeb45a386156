/*
 * One thread as JSON text: what capturing and saving have in common, and most of the time that a
 * capture spends on its own.
 */
#pragma once

#include "probes/ctprof/snapshot.h"
#include "src/base/str.h"

/* A thread with what stands beside its numbers. */
struct ctp_record {
	uint64_t v[CTP_NFIELDS];       /* as in ctp_thread, where it is a number */
	uint8_t why[CTP_NFIELDS];      /* enum ctp_why */
	const char *text[CTP_NFIELDS]; /* CTP_STR; NULL is "" */
	struct ctp_cpus cpus;
	struct ctp_map map;
};

/* Neighbours are alike: texts of CPU lists and absences are kept for the next. Zeroed is new. */
struct ctp_thread_writer {
	struct str cpus, absent;
	VEC(struct ctp_run) runs; /* that `cpus` is of */
	uint8_t why[CTP_NFIELDS]; /* that `absent` is of */
};

/* Appends the object, without a comma. */
void ctp_write_thread(struct ctp_thread_writer *w, const struct ctp_record *r, struct str *out);
void ctp_thread_writer_release(struct ctp_thread_writer *w);
