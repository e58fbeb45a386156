/* Between the files of `ktstr locks`: cmd_locks.c (options, one look), locks_until.c (conditions),
 * locks_watch.c (look after look). */
#pragma once

#include "probes/locks/locks.h"
#include "src/cli/cli.h"

/* What --until waits for. */
struct locks_condition {
	bool held; /* held, else free */
	enum lockfile_kind kind;
	unsigned number;
	char *key; /* owned */
};

struct locks_conditions {
	VEC(struct locks_condition) list;
};

/* "free:llc0", "held:cache:KEY". 0, or -EINVAL with a sentence. */
int locks_conditions_parse(const struct strv *words, struct locks_conditions *out, struct err *e);
void locks_conditions_release(struct locks_conditions *c);
/* NULL when all hold, else the first that does not. */
const struct locks_condition *locks_conditions_open(
	const struct locks_conditions *c, const struct locks *l);
/* "llc 0 is still held by 4321 (make -j8)". */
void locks_condition_text(const struct locks_condition *c, const struct locks *l, struct str *out);

struct locks_call {
	const struct cli_context *cx;
	struct locks_reader *reader;
	struct locks_view view;
	struct locks_conditions until;
	uint64_t interval; /* ns; 0 = one look */
	struct opt_u64 timeout;
	bool json, changes_only;
};

/* The report as text, or JSON (pretty when it is alone). */
void locks_render(const struct locks_call *c, const struct locks *l, struct str *out);
/* What stdout does not say: unreadable processes, what could not be read. */
void locks_note(const struct locks_call *c, const struct locks *l);
/* Look after look, until a signal, a condition or the time ends it; the exit status. */
int locks_watch(struct locks_call *c);
