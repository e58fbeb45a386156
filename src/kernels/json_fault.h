/* Why a JSON document does not parse: it breaks a rule, or it just stops too early. */
#pragma once

#include <stddef.h>

enum json_fault {
	JSON_FAULT_NONE,   /* the grammar is kept */
	JSON_FAULT_SYNTAX, /* a byte that cannot stand where it stands */
	JSON_FAULT_CUT,	   /* a proper beginning of a document: it ends inside a value */
};

enum json_fault json_fault(const char *text, size_t n);
