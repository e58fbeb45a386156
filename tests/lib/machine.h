/*
 * Machines to test with: one text file describes the sysfs and procfs of a machine, and is expanded
 * into a temporary tree that a sysroot is opened on.
 *
 *   # a comment
 *   [/sys/devices/system/cpu]                  paths below are relative to this directory
 *   online=0-7                                 a file: one line, \n in it parts lines
 *   [/sys/devices/system/cpu/cpu{n} for 0-7]   everything below once for each n of the list
 *   topology/core_id={n%4}                     {...}: + - * / % from left to right, over n
 *   cache/index2/shared_cpu_list={n/4*4}-{n/4*4+3}
 *   node0/                                     an empty directory
 *
 * Whatever cannot be read or written ends the test program with a sentence.
 */
#pragma once

#include "src/base/sysroot.h"

struct machine {
	char *dir; /* the tree; removed by machine_free() */
	struct sysroot *root;
};

struct machine *machine_new(const char *text);
struct machine *machine_load(const char *path);
/* One more section, or files anew, in a machine that stands: `machine_change(m,
 * "[/proc]\nstat=...")`. */
void machine_change(struct machine *m, const char *text);
void machine_free(struct machine *m);
