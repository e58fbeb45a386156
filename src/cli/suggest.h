/* The sentences for words that nobody knows, with the name that was probably meant. */
#pragma once

#include "src/cli/cli.h"

/* Both return -EINVAL. `word` is the option as written, without its value. */
int suggest_option(
	const struct command *const *path, size_t depth, const char *word, struct err *e);
int suggest_command(
	const struct command *const *path, size_t depth, const char *word, struct err *e);
/* "ktstr kernel list": the words that call a command; appends. */
void command_words(const struct command *const *path, size_t depth, struct str *out);
