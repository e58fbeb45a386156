#include "src/cli/manual.h"

#include <stddef.h>

const struct fact manual_exit[] = {
	{.name = "0", .text = "Success."},
	{
		.name = "1",
		.text = "The operation failed: something is missing, busy, not permitted or not "
			"found. The sentence on standard error says which, and what to do about "
			"it.",
	},
	{
		.name = "2",
		.text = "Usage: an unknown command or option, or a value that cannot be right.",
	},
	{
		.name = "3",
		.text = "With compare --exit-code: something differs.",
		.command = "ctprof",
	},
	{
		.name = "128+N",
		.text = "Ended by signal N: 130 for an interrupt, 143 for a termination.",
	},
	{
		.name = "124",
		.text = "The command of --exec was ended by --exec-timeout.",
		.command = "shell",
	},
	{
		.name = "124",
		.text = "--timeout has passed before what --until waits for was true.",
		.command = "locks",
	},
	{
		.name = "125",
		.text = "The guest ran, but was not what was asked for, or the result of the "
			"command was lost: the guest's, or a process of ours that was killed.",
		.command = "shell",
	},
	{
		.name = "254",
		.text = "The guest never reached its init. It is 1 when the engine failed before "
			"the guest said anything.",
		.command = "shell",
	},
	{
		.name = "255",
		.text = "The guest's kernel panicked.",
		.command = "shell",
	},
	{
		.name = "other",
		.text = "With --exec the status of the command itself, 128+N when signal N ended "
			"it. A line on standard error that starts with 'ktstr: ' tells a status "
			"of ours from one of the command's.",
		.command = "shell",
	},
	{.name = NULL},
};

const struct fact manual_topologies[] = {
	{
		.name = "2,4,2,2",
		.text = "Two nodes, four last-level caches in the whole machine, two cores in "
			"each, "
			"two threads of each core. CPUs are numbered cache by cache, then core by "
			"core, then thread by thread. 2n4l2c2t is the same.",
		.command = "shell",
	},
	{
		.name = "4c2t+4c2t/8c1t/mem",
		.text = "Unequal parts: nodes joined by a slash, of caches joined by a plus, each "
			"so many cores of so many threads; mem is a node with memory and no CPU. "
			"Such nodes come last, since kernels number them so.",
		.command = "shell",
	},
	{
		.name = "host",
		.text = "The nodes, caches, cores, threads and distances of this machine. Where "
			"the "
			"cores of a cache differ in their threads, each is given one.",
		.command = "shell",
	},
	{
		.name = "host:CPUS",
		.text = "The same with so many CPUs at most: all nodes and caches stay, and cores "
			"of the largest cache are left out first.",
		.command = "shell",
	},
	{
		.name = "What the guest sees",
		.text = "is one package, in which each last-level cache is a die; level 1 and 2 "
			"caches belong to a core. Before anything else runs, its init tells what "
			"its "
			"kernel made of it, and that is compared with what was asked for: "
			"--timings "
			"and the title of the dashboard's pane say 'topology verified'. Otherwise "
			"the first difference is named, and --exec ends with status 125. QEMU "
			"cannot describe a level 1 cache that threads share, which is told and "
			"does not count. Words "
			"of "
			"--append that change CPUs, such as maxcpus=, lift the comparison. Where "
			"the guest has more CPUs than the host for them, its kernel starts with "
			"one and its init starts the others, which is sooner done; with maxcpus= "
			"the kernel starts as many as it says, and nobody any more.",
		.command = "shell",
	},
	{
		.name = "How many",
		.text = "vCPUs a guest can have: 1024 on our own monitor, fewer where KVM has "
			"fewer; "
			"under QEMU as many as have interrupt ids up to 254, of which sizes that "
			"are no powers of two waste some. Nodes: 64.",
		.command = "shell",
	},
	{.name = NULL},
};

