/* Any bytes as an ELF file: the dynamic section, notes and the modules' section. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/payload/dlopens.h"
#include "vmm/payload/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_opens(struct obj *o)
{
	struct dlopens d;

	dlopens_read(o, &d);
	for (size_t i = 0; i < d.any.n; i++) {
		if (!d.any.v[i].n)
			abort();
		for (size_t k = 0; k < d.any.v[i].n; k++)
			if (!*d.any.v[i].v[k])
				abort();
	}
	dlopens_release(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of exactly this size, so that a read behind it is seen. */
	unsigned char *copy = malloc(size ? size : 1);
	cleanup_str struct str section = STR_INIT;
	struct err e = ERR_INIT;
	struct obj_dynamic d;
	struct obj_kind kind;
	struct obj *o;

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	o = obj_open_bytes(copy, size, "fuzz", &e);
	if (o) {
		if (obj_dynamic(o, &d, &e) == 0) {
			for (size_t i = 0; i < d.needed.n; i++)
				if (!*d.needed.v[i])
					abort();
			obj_dynamic_release(&d);
		}
		read_opens(o);
		obj_relocatable(o, &kind);
		if (obj_section(o, ".modinfo", &section, &e) == 1 && section.len > size)
			abort();
		obj_close(o);
	}
	free(copy);
	return 0;
}
