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

/* The next equal shape of one node, caches first; false after the last. Starts from all 0. */
bool shapes_next(unsigned llct[3]);
/* An unequal one, the same for the same number on any machine. */
struct vm_topology shapes_unequal(unsigned number);
