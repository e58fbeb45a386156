/*
 * Taking our share of this host, by lock files that every ktstr program honours (spec/host 3): a
 * plan is made from the topology and from who holds what, its locks are taken all or nothing, and
 * they last as long as their descriptors. Kernel builds and guests use the same calls.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/base/json_out.h"
#include "src/reserve/plan.h"

enum reserve_mode {
	RESERVE_DEFAULT, /* a CPU for each vCPU, exclusively; their LLCs shared */
	RESERVE_BUDGET,	 /* a number of CPUs, shared with others: --no-perf-mode, builds */
	RESERVE_PERF,	 /* whole LLCs exclusively, vCPUs pinned */
	RESERVE_NONE,	 /* no locks, no plan */
};
const char *reserve_mode_name(enum reserve_mode m); /* "default", "budget", ... */

struct reserve_request {
	enum reserve_mode mode;
	uint32_t cap;	  /* RESERVE_BUDGET: so many CPUs; 0 = reserve_default_budget() */
	uint64_t wait_ns; /* when busy: how long to wait; 0 = a quarter of a second, in four
			     attempts */
};

/* What a command line said, before the environment has its word. */
struct reserve_options {
	bool no_perf_mode, perf_mode, cap_set;
	uint32_t cap;
	uint64_t wait_ns;
};
/*
 * Options and environment (KTSTR_NO_PERF_MODE, KTSTR_CPU_CAP, KTSTR_BYPASS_LLC_LOCKS,
 * KTSTR_CARGO_TEST_MODE) as one request; `notes` receives what the environment overrides. -EINVAL:
 * a value that cannot be right; -EPERM: options and environment contradict each other.
 */
int reserve_request_init(struct reserve_request *out, const struct reserve_options *o,
	struct strv *notes, struct err *e);

/* Who asks, and how it is kept informed; zeroed: this host, nobody. */
struct reserve_context {
	const struct sysroot *root; /* NULL = this host */
	void *user;
	void (*note)(void *user, const char *text); /* "waiting for ..."; may be NULL */
	bool (*cancelled)(void *user);		    /* may be NULL */
};

struct reservation {
	enum reserve_mode mode;
	struct reserve_plan plan;
	bool overcommitted;   /* RESERVE_DEFAULT: the guest does not fit 1:1 */
	bool numa;	      /* the host has several nodes */
	unsigned *vcpu_nodes; /* owned; host node of each vCPU of the plan */
	int *locks;	      /* owned, open lock files; close-on-exec */
	size_t nlocks;
	struct strv warnings; /* sentences for people */
};

/*
 * What can be refused before anything else is done: a cap beyond the allowed CPUs, performance mode
 * on a host that cannot have it. -ERANGE, -ENODEV, -ESRCH.
 */
int reserve_check(const struct reserve_request *q, const struct reserve_shape *s,
	const struct reserve_context *cx, struct err *e);
/*
 * Plans and locks. -EBUSY: the share exists but others have it, named with their pids; -ECANCELED;
 * otherwise as reserve_check(). Where the topology cannot be read and no cap was given, nothing is
 * reserved and a warning says so.
 */
int reserve_acquire(const struct reserve_request *q, const struct reserve_shape *s,
	const struct reserve_context *cx, struct reservation *out, struct err *e);
/* The same without taking anything: the plan as text for people, and -EBUSY (with the sentence)
 * when it could not be had now. */
int reserve_preview(const struct reserve_request *q, const struct reserve_shape *s,
	const struct reserve_context *cx, struct str *out, struct err *e);
/* Lets go. Only when no other process holds these descriptors any more. */
void reservation_release(struct reservation *r);

/* "mode", "overcommitted", "llcs", "cpus", "nodes", "vcpus" (their CPUs, empty unless 1:1) of an
 * object. */
void reserve_json(const struct reservation *r, struct json_out *j);

/* `make -j` for a build that runs on this reservation: its CPUs, at least 1. */
unsigned reserve_jobs(const struct reservation *r);
/* This process, and what it starts from now on, on the reservation's CPUs. 0 or -errno. */
int reserve_confine(const struct reservation *r);
