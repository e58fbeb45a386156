/* What the guest gets of this machine without being asked: small things that programs expect. */
#pragma once

#include "vmm/payload/libs.h"
#include "vmm/payload/tree.h"

/* This machine's lscpu at /usr/bin/lscpu, with its libraries; silently nothing without one. */
void extras_lscpu(struct tree *t, struct libs *libs);
/* The locale C.UTF-8, where this machine has it; whether it had. */
bool extras_locale(struct tree *t);
/* Descriptions of the likely terminals, for programs that draw with curses. */
void extras_terminfo(struct tree *t, const char *term);
