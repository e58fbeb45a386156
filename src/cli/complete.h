/*
 * What the five completion scripts have in common: every visible command as a node, its visible
 * options (the common ones too), what completes a value, and templates in which @fn@, @bin@,
 * @binary@ and @root@ stand for names.
 */
#pragma once

#include "src/cli/cli.h"

struct comp_node {
	const struct command *c;
	char *path; /* "ktstr kernel list"; heap */
	bool root;
};
typedef VEC(struct comp_node) comp_nodes;

struct comp {
	const struct command *root;
	const char *binary; /* as the user calls it */
	char *fn;	    /* the same as part of a function's name */
	char *bin;	    /* quoted for the shell in question */
	comp_nodes nodes;   /* root first */
	struct str *out;
};

/* What completes a value; the empty one (a number, a text) completes nothing. */
struct comp_value {
	const char *label; /* metavar or name */
	const char *const *choices;
	bool comma; /* several of them, parted by commas */
	enum opt_complete complete;
	bool list; /* `ktstr __complete` knows more */
};

/* The i-th visible option of a node, NULL after the last. */
const struct opt *comp_opt(const struct comp_node *n, size_t i);
struct comp_value comp_opt_value(const struct opt *o);
struct comp_value comp_arg_value(const struct positional *a);
/* "auto always never"; appends. */
void comp_words(const char *const *choices, struct str *out);
/* Appends the template with its names filled in. */
void comp_add(const struct comp *x, const char *text);

/* Each takes x with bin still unset, and appends the whole script. */
void comp_bash(struct comp *x);
void comp_zsh(struct comp *x);
void comp_fish(struct comp *x);
void comp_elvish(struct comp *x);
void comp_powershell(struct comp *x);

/* 'text', with what the shell needs inside; appends. */
void quote_posix(const char *text, struct str *out);   /* bash, zsh */
void quote_fish(const char *text, struct str *out);    /* backslashes inside */
void quote_doubled(const char *text, struct str *out); /* elvish, powershell */
