/*
 * What goes into the guest: an uncompressed newc cpio archive with our init, busybox, the kernel
 * modules that are wanted (dependency closure, decompressed), the include files with their shared
 * libraries and interpreters, and init's configuration.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/str.h"

struct payload;

struct payload_request {
	const char *modules; /* the kernel's module folder; NULL = none */
	const struct strv
		*want; /* modules the engine needs when the tree has them ("virtio_pci", ...) */
	const struct strv *load;    /* --modules-load: an unknown name is an error */
	const struct strv *include; /* -i arguments, spec/vmm 1.5 */
	const struct strv *conf;    /* key=value records for PROTO_CONF_PATH */
	/* Called, when not NULL, once `modules`, `missing` and `includes` of the payload are known
	 * and before anything is written: appends the records that depend on them (virtio=). */
	void (*late_conf)(void *user, const struct payload *known, struct strv *conf);
	void *user;
};

struct payload_note {
	void *user;
	void (*note)(void *user, const char *text); /* warnings and remarks, one line each */
};

struct payload {
	int fd;		      /* memfd with the archive; owned */
	uint64_t size;	      /* bytes of it */
	struct strv modules;  /* names in load order, e.g. "virtio_pci"; what was really packed */
	struct strv missing;  /* of `want`: neither in the tree nor built in */
	struct strv includes; /* archive paths of the include files, for a summary */
};

int payload_build(const struct payload_request *q, const struct payload_note *n,
	struct payload *out, struct err *e);
void payload_release(struct payload *p);

/* The checks of -i that need no work (existence, PATH lookup, duplicates), to fail before a boot.
 */
int payload_check_includes(const struct strv *include, struct err *e);

/* The static busybox: KTSTR_BUSYBOX_PATH, beside our binary, the system's; heap path or NULL with
 * the package to install. */
char *payload_busybox(struct err *e);
