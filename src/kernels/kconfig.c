#include "src/kernels/kconfig.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "src/base/crc32.h"

/* The texts as files, which the Makefile makes this one depend on. */
#define EMBED(name, path)                                                                          \
	__asm__(".section .rodata." #name ", \"a\", @progbits\n"                                   \
		".global kconfig_" #name "\n"                                                      \
		".hidden kconfig_" #name "\n"                                                      \
		"kconfig_" #name ": .incbin \"" path "\"\n"                                        \
		".byte 0\n"                                                                        \
		".previous\n");                                                                    \
	extern const char kconfig_##name[]

EMBED(ktstr, "src/kernels/kconfig/ktstr.kconfig");
EMBED(slim, "src/kernels/kconfig/slim.kconfig");

struct base {
	const char *name, *target, *options;
};

static const struct base bases[] = {
	[KCONFIG_SLIM] = {.name = "slim", .target = "tinyconfig", .options = kconfig_slim},
	[KCONFIG_DEFCONFIG] = {.name = "defconfig", .target = "defconfig", .options = ""},
};

const char *kconfig_base_name(enum kconfig_base b)
{
	return bases[b].name;
}

const char *kconfig_base_target(enum kconfig_base b)
{
	return bases[b].target;
}

const char *kconfig_base_options(enum kconfig_base b)
{
	return bases[b].options;
}

const char *kconfig_fragment(void)
{
	return kconfig_ktstr;
}

void kconfig_crc(const char *bytes, size_t n, char out[KCONFIG_HASH + 1])
{
	snprintf(out, KCONFIG_HASH + 1, "%08x", crc32_ieee(bytes, n));
}

void kconfig_hash(enum kconfig_base b, char out[KCONFIG_HASH + 1])
{
	cleanup_str struct str all = STR_INIT;

	str_add(&all, bases[b].options);
	str_add(&all, kconfig_ktstr);
	kconfig_crc(all.s, all.len, out);
}

enum kconfig_base kconfig_base_of(const char *hash)
{
	for (unsigned b = 0; b < KCONFIG_BASES; b++) {
		char own[KCONFIG_HASH + 1];

		kconfig_hash((enum kconfig_base)b, own);
		if (strcmp(own, hash) == 0)
			return (enum kconfig_base)b;
	}
	return KCONFIG_BASES;
}

/* ---- lines ---------------------------------------------------------------------------------- */

#define SYMBOL "CONFIG_"
#define UNSET  " is not set"

static size_t symbol_length(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

	return n > strlen(SYMBOL) && !strncmp(s, SYMBOL, strlen(SYMBOL)) ? n : 0;
}

static bool read_line(const char *text, size_t len, struct kconfig_line *out)
{
	bool comment = len > 2 && !strncmp(text, "# ", 2);
	const char *symbol = comment ? text + 2 : text;
	size_t n = symbol_length(symbol);
	const char *rest = symbol + n;
	size_t left = len - (size_t)(rest - text);

	if (!n || n > len)
		return false;
	*out = (struct kconfig_line){.text = text,
		.len = len,
		.symbol = symbol,
		.symbol_len = n,
		.value = "n",
		.value_len = 1};
	if (comment)
		return left == strlen(UNSET) && !strncmp(rest, UNSET, left);
	if (!left || *rest != '=')
		return false;
	out->value = rest + 1;
	out->value_len = left - 1;
	return true;
}

bool kconfig_next(const char *text, size_t *at, struct kconfig_line *out)
{
	while (text[*at]) {
		const char *line = text + *at;
		size_t len = strcspn(line, "\n"), kept = len;

		*at += len + (line[len] == '\n');
		while (kept && (line[kept - 1] == '\r' || line[kept - 1] == ' '))
			kept--;
		if (read_line(line, kept, out))
			return true;
	}
	return false;
}

/* A whole line of these bytes. */
static bool has_line(const char *config, const char *line, size_t len)
{
	for (const char *at = config; *at;) {
		size_t n = strcspn(at, "\n");

		if (n == len && !memcmp(at, line, len))
			return true;
		at += n + (at[n] == '\n');
	}
	return false;
}

void kconfig_missing(const char *config, const char *wanted, struct strv *out)
{
	struct kconfig_line l;

	for (size_t at = 0; kconfig_next(wanted, &at, &l);)
		if (!has_line(config, l.text, l.len))
			strv_take(out, xstrndup(l.text, l.len));
}

/* The last line about a symbol, which is the one that counts. */
static bool find_symbol(const char *text, const struct kconfig_line *like, struct kconfig_line *out)
{
	struct kconfig_line l;
	bool found = false;

	for (size_t at = 0; kconfig_next(text, &at, &l);) {
		if (l.symbol_len != like->symbol_len ||
			memcmp(l.symbol, like->symbol, l.symbol_len) != 0)
			continue;
		*out = l;
		found = true;
	}
	return found;
}

void kconfig_overrides(const char *fragment, const char *extra, struct strv *out)
{
	struct kconfig_line now, was;

	for (size_t at = 0; kconfig_next(extra, &at, &now);) {
		if (!find_symbol(fragment, &now, &was))
			continue;
		if (was.value_len == now.value_len && !memcmp(was.value, now.value, was.value_len))
			continue;
		strv_pushf(out, "--extra-kconfig overrides baked-in %.*s (was =%.*s, now =%.*s)",
			(int)now.symbol_len, now.symbol, (int)was.value_len, was.value,
			(int)now.value_len, now.value);
	}
}

/* ---- what must be there --------------------------------------------------------------------- */

static const struct {
	const char *symbol, *hint;
} required[] = {
	{"CONFIG_SCHED_CLASS_EXT", "needs a kernel of 6.12 or newer, with BPF_SYSCALL, BPF_JIT and "
				   "DEBUG_INFO_BTF"},
	{"CONFIG_DEBUG_INFO_BTF", "needs pahole >= 1.16 (package dwarves) and debug information"},
	{"CONFIG_BPF_SYSCALL", "what schedulers are loaded with"},
	{"CONFIG_FTRACE", "what probes and struct_ops attach to"},
	{"CONFIG_KPROBE_EVENTS", "needs KPROBES and FTRACE"},
	{"CONFIG_BPF_EVENTS", "needs KPROBE_EVENTS, PERF_EVENTS and BPF_SYSCALL"},
	{"CONFIG_VIRTIO_BLK", "the guest's disk; needs BLOCK and VIRTIO"},
	{"CONFIG_ACPI", "how the guest learns of its CPUs, nodes and devices"},
	{"CONFIG_PCI", "what QEMU's devices sit on"},
	{"CONFIG_PCI_MMCONFIG", "needs PCI and ACPI"},
	{"CONFIG_VIRTIO_PCI", "QEMU's console and disk; needs PCI and VIRTIO"},
};

int kconfig_validate(const char *config, struct err *e)
{
	cleanup_str struct str text = STR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(required); i++) {
		cleanup_free char *line = xasprintf("%s=y", required[i].symbol);

		if (!has_line(config, line, strlen(line)))
			str_printf(
				&text, "\n  %s not set — %s", required[i].symbol, required[i].hint);
	}
	if (!text.len)
		return 0;
	return err_set(e, EINVAL,
		"kernel build completed but critical config options are missing:%s",
		str_get(&text));
}
