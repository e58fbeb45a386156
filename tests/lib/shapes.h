/*
 * Shapes of guests that tests go through: those that a person would ask for, every equal one up to
 * VM_VCPUS_MAX, and unequal ones by a number.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "vmm/topology.h"

/* As people type them: what both engines boot, and what a guest must then see. */
extern const char *const shapes[];
extern const size_t shapes_n;

/* A shell command that prints what the kernel says of CPUs, caches and nodes as PATH:LINE, by one
 * process (forks are what costs in an emulated machine), then what it complains of in its firmware.
 */
extern const char shapes_script[];
/* The lines that it must print for a shape, whatever the engine and the processor. */
void shapes_expect(const struct vm_topology *t, struct strv *lines);
/* Prints which of them are missing from an output, or what is wrong; whether all is well. */
bool shapes_seen(const struct vm_topology *t, const char *output);

/* What the init of a guest of this shape reports of it (PROTO_TOPOLOGY), caches as on hardware. */
void shapes_report(const struct vm_topology *t, struct str *out);

/* The next equal shape of one node, caches first; false after the last. Starts from all 0. */
bool shapes_next(unsigned llct[3]);
/* An unequal one, the same for the same number on any machine. */
struct vm_topology shapes_unequal(unsigned number);
