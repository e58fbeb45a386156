/*
 * A table of the MultiProcessor Specification (1.4, chapter 4) that says nothing: ACPI describes
 * the machine. It is for the sake of being found. A Linux that is built with CONFIG_X86_MPPARSE
 * looks for one first, and for each 16 bytes that it looks at it maps all of the firmware's area
 * anew, which is 65,536 changes of its page tables and flushes until it has found none (mpparse.c,
 * smp_scan_config).
 */
#pragma once

#include "src/base/str.h"

/* Appends the bytes for MPTABLE_AT: the pointer that is looked for, and the table behind it. */
void mptable_build(struct str *out);
