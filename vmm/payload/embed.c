#include "vmm/payload/embed.h"

/* GUEST_INIT_PATH comes from the Makefile, which also makes this file depend on it. */
__asm__(".section .rodata.guest_init, \"a\", @progbits\n"
	".balign 16\n"
	".global embed_init_start, embed_init_end\n"
	".hidden embed_init_start, embed_init_end\n"
	"embed_init_start: .incbin \"" GUEST_INIT_PATH "\"\n"
	"embed_init_end: .byte 0\n"
	".previous\n");
