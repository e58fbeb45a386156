#include <stddef.h>

#include "src/base/mem.h"
#include "ui/theme.h"

static const struct glyphs unicode = {
	.h = 0x2500,
	.v = 0x2502,
	.tl = 0x250c,
	.tr = 0x2510,
	.bl = 0x2514,
	.br = 0x2518,
	.fh = 0x2501,
	.fv = 0x2503,
	.ftl = 0x250f,
	.ftr = 0x2513,
	.fbl = 0x2517,
	.fbr = 0x251b,
	.open = 0x25be,
	.closed = 0x25b8,
	.up = 0x2191,
	.down = 0x2193,
	.bar = 0x2587,
	.level = {0x00b7, 0x2581, 0x2582, 0x2583, 0x2584, 0x2585, 0x2586, 0x2587, 0x2587},
	.more = 0x2026,
	.rule = 0x2502,
};

static const struct glyphs ascii_set = {
	.h = '-',
	.v = '|',
	.tl = '+',
	.tr = '+',
	.bl = '+',
	.br = '+',
	.fh = '=',
	.fv = '|',
	.ftl = '+',
	.ftr = '+',
	.fbl = '+',
	.fbr = '+',
	.open = 'v',
	.closed = '>',
	.up = '^',
	.down = 'v',
	.bar = '#',
	.level = {'.', '1', '2', '3', '4', '5', '6', '7', '8'},
	.more = '>',
	.rule = '|',
};

const struct glyphs *glyphs_get(bool ascii)
{
	return ascii ? &ascii_set : &unicode;
}

struct twin {
	uint32_t from, to;
	char ascii;
};

/* Ranges of what guests and our own glyph set draw with; U+2500 to U+257F are the line pieces. */
static const struct twin twins[] = {
	{0x00a0, 0x00a0, ' '}, /* no-break space */
	{0x00b7, 0x00b7, '.'},
	{0x2010, 0x2015, '-'},
	{0x2018, 0x2019, '\''},
	{0x201c, 0x201d, '"'},
	{0x2022, 0x2022, '*'},
	{0x2026, 0x2026, '>'},
	{0x2190, 0x2190, '<'},
	{0x2191, 0x2191, '^'},
	{0x2192, 0x2192, '>'},
	{0x2193, 0x2193, 'v'},
	{0x2500, 0x2501, '-'},
	{0x2502, 0x2503, '|'},
	{0x2504, 0x2505, '-'},
	{0x2506, 0x2507, '|'},
	{0x2508, 0x2509, '-'},
	{0x250a, 0x250b, '|'},
	{0x250c, 0x254b, '+'},
	{0x254c, 0x254d, '-'},
	{0x254e, 0x254f, '|'},
	{0x2550, 0x2550, '='},
	{0x2551, 0x2551, '|'},
	{0x2552, 0x257f, '+'},
	{0x2580, 0x2588, '#'},
	{0x2589, 0x258f, '|'},
	{0x2590, 0x259f, '#'},
	{0x25b8, 0x25b8, '>'},
	{0x25be, 0x25be, 'v'},
	{0x2713, 0x2713, 'v'},
	{0x2717, 0x2717, 'x'},
};

uint32_t glyph_ascii(uint32_t cp)
{
	if (cp < 0x7f)
		return cp;
	for (size_t i = 0; i < ARRAY_LEN(twins); i++)
		if (cp >= twins[i].from && cp <= twins[i].to)
			return (uint32_t)twins[i].ascii;
	return '?';
}
