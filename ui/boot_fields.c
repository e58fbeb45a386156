/* What a new guest should be, from the words in the fields. */
#include "ui/boot_fields.h"

#include <errno.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/parse.h"

static const char *const accels[] = {"auto", "kvm", "tcg"};
static const char *const modes[] = {"default", "no-perf-mode", "perf-mode"};

const struct boot_item boot_items[ITEMS] = {
	[KERNEL] = {"Kernel", "automatic",
		"image file, folder, version, cache key, distro; empty: a local build, this "
		"machine's own, or the distribution's"},
	[TOPOLOGY] = {"Topology", "1,1,1,1",
		"NUMA nodes, LLCs in all, cores per LLC, threads per core; unequal: "
		"4c2t+4c2t/8c1t/mem; host: as this machine"},
	[MEMORY] = {"Memory MiB", "as much as needed", "at least this much; 128 or more"},
	[INCLUDE] = {"Include files", "none",
		"files, folders, programs of PATH, parted by blanks; they land in /include-files"},
	[APPEND] = {"Kernel words", "none", "further words for the kernel command line"},
	[ACCEL] = {"Engine", "auto", "auto: KVM where it is fast, else software emulation (tcg)",
		accels, ARRAY_LEN(accels)},
	[DISK] = {"Disk", "none", "an empty /dev/vda of this size: 256mib, 1gib"},
	[DISTANCES] = {"Distances", "20 between nodes",
		"a row for each node, its distance from every node: 10,20/20,10"},
	[OFFLINE] = {"Offline CPUs", "none", "CPUs of the guest to take offline first: 1-3,8"},
	[MODE] = {"Mode", NULL,
		"default: a CPU of this machine for each of the guest's; no-perf-mode: some CPUs, "
		"shared; perf-mode: whole caches, pinned, real-time",
		modes, ARRAY_LEN(modes)},
	[CPU_CAP] = {"CPU cap", "as many as the guest's, 30 % of all at least",
		"with no-perf-mode: how many CPUs of this machine to reserve"},
	[WAIT] = {"Wait", "not at all", "for CPUs that others have reserved, this long: 30s, 5m"},
};

/* Words parted by blanks; quotes and a backslash keep blanks inside one. */
static int split_words(const char *s, struct strv *out, struct err *e)
{
	cleanup_str struct str word = STR_INIT;
	bool in = false;
	char quote = 0;

	for (; *s; s++) {
		if (quote ? *s == quote : (*s == '"' || *s == '\'')) {
			quote = quote ? 0 : *s;
			in = true;
		} else if (!quote && (*s == ' ' || *s == '\t')) {
			if (in)
				strv_push(out, str_get(&word));
			str_clear(&word);
			in = false;
		} else {
			if (*s == '\\' && s[1] && quote != '\'')
				s++;
			str_addc(&word, *s);
			in = true;
		}
	}
	if (in)
		strv_push(out, str_get(&word));
	return quote ? err_set(e, EINVAL, "a quote (%c) is not closed", quote) : 0;
}

static const char *text_of(const struct boot *b, enum item i)
{
	return str_get(&b->field[i].text);
}

static bool is_blank(const char *s)
{
	return !s[strspn(s, " \t")];
}

static int read_kernel(const struct boot *b, struct vm_config *c, struct err *e)
{
	const char *s = text_of(b, KERNEL);

	if (is_blank(s))
		return 0;
	if (strchr(s, '/') && !file_exists(s))
		return err_set(e, ENOENT, "there is no %s", s);
	c->kernel = s;
	return 0;
}

static int read_shape(const struct boot *b, struct vm_config *c, struct err *e)
{
	const char *s = text_of(b, TOPOLOGY);

	if (!vm_topology_wants_host(s))
		return vm_topology_parse(
			is_blank(s) ? boot_items[TOPOLOGY].empty : s, &c->topology, e);
	if (!b->machine)
		return err_set(e, EAGAIN, "this machine has not been looked at yet");
	return vm_topology_parse_host(s, b->machine, &c->topology, e);
}

/* Distances and offline CPUs are those of a shape; what is wrong with that is told there. */
static int read_distances(const struct boot *b, struct vm_config *c, struct err *e)
{
	if (is_blank(text_of(b, DISTANCES)) || (!c->topology.vcpus && read_shape(b, c, NULL)))
		return 0;
	return vm_topology_set_distances(&c->topology, text_of(b, DISTANCES), e);
}