const struct fact manual_environment[] = {
	{
		.name = "NO_COLOR",
		.text = "When it is not empty, nothing is coloured unless --color=always is given.",
	},
	{
		.name = "CLICOLOR_FORCE",
		.text = "When it is neither empty nor 0, output is coloured even if it does not go "
			"to a terminal.",
	},
	{
		.name = "TERM",
		.text = "The terminal's type. With dumb, there is neither colour nor a progress "
			"bar.",
	},
	{
		.name = "PAGER",
		.text = "What long help on a terminal is shown with; less when unset. LESS is set "
			"to FRX for it unless it is set already.",
	},
	{
		.name = "KTSTR_KERNEL",
		.text = "The kernel to boot when --kernel is absent.",
		.command = "shell",
	},
	{
		.name = "KTSTR_FETCH",
		.text = "As --fetch: distro or stable.",
		.command = "shell",
	},
	{
		.name = "KTSTR_CACHE_DIR",
		.text = "The kernel cache; otherwise $XDG_CACHE_HOME/ktstr/kernels, or "
			"~/.cache/ktstr/kernels.",
		.command = "shell",
	},
	{
		.name = "KTSTR_LOCK_DIR",
		.text = "The folder of the locks of LLCs and CPUs, /tmp when it is unset or empty.",
		.command = "locks",
	},
	{
		.name = "KTSTR_RUNS_ROOT",
		.text = "The folder of test runs, whose locks are in its .locks; otherwise ktstr "
			"in $CARGO_TARGET_DIR or in target.",
		.command = "locks",
	},
	{
		.name = "KTSTR_NO_PERF_MODE",
		.text = "When it is not empty, as --no-perf-mode; it overrides --perf-mode.",
		.command = "shell",
	},
	{
		.name = "KTSTR_CPU_CAP",
		.text = "As --cpu-cap, where that is absent and CPUs are shared. Empty is unset.",
		.command = "shell",
	},
	{
		.name = "KTSTR_BYPASS_LLC_LOCKS",
		.text = "When it is not empty, no CPUs are reserved and nobody else's reservation "
			"is "
			"heeded. It contradicts a cap.",
		.command = "shell",
	},
	{
		.name = "KTSTR_CARGO_TEST_MODE",
		.text = "When it is not empty, no CPUs are reserved.",
		.command = "shell",
	},
	{
		.name = "KTSTR_BUSYBOX_PATH",
		.text = "The static busybox for guests, instead of the one that lies beside ktstr "
			"or "
			"in PATH.",
		.command = "shell",
	},
	{
		.name = "KTSTR_NO_SANDBOX",
		.text = "When it is not empty, the monitor of a guest under KVM is not confined, "
			"so that "
			"a debugger can follow it; a warning says so each time.",
		.command = "shell",
	},
	{
		.name = "TMPDIR",
		.text = "Where the file behind --disk lies, /var/tmp when unset. It has no name "
			"there and is gone with the guest.",
		.command = "shell",
	},
	{
		.name = "LD_LIBRARY_PATH",
		.text = "Where the shared libraries of included programs are looked for, as the "
			"dynamic loader would.",
		.command = "shell",
	},
	{
		.name = "KTSTR_RELEASES_URL",
		.text = "Where the list of kernel releases is fetched from, instead of kernel.org.",
		.command = "kernel",
	},
	{
		.name = "KTSTR_KERNEL_MIRROR",
		.text = "Where kernel sources are fetched from, instead of kernel.org: the folder "
			"that holds v6.x.",
		.command = "kernel",
	},
	{
		.name = "KTSTR_STABLE_TREE",
		.text = "The git repository of stable releases, instead of "
			"https://github.com/gregkh/linux: its tags name the releases that "
			"kernel.org no longer lists, and it has the source of those that it no "
			"longer keeps.",
		.command = "kernel",
	},
	{
		.name = "KTSTR_CACHE_STORE_LOCK_TIMEOUT",
		.text = "How long a finished build waits for those who read the entry that it "
			"replaces: 5m when unset.",
		.command = "kernel",
	},
	{
		.name = "KTSTR_KEYRING",
		.text = "The keyring (as gpg --export writes it) whose keys gpgv trusts to sign "
			"kernel.org's checksums; otherwise ~/.gnupg/trustedkeys.kbx or "
			"trustedkeys.gpg. Without any the sums are compared, and who signed them "
			"is not looked at.",
		.command = "kernel",
	},
	{.name = NULL},
};

