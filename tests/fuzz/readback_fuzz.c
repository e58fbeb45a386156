/* A guest's report of its topology, and the notation of one: any bytes. What a shape, its distances
 * and its offline CPUs are read as is spelt as something that reads the same. */
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

/* "MATRIX LIST" */
static void words(struct vm_topology *t, char *text)
{
	char *list = strchr(text, ' ');
	cleanup_str struct str distances = STR_INIT, offline = STR_INIT;
	struct vm_topology again = *t;

	if (list)
		*list++ = 0;
	vm_topology_set_distances(t, text, NULL);
	if (list)
		vm_topology_set_offline(t, list, NULL);
	vm_topology_spell_distances(t, &distances);
	vm_topology_spell_offline(t, &offline);
	if (vm_topology_is_offline(t, 0) || vm_topology_set_distances(&again, distances.s, NULL) ||
		(offline.len && vm_topology_set_offline(&again, offline.s, NULL)))
		abort();
	again.distances = t->distances;
	if (memcmp(t, &again, sizeof(*t)) != 0)
		abort();
}

static void notation(char *text)
{
	char *rest = strchr(text, ' ');
	cleanup_str struct str spelt = STR_INIT, named = STR_INIT;
	struct vm_topology t, again;
	struct err e = ERR_INIT;

	if (rest)
		*rest++ = 0;
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
	if (rest)
		words(&t, rest);
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
