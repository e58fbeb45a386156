/*
 * What an ELF file says about jemalloc's thread-specific data: where its symbol is in the file's
 * thread-local storage, and how a loaded copy of the file finds that storage. The file may be
 * anything: nothing of it is trusted, and it is read piece by piece.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct elf_tls {
	bool shared;	       /* a shared object: its storage is where the loader put it */
	bool looks_like;       /* it exports mallctl: the allocator, though its symbols are gone */
	uint64_t memsz, align; /* PT_TLS; memsz 0 = none */
	uint64_t vaddr0;       /* of the first loadable segment, page-aligned */
	bool has_symbol;       /* ..._tsd_tls */
	uint64_t symbol, size; /* its offset in the storage, its size (0 = not said) */
	bool has_slot;	     /* a word that the loader fills with an offset to the thread pointer */
	uint64_t slot;	     /* its address in the file */
	uint64_t slot_of;    /* the offset in the storage that it will be of */
	char version[64];    /* of jemalloc, "5.3.0-0-g..."; filled by elf_tls_version() */
	char debuglink[256]; /* name in .gnu_debuglink, empty = none */
	char build_id[2 * 64 + 1]; /* hexadecimal, empty = none */
};

/* 0; -ENOEXEC: no 64-bit ELF of this machine's kind; -errno. */
int elf_tls_read(int fd, struct elf_tls *out);
/* Looks through the whole file for jemalloc's version. */
void elf_tls_version(int fd, struct elf_tls *out);
