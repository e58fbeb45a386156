/* One cell of a screen, as the canvas, the guest's terminal and the batch renderer share it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* -1 = the terminal's default; 0..255 = palette; UI_RGB(r, g, b) = direct. */
typedef int32_t ui_color;
#define UI_DEFAULT	((ui_color)-1)
#define UI_RGB(r, g, b) ((ui_color)(0x1000000 | (r) << 16 | (g) << 8 | (b)))
#define UI_IS_RGB(c)	((c) >= 0x1000000)

enum ui_attr {
	UI_BOLD = 1 << 0,
	UI_UNDERLINE = 1 << 1,
	UI_ITALIC = 1 << 2,
	UI_BLINK = 1 << 3,
	UI_REVERSE = 1 << 4,
	UI_STRIKE = 1 << 5,
	UI_DIM = 1 << 6,
};

enum { UI_CELL_CHARS = 4 }; /* a base character and up to three combining ones */

struct ui_cell {
	uint32_t ch[UI_CELL_CHARS]; /* ch[0] == 0 is a blank; unused places are 0 */
	ui_color fg, bg;
	uint16_t attr; /* enum ui_attr */
	uint8_t width; /* 1 or 2; 0 = right half of the wide cell before it */
};
