/*
 * The options that say what guest to boot: rows for `ktstr shell`, and for whoever else boots one.
 * The values land in a struct shell_values at an offset of the command's own struct.
 */
#pragma once

#include <stdbool.h>

#include "src/base/err.h"
#include "src/base/str.h"
#include "src/cli/cli.h"
#include "src/cli/words.h"
#include "vmm/vmctl.h"

struct shell_values {
	const char *kernel, *modules, *fetch, *topology, *distances, *offline_cpus, *exec, *accel;
	struct opt_u32 memory_mib;
	struct opt_u64 exec_timeout, disk;
	bool no_perf_mode, perf_mode, dry_run;
	struct opt_u32 cpu_cap;
	struct opt_u64 wait;
	bool dmesg, timings, json, kaslr;
	struct strv append, env, modules_load, include;
};

/* QEMU on KVM: for measurements beside our own monitor. */
#define SHELL_ACCEL_QEMU_KVM "qemu-kvm"
extern const char *const shell_accels[];  /* choices of --accel */
extern const char *const shell_fetches[]; /* choices of --fetch */

/* `base` is the offset of the struct shell_values, `with` the option that they belong to (NULL =
 * none). Without --exec, its timeout and --dmesg, which need the streams of `ktstr shell`. */
#define SHELL_GUEST_OPTIONS(base, with)                                                            \
	{                                                                                          \
		.name = "kernel",                                                                  \
		.type = OPT_TEXT,                                                                  \
		.metavar = "ID",                                                                   \
		.help = "image file, folder, version, cache key or distro",                        \
		.more = "Without it: KTSTR_KERNEL, the newest entry of the kernel cache, ./linux " \
			"and "                                                                     \
			"../linux, this machine's own kernel, an unpacked package, and at last "   \
			"what --fetch says.",                                                      \
		.complete = COMPLETE_FILE,                                                         \
		.list = words_kernels,                                                             \
		.needs = (with),                                                                   \
		.offset = (base) + offsetof(struct shell_values, kernel),                          \
	},                                                                                         \
		{                                                                                  \
			.name = "fetch",                                                           \
			.type = OPT_CHOICE,                                                        \
			.metavar = "WHICH",                                                        \
			.help = "with none at hand: distro (default) or stable",                   \
			.more = "distro is this distribution's own, downloaded by its package "    \
				"manager and not installed: seconds. stable is the latest of "     \
				"kernel.org, downloaded and built: minutes. Without it "           \
				"KTSTR_FETCH decides, and then distro, or stable where the "       \
				"distribution has none to fetch.",                                 \
			.choices = shell_fetches,                                                  \
			.clashes = "kernel",                                                       \
			.needs = (with),                                                           \
			.offset = (base) + offsetof(struct shell_values, fetch),                   \
		},                                                                                 \
		{                                                                                  \
			.name = "modules",                                                         \
			.type = OPT_TEXT,                                                          \
			.metavar = "DIR",                                                          \
			.help = "module tree of that kernel (default: beside it)",                 \
			.more = "The folder that holds modules.dep or kernel/, as "                \
				"/lib/modules/RELEASE does. A kernel without one is served over "  \
				"its serial port.",                                                \
			.complete = COMPLETE_DIR,                                                  \
			.needs = (with),                                                           \
			.offset = (base) + offsetof(struct shell_values, modules),                 \
		},                                                                                 \
		{                                                                                  \
			.name = "topology",                                                        \
			.type = OPT_TEXT,                                                          \
			.metavar = "N,L,C,T",                                                      \
			.list = words_topologies,                                                  \
			.help = "nodes, LLCs in all, cores per LLC, threads per core",             \
			.more = "The default is 1,1,1,1. LLCs are counted over the whole machine " \
				"and parted evenly among the nodes; 2n4l2c2t is the same as "      \
				"2,4,2,2. 4c2t+4c2t/8c1t/mem has unequal parts: nodes joined by "  \
				"/, each its LLCs joined by +, and behind them nodes that have "   \
				"memory only. host is the shape of this machine, host:CPUS the "   \
				"same with so many CPUs at most: cores of the largest LLC are "    \
				"left out first.",                                                 \
			.needs = (with),                                                           \
			.offset = (base) + offsetof(struct shell_values, topology),                \
		},                                                                                 \
		{                                                                                  \
			.name = "distances",                                                       \
			.type = OPT_TEXT,                                                          \
			.metavar = "MATRIX",                                                       \
			.help = "how far nodes are apart: 10,20/20,10 (default: 20)",              \
			.more = "A row for each node, joined by /: its distance from every node, " \
				"10 from itself, 11 to 254 from others.",                          \
			.needs = (with),                                                           \
			.offset = (base) + offsetof(struct shell_values, distances),               \
		},                                                                                 \
		{                                                                                  \
			.name = "offline-cpus",                                                    \
			.type = OPT_TEXT,                                                          \
			.metavar = "LIST",                                                         \
			.help = "take these CPUs of the guest offline first: 1-3,8",               \
			.needs = (with),                                                           \
			.offset = (base) + offsetof(struct shell_values, offline_cpus),            \
		},                                                                                 \
		{                                                                                  \
			.name = "memory-mib",                                                      \
			.type = OPT_U32,                                                           \
			.metavar = "MIB",                                                          \
			.help = "at least this much memory (default: estimated)",                  \
			.more = "A floor: a guest whose files need more gets more. The least is "  \
				"128.",                                                            \
			.min = VM_MEMORY_MIN_MIB,                                                  \
			.needs = (with),                                                           \
			.offset = (base) + offsetof(struct shell_values, memory_mib),              \
		},                                                                                 \
		{                                                                                  \
			.name = "accel",                                                           \
			.type = OPT_CHOICE,                                                        \
			.metavar = "HOW",                                                          \
			.help = "auto (default), kvm, or tcg: software emulation",                 \
			.more = "auto takes KVM where a short measurement says that it can run a " \
				"kernel at speed. Under emulation a guest is fit for function, "   \
				"not for timing.",                                                 \
			.choices = shell_accels,                                                   \
			.unlisted = SHELL_ACCEL_QEMU_KVM,                                          \
			.needs = (with),                                                           \
			.offset = (base) + offsetof(struct shell_values, accel),                   \
		},                                                                                 \
		{                                                                                  \
			.name = "kaslr",                                                           \
			.type = OPT_FLAG,                                                          \
			.help = "let the kernel choose its addresses; starts slower",              \
			.more = "Without it a kernel is unpacked on the host, once, and started "  \
				"where it was linked to.",                                         \
			.needs = (with),                                                           \
			.offset = (base) + offsetof(struct shell_values, kaslr),                   \
		},                                                                                 \
		{                                                                                  \
			.name = "append",                                                          \
			.type = OPT_LIST,                                                          \
			.metavar = "WORDS",                                                        \
			.help = "further words for the kernel command line",                       \
			.needs = (with),                                                           \
			.offset = (base) + offsetof(struct shell_values, append),                  \
		},                                                                                 \
		{                                                                                  \
			.name = "env",                                                             \
			.type = OPT_LIST,                                                          \
			.metavar = "NAME[=V]",                                                     \
			.help = "variable for the guest; without =V as it is here",                \
			.needs = (with),                                                           \
			.offset = (base) + offsetof(struct shell_values, env),                     \
		},                                                                                 \
		{                                                                                  \
			.name = "modules-load",                                                    \
			.type = OPT_LIST,                                                          \
			.metavar = "NAME",                                                         \
			.help = "load this kernel module, and what it depends on",                 \
			.needs = (with),                                                           \
			.offset = (base) + offsetof(struct shell_values, modules_load),            \
		},                                                                                 \
		{                                                                                  \
			.name = "disk",                                                            \
			.type = OPT_SIZE,                                                          \
			.metavar = "SIZE",                                                         \
			.help = "empty disk /dev/vda, gone at the end: 256mib, 1gib",              \
			.needs = (with),                                                           \
			.offset = (base) + offsetof(struct shell_values, disk),                    \
		},                                                                                 \
		{                                                                                  \
			.name = "no-perf-mode",                                                    \
			.type = OPT_FLAG,                                                          \
			.help = "share this machine's CPUs instead of reserving some",             \
			.more = "Without it every CPU of the guest gets one of this machine that " \
				"no other guest of ours uses, where there are as many. With it "   \
				"the guest runs on three tenths of the CPUs, or as many as it "    \
				"has, beside others that share them.",                             \
			.clashes = "perf-mode",                                                    \
			.needs = (with),                                                           \
			.offset = (base) + offsetof(struct shell_values, no_perf_mode),            \
		},                                                                                 \
		{                                                                                  \
			.name = "cpu-cap",                                                         \
			.type = OPT_U32,                                                           \
			.metavar = "N",                                                            \
			.help = "with --no-perf-mode: run on this many CPUs",                      \
			.needs = "no-perf-mode",                                                   \
			.offset = (base) + offsetof(struct shell_values, cpu_cap),                 \
		},                                                                                 \
		{                                                                                  \
			.name = "perf-mode",                                                       \
			.type = OPT_FLAG,                                                          \
			.help = "whole LLCs for this guest alone, CPUs pinned 1:1",                \
			.more = "For measuring: real-time priority, huge pages, memory of the "    \
				"nodes where the CPUs are, and under KVM no exits for idle CPUs. " \
				"What this machine cannot give is named.",                         \
			.needs = (with),                                                           \
			.offset = (base) + offsetof(struct shell_values, perf_mode),               \
		},                                                                                 \
		{                                                                                  \
			.name = "wait",                                                            \
			.type = OPT_DURATION,                                                      \
			.metavar = "TIME",                                                         \
			.help = "wait this long for CPUs that others have reserved",               \
			.needs = (with),                                                           \
			.offset = (base) + offsetof(struct shell_values, wait),                    \
		},                                                                                 \
	{                                                                                          \
		.name = "include-files", .letter = 'i', .type = OPT_LIST, .metavar = "PATH",       \
		.help = "put a file, folder or program of PATH into the guest",                    \
		.more = "It lies in /include-files there, which is in PATH. Programs bring the "   \
			"shared libraries that they are linked with, and those that an ELF note "  \
			"in them recommends, where this machine has them; scripts bring their "    \
			"interpreter.",                                                            \
		.complete = COMPLETE_COMMAND, .needs = (with),                                     \
		.offset = (base) + offsetof(struct shell_values, include),                         \
	}

/*
 * What the values say, checked as far as that needs no work: numbers, names, that files exist.
 * Strings are borrowed from the values; lists are owned, release with shell_config_release().
 * -EINVAL is a usage error.
 */
int shell_config(const struct shell_values *v, struct vm_config *out, struct err *e);
void shell_config_release(struct vm_config *c);
