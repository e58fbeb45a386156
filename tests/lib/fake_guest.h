/* A pane that behaves like a guest's, without one: input mode, prefix, fills its interior. */
#pragma once

#include "ui/pane.h"

extern const struct pane_ops fake_guest;
/* A dialog that opens a fake_guest on Enter and closes on Esc. */
extern const struct pane_ops fake_boot;
