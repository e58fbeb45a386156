/*
 * Our monitor's machine on this host's /dev/kvm, even one that emulates slowly: guests of a few
 * instructions instead of a kernel, each an ELF file that is loaded as a kernel is.
 */
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "tests/lib/skip.h"
#include "vmm/kvm/arch.h"
#include "vmm/kvm/arch/x86_64/apicid.h"
#include "vmm/kvm/machine.h"
#include "vmm/kvm/probe.h"
#include "vmm/kvm/vcpu.h"

/* 64-bit code as the boot protocol leaves the CPU: the first GiB mapped to itself, no interrupts.
 */
#define GUEST(name, code)                                                                          \
	extern const unsigned char guest_##name[], guest_##name##_end[];                           \
	__asm__(".pushsection .rodata\n"                                                           \
		"guest_" #name ":\n" code "\nguest_" #name "_end:\n"                               \
		".popsection\n")
#define PUT	"mov $0x3f8, %dx\n out %al, %dx\n"
#define PUT_EAX "mov $4, %edi\n 9: " PUT "shr $8, %eax\n dec %edi\n jnz 9b\n"
#define RESET	"mov $0xfe, %al\n out %al, $0x64\n"
#define FOREVER "8: pause\n jmp 8b\n"

GUEST(ports, "mov $'h', %al\n" PUT "mov $'i', %al\n" PUT RESET FOREVER);
/* a table of its own for the second page directory: the device windows lie at 3 GiB */
GUEST(memory, "movl $0xc0000083, 0xc000\n movl $0, 0xc004\n"
	      "movl $0xc003, 0xa018\n movl $0, 0xa01c\n"
	      "mov $0xc0000000, %ebx\n mov (%rbx), %eax\n" PUT_EAX
	      /* where nobody answers: all ones */
	      "mov 0x100000(%rbx), %eax\n" PUT_EAX RESET FOREVER);
GUEST(cpuid, "mov $0x40000000, %eax\n xor %ecx, %ecx\n cpuid\n"
	     "mov %ebx, %eax\n" PUT_EAX
	     "mov $0xb, %eax\n mov $1, %ecx\n cpuid\n mov %ebx, %eax\n" PUT_EAX RESET FOREVER);
/* How Linux looks for an old interrupt chip: a mask is written and read back (probe_8259A()). */
GUEST(pic, "mov $0xff, %al\n out %al, $0xa1\n mov $0xfb, %al\n out %al, $0x21\n"
	   "in $0x21, %al\n cmp $0xfb, %al\n mov $'n', %al\n jne 1f\n mov $'y', %al\n 1: " PUT RESET
		   FOREVER);
GUEST(crash, "mov $0x1234, %r9d\n ud2\n");
GUEST(off, "mov $0x604, %dx\n mov $0x3400, %ax\n out %ax, %dx\n" FOREVER);
GUEST(spin, "mov $'s', %al\n" PUT FOREVER);
/* Interrupt 2 writes a letter. Its gate: offset in three pieces, the code selector, present. */
GUEST(nmi, "lea 7f(%rip), %rax\n"
	   "mov %ax, 0xd020\n movw $0x10, 0xd022\n movw $0x8e00, 0xd024\n"
	   "shr $16, %rax\n mov %ax, 0xd026\n movl $0, 0xd028\n movl $0, 0xd02c\n"
	   "movw $0xfff, 0xe000\n movl $0xd000, 0xe002\n movl $0, 0xe006\n lidt 0xe000\n"
	   "mov $'r', %al\n" PUT FOREVER "7: mov $'n', %al\n" PUT RESET "iretq\n");
GUEST(doze, "lea 7f(%rip), %rax\n"
	    "mov %ax, 0xd020\n movw $0x10, 0xd022\n movw $0x8e00, 0xd024\n"
	    "shr $16, %rax\n mov %ax, 0xd026\n movl $0, 0xd028\n movl $0, 0xd02c\n"
	    "movw $0xfff, 0xe000\n movl $0xd000, 0xe002\n movl $0, 0xe006\n lidt 0xe000\n"
	    "mov $'r', %al\n" PUT "6: hlt\n jmp 6b\n 7: mov $'n', %al\n" PUT "iretq\n");
