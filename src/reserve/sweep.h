/* Between the files of this folder: build cgroups that nobody removed. */
#pragma once

#define SANDBOX_NAME "ktstr-build-" /* then nanoseconds since the epoch, and the maker's pid */

/* Removes those in this folder whose makers are long gone; returns how many others there are. */
unsigned sandbox_sweep(const char *parent);