const struct fact manual_files[] = {
	{
		.name = "/tmp/ktstr-llc-N.lock, /tmp/ktstr-cpu-N.lock",
		.text = "The locks of last-level caches and CPUs; idle files are normal.",
		.command = "locks",
	},
	{
		.name = "~/.cache/ktstr/kernels",
		.text = "The kernel cache: a folder for each kernel, and in .distro those that "
			"were unpacked from packages.",
		.command = "shell",
	},
	{
		.name = "~/.local/state/ktstr/copied.txt",
		.text = "What was copied last in the dashboard, where the terminal may have no "
			"clipboard; below $XDG_STATE_HOME where that is set.",
	},
	{.name = NULL},
};

const char manual_compatibility[] =
	"Commands, options, outputs, cache and lock files are those of the public Rust project of "
	"the same name, release 0.23. What is different:";
const char manual_compatibility_of_command[] =
	"Different from the public Rust project of the same name, release 0.23:";

const struct fact manual_differences[] = {
	{
		.name = "Errors",
		.text = "are one line that starts with the program's and the command's name, with "
			"hints indented below it, instead of a chain of causes.",
	},
	{
		.name = "Help",
		.text = "is short with -h and long with --help.",
	},
	{
		.name = "--version, --batch, --color and --no-pager",
		.text = "are new. Tables and messages heed NO_COLOR.",
	},
	{
		.name = "Completions",
		.text = "ask the program for values that only the machine knows.",
		.command = "completions",
	},
	{
		.name = "Options of topo",
		.text = "are new: it had none. Without them it prints the same bytes.",
		.command = "topo",
	},
	{
		.name = "Last-level caches",
		.text = "are numbered over all online CPUs, so that a process confined to some of "
			"them sees the same numbers as everybody else. They are told apart by the "
			"CPUs that share them: identifiers that repeat or are missing merge "
			"nothing.",
		.command = "topo",
	},
	{
		.name = "Holders of locks",
		.text = "are found where /proc/locks names a process that is gone, or nobody; "
			"children that inherited a lock are named behind the one who took it.",
		.command = "locks",
	},
	{
		.name = "--watch of locks",
		.text = "redraws in place on a terminal and parts reports by an empty line "
			"elsewhere, ends at once, and refuses a time of 0. Its other options but "
			"--json are new.",
		.command = "locks",
	},
	{
		.name = "Standard output and standard error of --exec",
		.text = "stay apart and arrive byte for byte, and standard input is passed with "
			"its end.",
		.command = "shell",
	},
	{
		.name = "The exit status",
		.text = "tells a timeout, a panic and a guest that did not boot from each other; "
			"there they are all 1.",
		.command = "shell",
	},
	{
		.name = "Kernels",
		.text = "may be image files, .deb and .rpm packages, and 'distro' is the "
			"distribution's "
			"own; nothing has to be built first.",
		.command = "shell",
	},
	{
		.name = "Without a usable KVM",
		.text = "a guest runs under software emulation, and a line says so.",
		.command = "shell",
	},
	{
		.name = "Reserved CPUs",
		.text = "are planned around LLCs that another holds exclusively, where it would "
			"try "
			"these first and fail, and around CPUs of other guests, where it takes the "
			"first ones of an LLC or none. A guest's own process holds the locks, and "
			"the process that runs its CPUs with it.",
		.command = "shell",
	},
	{
		.name = "--perf-mode, --wait and --dry-run",
		.text = "are new: its shell has no performance mode, and does not wait.",
		.command = "shell",
	},
	{
		.name = "The guest's kernel command line",
		.text = "has no words that only the other one's init reads (KTSTR_MODE and its "
			"kind), nor lockdown=none, unprivileged_bpf_disabled, overcommit_memory "
			"and task_delayacct, which --append can add. The PCI bus is there, without "
			"devices, instead of pci=off.",
		.command = "shell",
	},
	{
		.name = "The window's size",
		.text = "is followed while the guest runs.",
		.command = "shell",
	},
	{
		.name = "Included scripts",
		.text = "bring their interpreters with them.",
		.command = "shell",
	},
	{
		.name = "A topology",
		.text = "whose LLCs cannot be shared evenly among its nodes is an error that says "
			"so. Unequal parts, memory-only nodes, host, --distances and "
			"--offline-cpus "
			"are new, and so is the comparison with what the guest sees.",
		.command = "shell",
	},
	{
		.name = "A capture",
		.text = "is read by several threads, streamed to the file and takes its name when "
			"complete; of what may not be read it says so once. Counters that the "
			"kernel "
			"shows in several files come from the cheapest of them: switches from "
			"sched, names and state from stat, run and wait times from taskstats. "
			"jemalloc is found in shared objects too. The allocator of the capturing "
			"program itself is left out of host. --pid, --comm, --cgroup, --no-smaps, "
			"--no-jemalloc and --workers are new.",
		.command = "ctprof",
	},
	{
		.name = "ctprof run",
		.text = "is new: it brackets a command, and sums up what ended in between and what "
			"is still there in tables of its own. Its comparison has the groups that "
			"ran and waited most first.",
		.command = "ctprof",
	},
	{
		.name = "The output of compare and show",
		.text = "is the same text, byte for byte, but for this: off a terminal there are "
			"no escape "
			"codes, and a list of unmatched groups shows ' / ' where there was a NUL "
			"byte. "
			"Columns are as wide as what stands in them, indented cells included, and "
			"wrap "
			"with --wrap only. Lists of unmatched groups and of renamed cgroups have "
			"--limit lines of their own instead of what the table before them left.",
		.command = "ctprof",
	},
	{
		.name = "show --sort-by",
		.text = "ranks by derived metrics too; there they had no effect.",
		.command = "ctprof",
	},
	{
		.name = "Patterns of --cgroup-flatten",
		.text = "that are none are left out as before, and a line on standard error says "
			"so.",
		.command = "ctprof",
	},
	{
		.name = "A value that was not read",
		.text = "is - in a group of which no thread has it, also where the format has 0: "
			"files "
			"of this program name what is absent and why. A thread that lacks a value "
			"does "
			"not widen a range or count in a mode. Files without that key are read as "
			"there.",
		.command = "ctprof",
	},
	{
		.name = "A snapshot's cgroups",
		.text = "have one more key, more, with swap, peaks, I/O, CPU time by mode and "
			"memory "
			"by node; the section cgroup-more shows it with units. The layer that puts "
			"names back where all cgroups of a pattern agree is --tighten-cgroups; "
			"there "
			"it does nothing.",
		.command = "ctprof",
	},
	{
		.name = "--order, --strong-normalize, --json, --csv, --rates, --survivors, --idle, "
			"--exit-code, --pid, --comm, "
			"--cgroup "
			"and --max-size",
		.text = "are new, as are the columns rate and churn; a difference between the "
			"hosts of "
			"two captures is said on standard error.",
		.command = "ctprof",
	},
	{
		.name = "metric-list --here and --json",
		.text = "are new: they say what this machine can measure, and why not.",
		.command = "ctprof",
	},
	{
		.name = "Snapshots",
		.text = "may unpack to 1 GiB instead of 256 MiB, and are read as a stream.",
		.command = "ctprof",
	},
	{
		.name = "The list of cached kernels",
		.text = "has packaged kernels in it, with the source distro, and waits about a "
			"second for the network at most. --long and --offline are new.",
		.command = "kernel",
	},
	{
		.name = "Cleaning the cache",
		.text = "skips entries that a guest has booted or a build writes, unless --force; "
			"--yes, --dry-run and --older-than are new.",
		.command = "kernel",
	},
	{.name = NULL},
};