/* Registers of every port, in every width: none may do harm. */
GUEST(scan, "xor %ebx, %ebx\n 1: mov %ebx, %edx\n cmp $0x64, %edx\n je 2f\n"
	    "cmp $0x604, %edx\n je 2f\n in %dx, %al\n in %dx, %ax\n in %dx, %eax\n"
	    "xor %eax, %eax\n out %al, %dx\n out %ax, %dx\n out %eax, %dx\n"
	    "2: inc %ebx\n cmp $0x700, %ebx\n jne 1b\n"
	    "mov $'z', %al\n" PUT RESET FOREVER);
/* Strings in and out. */
GUEST(strings, "mov $0x3f8, %dx\n lea 3f(%rip), %rsi\n mov $5, %ecx\n rep outsb\n"
	       "mov $0x600, %dx\n mov $0x1f0000, %edi\n mov $600, %ecx\n rep insl\n" RESET FOREVER
	       "3: .ascii \"bytes\"\n");

/*
 * Starts all other CPUs at once (INIT, then start at 0x8000), each of which says its id in a table
 * and is counted; then waits for an NMI to each of them, and prints the table.
 */
GUEST(crowd,
	"lea 5f(%rip), %rsi\n mov $0x8000, %edi\n mov $(6f - 5f), %ecx\n rep movsb\n"
	/* interrupt 2 in real mode, and our own */
	"movl $(0x8000000 + 7f - 5f), 8\n lea 3f(%rip), %rax\n"
	"mov %ax, 0xd020\n movw $0x10, 0xd022\n movw $0x8e00, 0xd024\n"
	"shr $16, %rax\n mov %ax, 0xd026\n movl $0, 0xd028\n movl $0, 0xd02c\n"
	"movw $0xfff, 0xe000\n movl $0xd000, 0xe002\n movl $0, 0xe006\n lidt 0xe000\n"
	"mov $0xb, %eax\n mov $1, %ecx\n cpuid\n dec %ebx\n"
	"mov $0x830, %ecx\n xor %edx, %edx\n mov $0xc4500, %eax\n wrmsr\n"
	"mov $0xc4608, %eax\n wrmsr\n"
	"1: pause\n cmp %bx, 0x12000\n jne 1b\n mov $'r', %al\n" PUT
	"1: pause\n cmp %bx, 0x12002\n jne 1b\n xor %ebx, %ebx\n"
	"1: mov 0x10000(%rbx), %al\n add $'0', %al\n" PUT
	"inc %ebx\n cmp $512, %ebx\n jne 1b\n" RESET FOREVER "3: iretq\n"
	"5: .code16\n mov $0x802, %ecx\n rdmsr\n mov %ax, %bx\n mov $0x1000, %ax\n mov %ax, %ds\n"
	"movb $1, (%bx)\n mov $0x1200, %ax\n mov %ax, %ds\n xor %bx, %bx\n lock incw (%bx)\n"
	"4: hlt\n jmp 4b\n 7: lock incw 2(%bx)\n iret\n .code64\n 6:\n");

static bool possible;

static int look_for_kvm(void **state)
{
	struct kvm_probe p;

	(void)state;
	kvm_probe(KVM_DEVICE, &p);
	possible = p.verdict == KVM_USABLE || p.verdict == KVM_TOO_SLOW;
	if (!possible)
		print_message("# " KVM_DEVICE " cannot be used: %s\n", p.detail);
	return 0;
}

struct bench {
	struct machine m;
	struct vm_config config;
	struct vm_kernel kernel;
	struct engine_report *report;
	struct engine_request q;
	int log, bulk, console; /* our ends */
	struct str said;
};

static int write_kernel(const unsigned char *code, size_t n)
{
	Elf64_Ehdr h = {.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_entry = 0x1000000,
		.e_phoff = sizeof(h),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1};
	const Elf64_Phdr ph = {.p_type = PT_LOAD,
		.p_offset = sizeof(h) + sizeof(ph),
		.p_paddr = 0x1000000,
		.p_filesz = n,
		.p_memsz = n + 4096};
	int fd = file_memfd("guest");

	memcpy(h.e_ident, ELFMAG, SELFMAG);
	h.e_ident[EI_CLASS] = ELFCLASS64;
	h.e_ident[EI_DATA] = ELFDATA2LSB;
	assert_int_equal(file_write_fd(fd, &h, sizeof(h)), 0);
	assert_int_equal(file_write_fd(fd, &ph, sizeof(ph)), 0);
	assert_int_equal(file_write_fd(fd, code, n), 0);
	return fd;
}

static void pair(int *ours, int *theirs)
{
	int s[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, s), 0);
	*ours = s[0];
	*theirs = s[1];
}

