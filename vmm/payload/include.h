/*
 * `-i`: from what a person wrote to files with their places in the guest (spec/vmm 1.5), and what
 * those files need to run there: shared libraries, and the interpreters of scripts at their own
 * absolute paths.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "vmm/payload/libs.h"
#include "vmm/payload/payload.h"
#include "vmm/payload/tree.h"

#define INCLUDE_DIR "include-files"

struct include_file {
	char *host;  /* path on this machine, as composed from the argument */
	char *guest; /* "include-files/..." */
	struct stat st;
	bool named; /* the argument itself, not found by walking a folder */
};

struct include_list {
	VEC(struct include_file) files; /* in the order of the arguments, folders sorted */
};

/* Finds all files. Remarks (an empty folder, a link that leads nowhere) go to notes. */
int include_resolve(const struct strv *args, const struct payload_note *notes,
	struct include_list *out, struct err *e);
/* The files of one folder (an absolute path), placed below the guest path `guest`. */
int include_folder(const char *dir, const char *guest, struct include_list *out, struct err *e);
void include_release(struct include_list *l);

/* Puts the files into the tree, and what they need into `libs`. */
int include_pack(const struct include_list *l, const struct payload_note *notes, struct tree *t,
	struct libs *libs, struct err *e);
