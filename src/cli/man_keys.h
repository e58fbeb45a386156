/* The dashboard's keys in ktstr(1), from the rows that dispatch them. */
#pragma once

#include "src/base/str.h"

void man_keys(struct str *mdoc);
