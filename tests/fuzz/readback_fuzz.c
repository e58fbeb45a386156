/* A guest's report of its topology, and the notation of one: any bytes. What a shape is read as is
 * spelt as something that reads the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/readback.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void report(const char *text, size_t n)
{
	static const char asked[] = "2c2t+2c1t/3c1t/mem";
	cleanup_str struct str shape = STR_INIT, difference = STR_INIT, note = STR_INIT;
	struct vm_topology t;
	struct readback r;

	if (vm_topology_parse(asked, &t, NULL))
		abort();
	if (!readback_parse(text, n, &r, NULL)) {
		bool same = readback_verify(&r, &t, *text & 1, &difference, &note);

		if (readback_shape(&r, &shape) && same && strcmp(shape.s, asked) != 0)
			abort();
		if (same == (difference.len > 0))
			abort();
	}
	readback_release(&r);
}

static void notation(const char *text)
{
	cleanup_str struct str spelt = STR_INIT, named = STR_INIT;
	struct vm_topology t, again;
	struct err e = ERR_INIT;

	if (vm_topology_parse(text, &t, &e)) {
		if (!e.msg[0])
			abort();
		return;
	}
	vm_topology_spell(&t, &spelt);
	if (vm_topology_parse(spelt.s, &again, NULL) || memcmp(&t, &again, sizeof(t)) != 0)
		abort();
	vm_topology_format(&t, &named);
	if (vm_topology_parse(named.s, &again, NULL) || memcmp(&t, &again, sizeof(t)) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);

	if (size && *data == 'o')
		report(text, strlen(text));
	else
		notation(text);
	free(text);
	return 0;
}
