/*
 * Picks kernel modules with everything they depend on. Dependencies come from the modules' own
 * .modinfo: a kernel package that was only unpacked has no modules.dep. Compressed modules are
 * decompressed here, so the guest's kernel need not be able to.
 */
#pragma once

#include "vmm/payload/modindex.h"
#include "vmm/payload/tree.h"

struct module_pick {
	char *name;
	char *path;	  /* of its file on this machine */
	struct str bytes; /* decompressed; empty when the file can be packed as it is */
	struct stat st;
};

struct module_picks {
	VEC(struct module_pick) list; /* in load order */
	struct strv missing;	      /* of `want`: neither in the tree nor built in */
};

/* Of all modules that have to be unpacked for one guest, together: they are held in memory. */
enum { MODULES_BYTES_MAX = 1 << 30 };

/*
 * `want`: modules that are taken when the tree has them; `load`: those that it must have (or the
 * kernel itself), else the error suggests a name. Either may be NULL. A module that is damaged, or
 * that needs one which is not there, is refused by name; -E2BIG where they unpack to more than
 * `most` bytes.
 */
int modules_pick(const struct modindex *x, const struct strv *want, const struct strv *load,
	size_t most, struct module_picks *out, struct err *e);
void module_picks_release(struct module_picks *p);

/* modules/NNN-name.ko, in load order. The picks must live until the tree is written. */
int modules_place(const struct module_picks *p, struct tree *t, struct err *e);

/* Of a .modinfo section: the names in depends=, and those of the soft dependencies that are loaded
 * before (softdep=pre:) and after (post:). Foreign bytes. */
struct module_needs {
	struct strv depends, before, after;
};
void module_needs_parse(const char *modinfo, size_t n, struct module_needs *out);
void module_needs_release(struct module_needs *m);
