#include "vmm/payload/embed.h"

/* GUEST_INIT_PATH comes from the Makefile, which also makes this file depend on it. */
__asm__(".section .rodata.guest_init, \"a\", @progbits\n"
	".balign 16\n"
	".global embed_init, embed_init_size\n"
	".hidden embed_init, embed_init_size\n"
	"embed_init: .incbin \"" GUEST_INIT_PATH "\"\n"
	"0: .balign 8\n"
	"embed_init_size: .quad 0b - embed_init\n"
	".previous\n");
