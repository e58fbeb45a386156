/*
 * Commands and options as rows. Parsing, --help, "did you mean", completion for five shells and the
 * man page are loops over these tables; there is no other list of a flag anywhere.
 *
 * A new command: one file cmd_<name>.c that defines `const struct command cmd_<name>`, one line in
 * commands.c. Its options land in a plain struct (`values_size` bytes, zeroed) at the rows'
 * offsets.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/str.h"

/* Exit codes, the table of ktstr(1). `shell --exec` passes the guest's own status through besides.
 */
enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1, /* operation failed, contention, missing prerequisite, not found */
	EXIT_USAGE = 2,
	EXIT_TIMEOUT = 124,	 /* --exec-timeout */
	EXIT_NOT_AS_ASKED = 125, /* the guest ran but its result was lost */
	EXIT_NO_INIT = 254,	 /* the guest never reached its init */
	EXIT_PANIC = 255,
};

/* What an option's value is: decides the member's type, the check and the error sentence. */
enum opt_type {
	OPT_FLAG,     /* bool */
	OPT_TEXT,     /* const char *, borrowed from argv */
	OPT_LIST,     /* struct strv: every use is appended */
	OPT_U32,      /* struct opt_u32; `min` applies */
	OPT_DURATION, /* struct opt_u64, nanoseconds; humantime grammar */
	OPT_SIZE,     /* struct opt_u64, bytes; IEC grammar */
	OPT_CHOICE,   /* const char *, one of `choices` */
};

struct cli_context;

struct opt_u32 {
	bool set;
	uint32_t v;
};
struct opt_u64 {
	bool set;
	uint64_t v;
};

/* What completes a value. */
enum opt_complete { COMPLETE_NONE, COMPLETE_FILE, COMPLETE_DIR, COMPLETE_COMMAND, COMPLETE_KERNEL };

struct opt {
	const char *name; /* long name without dashes */
	char letter;	  /* short form, 0 = none */
	enum opt_type type;
	const char *metavar;	    /* NULL for flags */
	const char *help;	    /* one line for -h */
	const char *more;	    /* further sentences for --help and the man page; NULL = none */
	const char *const *choices; /* NULL-terminated, for OPT_CHOICE */
	enum opt_complete complete;
	uint64_t min;	     /* smallest value of OPT_U32 */
	const char *needs;   /* name of an option without which this one is a usage error */
	const char *clashes; /* name of an option that excludes this one */
	bool hidden;	     /* parsed, not shown */
	size_t offset;	     /* of the member in the command's values struct */
} __attribute__((designated_init));

struct positional {
	const char *name; /* as shown: SHELL, FILE */
	const char *help;
	const char *const *choices; /* NULL = any text */
	enum opt_complete complete;
	bool required;
	bool repeat; /* the last one may: member is then a struct strv, else const char * */
	size_t offset;
} __attribute__((designated_init));

struct command {
	const char *name;
	const char *summary; /* one line, no full stop */
	const char *about;   /* paragraphs for --help and the man page, parted by blank lines */
	const char *const *examples; /* NULL-terminated, shell command lines; shown first in -h */
	const struct opt *opts;
	size_t nopts;
	const struct positional *args;
	size_t nargs;
	const struct command *const
		*sub; /* NULL-terminated; then run is NULL or runs without a subcommand */
	size_t values_size;
	bool hidden; /* not listed, not completed, not in the man page */
	/* Returns the exit code. Errors are printed by the command with cli_error(). */
	int (*run)(const void *values, const struct cli_context *cx);
} __attribute__((designated_init));

/* What main knows besides the command's own options. */
struct cli_context {
	const struct command *root;
	const struct command *command;
	bool batch; /* --batch before or after a subcommand: no prompts, no colour, no progress */
};

extern const struct command cli_root;

/* Parses argv, runs what it says, returns the exit code. */
int cli_main(int argc, char **argv);

/* "ktstr: <command>: message" and indented "hint: ..." lines on stderr. */
void cli_error(const struct cli_context *cx, const struct err *e);
/* "ktstr: text" on stderr. */
void cli_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Writes all of out to stdout; EXIT_OK, or EXIT_FAILED with the reason on stderr. */
int cli_print(const struct cli_context *cx, const struct str *out);

/* Releases the lists of a values struct. */
void cli_release_values(const struct command *c, void *values);
/*
 * The parser by itself: argv[0] is the first word after the command's own name. 0, or -EINVAL with
 * a sentence (and the nearest name). `--help` and -h set *help to 2 and 1 and end parsing.
 */
int cli_parse(const struct command *c, int argc, char *const *argv, void *values, int *help,
	struct err *e);
/* Help text: detail false = -h (fits 24 lines, examples first), true = --help. */
void cli_help(const struct command *root, const struct command *c, bool detail, struct str *out);
/* Completion script for "bash", "elvish", "fish", "powershell" or "zsh", registered for `binary`.
 */
int cli_completion(const struct command *root, const char *shell, const char *binary,
	struct str *out, struct err *e);
/* The manual, mdoc(7). name "ktstr" is the main page; a command's name gives ktstr-<name>(1). */
int cli_man(const struct command *root, const char *page, struct str *out, struct err *e);
