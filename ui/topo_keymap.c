/* The keys of the topology pane. */
#include "ui/topo_view.h"

static const struct key_row rows[] = {
	KEY_ROWS_LINES(0),
	{.keys = "Left h",
		.shown = "Left Right",
		.group = KEYS_MOVE,
		.help = "CPU by CPU, in and out of an LLC (h l)",
		.action = ACT_LEFT},
	{.keys = "Right l", .action = ACT_RIGHT},
	KEY_ROWS_PAGES(0),
	KEY_ROWS_ENDS,
	{.keys = "Enter",
		.hint = "Fold",
		.priority = 10,
		.help = "open or close the LLC",
		.group = KEYS_PANE,
		.need = TOPO_CAN_FOLD,
		.action = ACT_FOLD},
	{.keys = "+",
		.shown = "+ -",
		.help = "open, close the LLC",
		.group = KEYS_PANE,
		.need = TOPO_CAN_FOLD,
		.action = ACT_OPEN},
	{.keys = "-", .need = TOPO_CAN_FOLD, .action = ACT_CLOSE},
	{.keys = "*",
		.help = "open or close all LLCs",
		.group = KEYS_PANE,
		.need = TOPO_CAN_FOLD,
		.action = ACT_FOLD_ALL},
	{.keys = "v",
		.hint = "View",
		.priority = 55,
		.help = "view: grid, list, distances",
		.group = KEYS_PANE,
		.action = ACT_VIEW},
	{.keys = "c",
		.hint = "Colour",
		.priority = 54,
		.group = KEYS_PANE,
		.help = "colour: utilisation, node, frequency, holder",
		.need = TOPO_CAN_COLOUR,
		.action = ACT_COLOUR},
	{.keys = "b",
		.hint = "Boot like this",
		.priority = 65,
		.group = KEYS_CHANGES,
		.help = "boot a guest like the LLC or node",
		.need = UI_CAN_BOOT,
		.action = ACT_BOOT},
	{.keys = "E",
		.group = KEYS_CHANGES,
		.help = "change the topology, then boot",
		.need = UI_CAN_BOOT,
		.action = ACT_EDIT},
	{.keys = "p",
		.group = KEYS_PANE,
		.help = "copy as --topology takes it",
		.action = ACT_COPY},
};

static const struct key_table table = {.rows = rows, .n = ARRAY_LEN(rows)};

const struct key_section topo_key_sections[] = {{"Topology", &table}, {NULL, NULL}};

const struct key_table *topo_view_keys(const void *self)
{
	(void)self;
	return &table;
}
