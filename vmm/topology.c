/* `N,L,C,T`: the shape of a guest, as people type it (spec/vmm 1.1, 1.2). */
#include "vmm/vmctl.h"

#include <errno.h>
#include <string.h>

#include "src/base/parse.h"

static const char *const field_names[4] = {"numa_nodes", "llcs", "cores", "threads"};

/* Copies the i-th comma-separated field into buf; false when there is no such field or it is too
 * long to be a number. */
static bool field(const char *text, unsigned i, char *buf, size_t size)
{
	size_t n;

	for (; i; i--) {
		text = strchr(text, ',');
		if (!text)
			return false;
		text++;
	}
	n = strcspn(text, ",");
	if (n >= size)
		n = size - 1;
	memcpy(buf, text, n);
	buf[n] = 0;
	return true;
}

static unsigned count_fields(const char *text)
{
	unsigned n = 1;

	for (; *text; text++)
		n += *text == ',';
	return n;
}

/* The rules that hold between the numbers. */
static int check(const char *text, const unsigned v[4], struct err *e)
{
	uint64_t vcpus;

	for (unsigned i = 0; i < 4; i++)
		if (v[i] == 0)
			return err_set(e, EINVAL,
				"invalid topology '%s': %s is 0, all values must be >= 1", text,
				field_names[i]);
	if (v[1] % v[0]) {
		err_set(e, EINVAL,
			"invalid topology '%s': llcs (%u) counts the whole machine and must be a "
			"multiple of numa_nodes (%u)",
			text, v[1], v[0]);
		return err_hint(e, "%u last-level caches per node: --topology %u,%u,%u,%u",
			v[1] / v[0] + 1, v[0], (v[1] / v[0] + 1) * v[0], v[2], v[3]);
	}
	/* Each step stays far below 2^64: the product so far is at most the limit. */
	vcpus = v[1];
	for (unsigned i = 2; i < 4 && vcpus <= VM_VCPUS_MAX; i++)
		vcpus *= v[i];
	if (vcpus > VM_VCPUS_MAX)
		return err_set(e, EINVAL,
			"invalid topology '%s': %u llcs x %u cores x %u threads asks for more than "
			"%d vCPUs, the most that a guest can have here",
			text, v[1], v[2], v[3], VM_VCPUS_MAX);
	return 0;
}

int vm_topology_parse(const char *text, struct vm_topology *out, struct err *e)
{
	unsigned v[4];
	char raw[32];
	int rc;

	if (count_fields(text) != 4) {
		err_set(e, EINVAL,
			"invalid topology '%.64s': expected 'numa_nodes,llcs,cores,threads'", text);
		return err_hint(e, "two nodes, four caches, two cores per cache, two threads per "
				   "core: --topology 2,4,2,2");
	}
	for (unsigned i = 0; i < 4; i++) {
		field(text, i, raw, sizeof(raw));
		if (parse_u32(raw, &v[i], NULL))
			return err_set(e, EINVAL, "invalid %s value: '%s' in topology '%.64s'",
				field_names[i], raw, text);
	}
	rc = check(text, v, e);
	if (!rc)
		*out = (struct vm_topology){v[0], v[1], v[2], v[3]};
	return rc;
}

void vm_topology_format(const struct vm_topology *t, struct str *out)
{
	str_printf(out, "%un%ul%uc%ut", t->nodes, t->llcs, t->cores, t->threads);
}

const char *vm_stage_name(enum vm_stage s)
{
	static const char *const names[] = {
		[VM_STAGE_STARTING] = "starting",
		[VM_STAGE_KERNEL] = "finding the kernel",
		[VM_STAGE_PAYLOAD] = "packing the initramfs",
		[VM_STAGE_BOOTING] = "booting",
		[VM_STAGE_LINUX] = "kernel started",
		[VM_STAGE_INIT] = "init running",
		[VM_STAGE_PROMPT] = "ready",
		[VM_STAGE_ENDED] = "ended",
	};

	return (unsigned)s < ARRAY_LEN(names) ? names[s] : "unknown";
}
