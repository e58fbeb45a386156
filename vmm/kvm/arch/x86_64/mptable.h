/*
 * A table of the MultiProcessor Specification (1.4, chapter 4) that says nothing: ACPI describes
 * the machine. It is for the sake of being found. Linux looks for one before it reads ACPI's, and
 * for each 16 bytes that it looks at it maps all of the firmware's area anew, which is 65,536
 * changes of its page tables and flushes until it has found none (mpparse.c, smp_scan_config).
 */
#pragma once

enum { MPTABLE_SIZE = 16 + 44 };

/* The bytes for MPTABLE_AT: the pointer that is looked for, and the table behind it. */
void mptable_make(unsigned char bytes[MPTABLE_SIZE]);
