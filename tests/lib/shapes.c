#include "tests/lib/shapes.h"

const char *const shapes[] = {"1,1,1,1", "1,2,4,2", "1,1,3,2", "2,4,2,2", "1,3,3,1", "4,4,1,1",
	"4c2t+4c2t/8c1t/mem", "1c1t+3c2t", "2c1t/mem/1c2t+1c1t", "3c3t/1c1t"};
const size_t shapes_n = sizeof(shapes) / sizeof(shapes[0]);

bool shapes_next(unsigned llct[3])
{
	if (!llct[0]) {
		llct[0] = llct[1] = llct[2] = 1;
		return true;
	}
	for (int i = 2; i >= 0; i--) {
		llct[i]++;
		if (llct[0] * llct[1] * llct[2] <= VM_VCPUS_MAX)
			return true;
		llct[i] = 1;
	}
	return false;
}

/* Numerical Recipes' generator: enough to mix shapes with. */
static unsigned roll(unsigned *state, unsigned n)
{
	*state = *state * 1664525U + 1013904223U;
	return (*state >> 16) % n;
}

struct vm_topology shapes_unequal(unsigned number)
{
	unsigned state = number, big = roll(&state, 4) ? 6 : 40;
	struct vm_topology t = {.nodes = (uint16_t)(1 + roll(&state, big))};

	for (unsigned n = 0; n < t.nodes; n++) {
		unsigned llcs = n == 0 ? 1 + roll(&state, 3) : roll(&state, big);

		for (unsigned l = 0; l < llcs; l++) {
			unsigned cores = 1 + roll(&state, big), threads = 1 + roll(&state, 4);

			if (t.vcpus + cores * threads > VM_VCPUS_MAX)
				break;
			t.llc[t.llcs++] = (struct vm_llc){(uint16_t)cores, (uint16_t)threads};
			t.node_llcs[n]++;
			t.vcpus = (uint16_t)(t.vcpus + cores * threads);
		}
	}
	vm_topology_default_distances(&t);
	return t;
}
