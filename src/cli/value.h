/* From an option's text to the member of the values struct that its row names. */
#pragma once

#include "src/cli/cli.h"

/* text is NULL for flags. `label` is how the user wrote the option ("--size", "-n"). */
int value_set(
	const struct opt *o, const char *label, const char *text, void *values, struct err *e);
/* A word for a positional parameter; lists are appended to. */
int value_set_arg(const struct positional *a, const char *text, void *values, struct err *e);
/* Releases the lists of a values struct; not the struct. */
void value_release(const struct command *c, void *values);
