/* What the files of the boot dialog share: dialog_boot.c (keys, picture), boot_fields.c (from what
 * was typed to a configuration). */
#pragma once

#include "ui/collector.h"
#include "ui/field.h"
#include "ui/pane.h"
#include "vmm/vmctl.h"

enum item {
	KERNEL,
	TOPOLOGY,
	MEMORY,
	INCLUDE,
	APPEND,
	ACCEL,
	DISK,
	DISTANCES,
	OFFLINE,
	MODE,
	CPU_CAP,
	WAIT,
	ITEMS
};

struct boot_item {
	const char *label;
	const char *empty; /* what nothing means */
	const char *help;
	/* Left, Right and Space go through these, each of another first letter; NULL = a text. */
	const char *const *choices;
	size_t nchoices;
};
extern const struct boot_item boot_items[ITEMS];

struct boot {
	struct pane *host;
	const struct topo *machine; /* of the newest snapshot; NULL = not seen yet */
	char *what;		    /* what it is shaped like; NULL = the default shape */
	struct field field[ITEMS];
	size_t choice[ITEMS];
	enum item at;
	int wrong; /* item that is not right; -1 = none */
	struct str error;
};

/* One field. */
int boot_read(const struct boot *b, enum item i, struct vm_config *c, struct err *e);
/* All fields; the first wrong one is named. */
int boot_read_all(const struct boot *b, struct vm_config *c, int *wrong, struct err *e);
void boot_release(struct vm_config *c);
