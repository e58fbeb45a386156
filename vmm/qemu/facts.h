/* What is installed: the program, its firmware, how it was built. */
#pragma once

#include "src/base/err.h"
#include "vmm/qemu/argv.h"

/* Its path, heap; NULL with the package to install. */
char *qemu_program(struct err *e);
/* Strings are owned by the facts. -ENOENT with the package to install when there is no QEMU. */
int qemu_facts_find(struct qemu_facts *f, struct err *e);
void qemu_facts_release(struct qemu_facts *f);

/* Whether the file at `path` names the library `soname` (a QEMU with seccomp is linked to it). */
bool qemu_links(const char *path, const char *soname);
/* The firmware beside a program at PREFIX/bin/NAME: PREFIX/share/qemu/`file`; heap or NULL. */
char *qemu_firmware(const char *program, const char *file);
