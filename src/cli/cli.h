/*
 * Commands and options as rows. Parsing, --help, "did you mean", completion for five shells and the
 * man page are loops over these tables; there is no other list of a flag anywhere.
 *
 * A new command: one file cmd_<name>.c that defines `const struct command cmd_<name>`, one line in
 * commands.c. Its options land in a plain struct (`values_size` bytes, zeroed) at the rows'
 * offsets. --batch, --color, --no-pager and --help are not among them: every command has these, and
 * finds what they said in its cli_context.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/str.h"

/* Exit codes; their meanings for people are rows in manual.c. `shell --exec` passes the guest's own
 * status through besides. */
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
	OPT_U32,      /* struct opt_u32; `min` and `max` apply */
	OPT_DURATION, /* struct opt_u64, nanoseconds; humantime grammar */
	OPT_SIZE,     /* struct opt_u64, bytes; IEC grammar */
	OPT_CHOICE,   /* const char *, one of `choices` */
	OPT_CHOICES,  /* struct strv: words parted by commas, each one of `choices` */
};

struct opt_u32 {
	bool set;
	uint32_t v;
};
struct opt_u64 {
	bool set;
	uint64_t v;
};

/* What completes a value besides `choices` and `list`. COMPLETE_COMMAND: programs and files. */
enum opt_complete { COMPLETE_NONE, COMPLETE_FILE, COMPLETE_DIR, COMPLETE_COMMAND };

/*
 * Candidates that only the machine knows (kernels in the cache): appends words, "word" or
 * "word\tdescription". Scripts reach it through the hidden `ktstr __complete`. Errors mean no
 * candidates: nobody reads a sentence in the middle of a completion.
 */
typedef void cli_list_fn(struct strv *words);

struct opt {
	const char *name; /* long name without dashes */
	char letter;	  /* short form, 0 = none */
	enum opt_type type;
	const char *metavar;	    /* NULL for flags */
	const char *help;	    /* one line for -h */
	const char *more;	    /* further sentences for --help and the man page; NULL = none */
	const char *const *choices; /* NULL-terminated, for OPT_CHOICE and OPT_CHOICES */
	const char *unlisted;	    /* a further word for OPT_CHOICE, shown nowhere; NULL = none */
	enum opt_complete complete;
	cli_list_fn *list;   /* dynamic candidates, NULL = none */
	uint64_t min, max;   /* bounds of OPT_U32; max 0 = none */
	const char *needs;   /* name of an option without which this one is a usage error */
	const char *clashes; /* name of an option that excludes this one */
	bool hidden;	     /* parsed, not shown */
	const char *group;   /* the heading that --help has it under; NULL = "Options" */
	size_t offset;	     /* of the member in the command's values struct */
} __attribute__((designated_init));

struct positional {
	const char *name; /* as shown: SHELL, FILE */
	const char *help;
	const char *const *choices; /* NULL = any text */
	enum opt_complete complete;
	cli_list_fn *list;
	bool required;
	bool repeat; /* the last one may: member is then a struct strv, else const char * */
	size_t offset;
} __attribute__((designated_init));

struct cli_context;

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
	void (*manual)(struct str *mdoc); /* further sections of its page; NULL = none */
	bool hidden;			  /* not listed, not completed, not in the man page */
	/* Returns the exit code. Errors are printed by the command with cli_error(). */
	int (*run)(const void *values, const struct cli_context *cx);
} __attribute__((designated_init));

/* What the options say that every command has (rows in common.c). */
struct cli_common {
	bool batch;	   /* no prompts, no colour, no progress */
	const char *color; /* "auto", "always", "never"; NULL = auto */
	bool no_pager;
	bool version, verbose; /* the root's only */
	int help;	       /* 1: -h, 2: --help */
};

/* What a command is told besides its own options. */
struct cli_context {
	const struct command *root;
	const struct command *command;
	const struct command *const *path; /* root first, `command` last */
	size_t depth;
	struct cli_common common;
	bool batch;	      /* common.batch: --batch before or after a subcommand */
	size_t before_dashes; /* positionals before "--"; SIZE_MAX = there was none */
};

extern const struct command cli_root;		   /* cmd_dashboard.c: what `ktstr` alone does */
extern const struct command *const cli_commands[]; /* commands.c: its subcommands */

/* Parses argv, runs what it says, returns the exit code. */
int cli_main(int argc, char **argv);

/* "ktstr: <command>: message" and indented "hint: ..." lines on stderr. cx may be NULL. */
void cli_error(const struct cli_context *cx, const struct err *e);
/* "ktstr: text" on stderr. cx may be NULL. */
void cli_note(const struct cli_context *cx, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The short help on stderr, for a call with nothing to run; EXIT_USAGE. */
int cli_usage(const struct cli_context *cx);
/* Writes all of out to stdout; EXIT_OK, or EXIT_FAILED with the reason on stderr. */
int cli_print(const struct cli_context *cx, const struct str *out);

/*
 * A parsed command line. `values` belongs to it; at most CLI_DEPTH levels of commands.
 */
enum { CLI_DEPTH = 4 };
struct cli_call {
	const struct command *path[CLI_DEPTH]; /* root first */
	size_t depth;
	void *values; /* of path[depth - 1] */
	struct cli_common common;
	size_t before_dashes; /* positionals before "--"; SIZE_MAX = there was none */
};
/*
 * argv[0] is the first word after the root's own name. 0, or -EINVAL with a sentence (and the
 * nearest name); path is valid in either case, so that the error can name the command. Once --help
 * or -h was seen the rest cannot be wrong. Needs cli_call_release() in either case.
 */
int cli_parse(const struct command *root, int argc, char *const *argv, struct cli_call *call,
	struct err *e);
void cli_call_release(struct cli_call *call);

/* Help text: detail false = -h (fits 24 lines, examples first), true = --help. The path is root
 * first. */
struct cli_help {
	const struct command *const *path;
	size_t depth;
	bool detail;
	bool bold; /* headings and names, for a terminal */
};
void cli_help(const struct cli_help *h, struct str *out);
/* Completion script for "bash", "elvish", "fish", "powershell" or "zsh", registered for `binary`.
 */
int cli_completion(const struct command *root, const char *shell, const char *binary,
	struct str *out, struct err *e);
/* The manual, mdoc(7). page "ktstr" is the main page, "ktstr-<name>" a command's. */
int cli_man(const struct command *root, const char *page, struct str *out, struct err *e);
