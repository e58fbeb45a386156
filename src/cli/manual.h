/*
 * What the manual says beyond commands and options: exit codes, environment, files, and where this
 * program differs from the public Rust project. A row without a command stands in ktstr(1); a row
 * with one stands in that command's page as well. Whoever makes one of these things true adds its
 * row.
 */
#pragma once

struct fact {
	const char *name;    /* the code, the variable, the path; of a difference the first words of
				its text */
	const char *text;    /* sentences */
	const char *command; /* "shell"; NULL = of all commands */
} __attribute__((designated_init));

/* Ended by a row without a name. */
extern const struct fact manual_exit[];
extern const struct fact manual_environment[];
extern const struct fact manual_files[];
extern const struct fact manual_differences[];
extern const struct fact manual_topologies[];
/* What stands above them, on the main page and on that of a command. */
extern const char manual_compatibility[], manual_compatibility_of_command[];
