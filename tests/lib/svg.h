/* A screen as an SVG picture. */
#pragma once

#include "src/base/str.h"
#include "tests/lib/tui.h"

void svg_screen(struct tui *t, const char *title, struct str *out);