static int read_offline(const struct boot *b, struct vm_config *c, struct err *e)
{
	if (is_blank(text_of(b, OFFLINE)) || (!c->topology.vcpus && read_shape(b, c, NULL)))
		return 0;
	return vm_topology_set_offline(&c->topology, text_of(b, OFFLINE), e);
}

static int read_memory(const struct boot *b, struct vm_config *c, struct err *e)
{
	const char *s = text_of(b, MEMORY);
	int rc;

	if (is_blank(s))
		return 0;
	rc = parse_u32(s, &c->memory_mib, e);
	if (!rc && c->memory_mib < VM_MEMORY_MIN_MIB)
		rc = err_set(e, EINVAL, "a guest needs %d MiB or more", VM_MEMORY_MIN_MIB);
	return rc;
}

static int read_include(const struct boot *b, struct vm_config *c, struct err *e)
{
	int rc = split_words(text_of(b, INCLUDE), &c->include, e);

	for (size_t i = 0; !rc && i < c->include.n; i++)
		if (strchr(c->include.v[i], '/') && !file_exists(c->include.v[i]))
			rc = err_set(e, ENOENT, "there is no %s", c->include.v[i]);
	return rc;
}

static int read_append(const struct boot *b, struct vm_config *c, struct err *e)
{
	(void)e;
	if (!is_blank(text_of(b, APPEND)))
		strv_push(&c->append, text_of(b, APPEND));
	return 0;
}

static int read_accel(const struct boot *b, struct vm_config *c, struct err *e)
{
	static const enum vm_accel values[] = {VM_ACCEL_AUTO, VM_ACCEL_KVM, VM_ACCEL_TCG};

	(void)e;
	c->accel = values[b->choice[ACCEL]];
	return 0;
}

static int read_disk(const struct boot *b, struct vm_config *c, struct err *e)
{
	return is_blank(text_of(b, DISK)) ? 0 : parse_size(text_of(b, DISK), &c->disk_bytes, e);
}

/* A cap is part of one mode. */
static int read_cap(const struct boot *b, struct reserve_options *o, struct err *e)
{
	const char *s = text_of(b, CPU_CAP);

	if (is_blank(s))
		return 0;
	if (!o->no_perf_mode)
		return err_set(e, EINVAL, "a CPU cap goes with the mode no-perf-mode");
	o->cap_set = true;
	return parse_u32(s, &o->cap, e);
}

/* As the options of `ktstr shell`: the environment has a say too. */
static int read_reserve(const struct boot *b, struct vm_config *c, struct err *e)
{
	struct reserve_options o = {
		.no_perf_mode = b->choice[MODE] == 1,
		.perf_mode = b->choice[MODE] == 2,
	};
	int rc = read_cap(b, &o, e);

	return rc ? rc : reserve_request_init(&c->reserve, &o, &c->notes, e);
}

static int read_wait(const struct boot *b, struct vm_config *c, struct err *e)
{
	return is_blank(text_of(b, WAIT))
		       ? 0
		       : parse_duration(text_of(b, WAIT), &c->reserve.wait_ns, e);
}

static int (*const readers[ITEMS])(const struct boot *b, struct vm_config *c, struct err *e) = {
	[KERNEL] = read_kernel,
	[TOPOLOGY] = read_shape,
	[MEMORY] = read_memory,
	[INCLUDE] = read_include,
	[APPEND] = read_append,
	[ACCEL] = read_accel,
	[DISK] = read_disk,
	[DISTANCES] = read_distances,
	[OFFLINE] = read_offline,
	[CPU_CAP] = read_reserve, /* and the mode, which cannot be wrong by itself */
	[WAIT] = read_wait,
};

void boot_release(struct vm_config *c)
{
	strv_release(&c->notes);
	strv_release(&c->include);
	strv_release(&c->append);
}

int boot_read(const struct boot *b, enum item i, struct vm_config *c, struct err *e)
{
	return readers[i] ? readers[i](b, c, e) : 0;
}

int boot_read_all(const struct boot *b, struct vm_config *c, int *wrong, struct err *e)
{
	for (int i = 0; i < ITEMS; i++) {
		int rc = boot_read(b, (enum item)i, c, e);

		if (rc) {
			*wrong = i;
			return rc;
		}
	}
	return 0;
}