static void on_wake(void *user, int fd, uint32_t events)
{
	struct bench *b = user;
	uint64_t count;

	(void)events;
	assert_int_equal(read(fd, &count, sizeof(count)), sizeof(count));
	if (atomic_load(&b->m.end) != MACHINE_RUNS || machine_is_parked(&b->m))
		loop_stop(b->m.loop);
}

static void build(struct bench *b, const char *shape, const unsigned char *code, size_t n)
{
	struct err e = ERR_INIT;

	if (!possible)
		skip_because("no KVM that can run a guest");
	*b = (struct bench){.kernel.image = (char *)"guest"};
	assert_int_equal(vm_topology_parse(shape, &b->config.topology, NULL), 0);
	b->report = mmap(NULL, sizeof(*b->report), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	b->q = (struct engine_request){
		.config = &b->config,
		.kernel = &b->kernel,
		.kernel_fd = write_kernel(code, n),
		.accel = VM_ACCEL_KVM,
		.memory_mib = 128,
		.virtio = true,
		.cmdline = "word",
		.initrd_fd = write_kernel(code, n),
		.disk_fd = -1,
		.report = b->report,
	};
	pair(&b->log, &b->q.log_fd);
	pair(&b->bulk, &b->q.bulk_fd);
	pair(&b->console, &b->q.console_fd);
	if (machine_build(&b->m, &b->q, &e))
		fail_msg("%s", e.msg);
	assert_non_null(loop_add_fd(b->m.loop, b->m.wake, EPOLLIN, on_wake, b, NULL));
	assert_int_equal(machine_start(&b->m, &e), 0);
}

static enum machine_end run(struct bench *b)
{
	char buf[256];
	ssize_t n;

	assert_int_equal(loop_run(b->m.loop, NULL), 0);
	if (atomic_load(&b->m.end) != MACHINE_RUNS)
		assert_true(machine_stop(&b->m));
	while ((n = read(b->log, buf, sizeof(buf))) > 0)
		str_append(&b->said, buf, (size_t)n);
	return atomic_load(&b->m.end);
}

static void finish(struct bench *b)
{
	const int fds[] = {b->q.kernel_fd, b->q.initrd_fd, b->q.log_fd, b->q.bulk_fd,
		b->q.console_fd, b->log, b->bulk, b->console};

	machine_release(&b->m);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
	munmap(b->report, sizeof(*b->report));
	str_release(&b->said);
}

#define START(b, name)                                                                             \
	build((b), "1,1,1,1", guest_##name, (size_t)(guest_##name##_end - guest_##name))

static void ports_and_reset(void **state)
{
	struct bench b;

	(void)state;
	START(&b, ports);
	assert_int_equal(run(&b), MACHINE_RESET);
	assert_string_equal(str_get(&b.said), "hi");
	assert_int_equal(atomic_load(&b.report->exits[ENGINE_EXIT_IO]), 3);
	assert_true(atomic_load(&b.report->at[ENGINE_FIRST_RUN]) > 0);
	assert_in_range(
		atomic_load(&b.report->load_cpu_ns), 1, atomic_load(&b.report->setup_cpu_ns) - 1);
	assert_true(atomic_load(&b.report->at[ENGINE_KERNEL]) >=
		    atomic_load(&b.report->at[ENGINE_FIRST_RUN]));
	finish(&b);
}

/* Descriptors, threads and mappings of this process. */
static void owned(unsigned n[3])
{
	static const char *const dirs[] = {"/proc/self/fd", "/proc/self/task"};
	cleanup_str struct str maps = STR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		DIR *d = opendir(dirs[i]);

		assert_non_null(d);
		for (n[i] = 0; readdir(d); n[i]++)
			;
		closedir(d);
	}
	assert_int_equal(file_read("/proc/self/maps", 1 << 20, &maps, NULL), 0);
	n[2] = 0;
	for (size_t i = 0; i < maps.len; i++)
		n[2] += maps.s[i] == '\n';
}

/* A thousand machines, or as many as where each takes long (the nested host), leave nothing behind;
 * the first ten warm up what allocators keep. */
static void machines_come_and_go(void **state)
{
	enum { WARM = 10, CYCLES = 1000 };
	const char *given = getenv("KTSTR_TEST_CYCLES");
	unsigned cycles = given ? (unsigned)atoi(given) : CYCLES;
	unsigned before[3], after[3];
	struct bench b;

	(void)state;
	for (unsigned i = 0; i < WARM + cycles; i++) {
		if (i == WARM)
			owned(before);
		START(&b, ports);
		assert_int_equal(run(&b), MACHINE_RESET);
		finish(&b);
	}
	owned(after);
	assert_int_equal(after[0], before[0]);
	assert_int_equal(after[1], before[1]);
	/* an allocator's own, which do not grow with each machine */
	assert_in_range(after[2], 0, before[2] + WARM);
}

static void memory_that_is_a_device(void **state)
{
	struct bench b;

	(void)state;
	START(&b, memory);
	assert_int_equal(run(&b), MACHINE_RESET);
	assert_int_equal(b.said.len, 8);
	assert_memory_equal(b.said.s, "virt\xff\xff\xff\xff", 8);
	assert_int_equal(atomic_load(&b.report->exits[ENGINE_EXIT_MMIO]), 2);
	finish(&b);
}

static void features(void **state)
{
	struct bench b;

	(void)state;
	build(&b, "1,2,1,1", guest_cpuid, (size_t)(guest_cpuid_end - guest_cpuid));
	assert_int_equal(run(&b), MACHINE_RESET);
	assert_int_equal(b.said.len, 8);
	assert_memory_equal(b.said.s, "KVMK\2\0\0\0", 8);
	finish(&b);
}

static void no_old_interrupt_chip(void **state)
{
	struct bench b;

	(void)state;
	START(&b, pic);
	assert_int_equal(run(&b), MACHINE_RESET);
	assert_string_equal(str_get(&b.said), "n");
	finish(&b);
}

static void a_crash_is_explained(void **state)
{
	struct bench b;

	(void)state;
	START(&b, crash);
	assert_int_equal(run(&b), MACHINE_FAILED);
	assert_non_null(strstr(b.m.failure.msg, "triple fault"));
	assert_non_null(strstr(b.m.failure.msg, "CPU 0"));
	assert_true(strstr(b.m.failure.msg, "rip ") || strstr(b.m.failure.msg, "are lost"));
	finish(&b);
}

static void power_off(void **state)
{
	struct bench b;

	(void)state;
	START(&b, off);
	assert_int_equal(run(&b), MACHINE_OFF);
	finish(&b);
}

static void every_port_is_harmless(void **state)
{
	struct bench b;

	(void)state;
	START(&b, scan);
	assert_int_equal(run(&b), MACHINE_RESET);
	assert_non_null(memchr(b.said.s, 'z', b.said.len));
	finish(&b);
}

static void strings_go_through(void **state)
{
	struct bench b;

	(void)state;
	START(&b, strings);
	assert_int_equal(run(&b), MACHINE_RESET);
	assert_string_equal(str_get(&b.said), "bytes");
	finish(&b);
}

/* Waits until the guest has said this letter. */
static void until_letter(struct bench *b, char letter)
{
	char c = 0;

	while (c != letter) {
		assert_int_equal(loop_turn(b->m.loop, 100, NULL), 0);
		while (c != letter && read(b->log, &c, 1) == 1)
			;
	}
}

static void an_nmi_arrives(void **state)
{
	struct bench b;

	(void)state;
	START(&b, nmi);
	until_letter(&b, 'r');
	arch_nmi(&b.m);
	assert_int_equal(run(&b), MACHINE_RESET);
	assert_string_equal(str_get(&b.said), "n");
	finish(&b);
}

/* 300 CPUs, with ids that a byte does not hold: each starts, is somebody else, and is reached. */
static void a_crowd_of_cpus(void **state)
{
	struct apic_layout ids;
	char want[513] = "";
	struct vm_place p;
	struct bench b;

	(void)state;
	build(&b, "2,10,15,2", guest_crowd, (size_t)(guest_crowd_end - guest_crowd));
	ids = apic_layout_of(&b.config.topology);
	assert_true(ids.max_id > APIC_ID_MAX_8BIT);
	memset(want, '0', sizeof(want) - 1);
	vm_topology_foreach(&p, &b.config.topology) want[apic_id_of(&ids, &p)] = p.cpu ? '1' : '0';
	until_letter(&b, 'r');
	arch_nmi(&b.m);
	assert_int_equal(run(&b), MACHINE_RESET);
	assert_string_equal(str_get(&b.said), want);
	finish(&b);
}

/* A guest that never leaves by itself is stopped, and goes on, and is ended. */
static void a_guest_that_spins(void **state)
{
	struct bench b;

	(void)state;
	START(&b, spin);
	until_letter(&b, 's');
	for (int i = 0; i < 20; i++) {
		machine_pause(&b.m);
		assert_int_equal(loop_run(b.m.loop, NULL), 0);
		assert_true(machine_is_parked(&b.m));
		machine_resume(&b.m);
	}
	machine_end(&b.m, MACHINE_TOLD);
	assert_int_equal(run(&b), MACHINE_TOLD);
	assert_true(atomic_load(&b.report->exits[ENGINE_EXIT_INTR]) >= 1);
	finish(&b);
}

/* Eight CPUs, of which seven are never started. */
static void resumed_before_all_have_paused(void **state)
{
	struct bench b;

	(void)state;
	build(&b, "1,1,8,1", guest_spin, (size_t)(guest_spin_end - guest_spin));
	until_letter(&b, 's');
	for (int i = 0; i < 1000; i++) {
		machine_pause(&b.m);
		machine_resume(&b.m);
	}
	machine_end(&b.m, MACHINE_TOLD);
	assert_int_equal(run(&b), MACHINE_TOLD);
	finish(&b);
}

/* An NMI waits for a CPU that is not started, and its thread with it: a host that is busy makes the
 * measured time shorter, not longer. */
static void an_nmi_to_a_cpu_that_is_not_started(void **state)
{
	const struct timespec while_ = {.tv_nsec = 300 * NS_PER_MS};
	struct bench b;
	uint64_t before;

	(void)state;
	build(&b, "1,1,4,1", guest_doze, (size_t)(guest_doze_end - guest_doze));
	until_letter(&b, 'r');
	arch_nmi(&b.m);
	until_letter(&b, 'n');
	before = clock_cpu_ns();
	nanosleep(&while_, NULL);
	assert_true(clock_cpu_ns() - before < 100 * NS_PER_MS);
	machine_end(&b.m, MACHINE_TOLD);
	assert_int_equal(run(&b), MACHINE_TOLD);
	finish(&b);
}

static unsigned entries(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void nothing_is_left(void **state)
{
	unsigned fds = entries("/proc/self/fd"), threads = entries("/proc/self/task");

	(void)state;
	for (int i = 0; i < 30; i++) {
		struct bench b;

		build(&b, "1,1,3,1", guest_ports, (size_t)(guest_ports_end - guest_ports));
		/* at any moment of its life */
		if (i & 1)
			machine_end(&b.m, MACHINE_TOLD);
		run(&b);
		finish(&b);
	}
	assert_int_equal(entries("/proc/self/fd"), fds);
	assert_int_equal(entries("/proc/self/task"), threads);
}

/* What cannot be is said before anything runs. */
static void too_little_memory_is_refused(void **state)
{
	struct err e = ERR_INIT;
	struct bench b;

	(void)state;
	START(&b, off);
	run(&b);
	machine_release(&b.m);
	b.q.memory_mib = 8;
	assert_int_equal(machine_build(&b.m, &b.q, &e), -ENOMEM);
	assert_non_null(strstr(e.msg, "--memory-mib"));
	finish(&b);
}

static void what_was_not_built_is_not_closed(void **state)
{
	struct err e = ERR_INIT;
	struct bench b;

	(void)state;
	START(&b, off);
	run(&b);
	machine_release(&b.m);
	b.q.memory_mib = 1U << 30; /* a PiB: there is no machine yet when it is refused */
	assert_true(machine_build(&b.m, &b.q, &e) < 0);
	finish(&b);
	assert_true(fcntl(0, F_GETFD) >= 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_and_reset),
		cmocka_unit_test(machines_come_and_go),
		cmocka_unit_test(memory_that_is_a_device),
		cmocka_unit_test(features),
		cmocka_unit_test(no_old_interrupt_chip),
		cmocka_unit_test(a_crash_is_explained),
		cmocka_unit_test(power_off),
		cmocka_unit_test(every_port_is_harmless),
		cmocka_unit_test(strings_go_through),
		cmocka_unit_test(an_nmi_arrives),
		cmocka_unit_test(a_crowd_of_cpus),
		cmocka_unit_test(a_guest_that_spins),
		cmocka_unit_test(resumed_before_all_have_paused),
		cmocka_unit_test(an_nmi_to_a_cpu_that_is_not_started),
		cmocka_unit_test(nothing_is_left),
		cmocka_unit_test(what_was_not_built_is_not_closed),
		cmocka_unit_test(too_little_memory_is_refused),
	};

	return cmocka_run_group_tests(tests, look_for_kvm, NULL);
}
