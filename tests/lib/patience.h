/*
 * How long a test waits for what must come. Far beyond what sixteen emulated CPUs take on a machine
 * that is busy with other things: reached only by what hangs, so that it never decides a test.
 */
#pragma once

enum { PATIENCE_S = 400 };
#define PATIENCE_OPTION "400s" /* the same as an --exec-timeout */
