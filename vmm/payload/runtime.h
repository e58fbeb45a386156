/*
 * Interpreters that are nothing without a folder of modules: Python does not even start. They know
 * themselves where those are, so they are asked.
 */
#pragma once

#include "vmm/payload/libs.h"
#include "vmm/payload/tree.h"

/*
 * Adds the standard modules of this interpreter at their own paths, with the libraries that
 * compiled ones need (as far as those are here: many modules are never used). Nothing for an
 * interpreter that has none, or that cannot be asked; `script` is on whose behalf, for the remark.
 */
int runtime_add(const char *interpreter, const char *script, const struct payload_note *notes,
	struct tree *t, struct libs *libs, struct err *e);
