/*
 * Guests for tests: a distribution kernel, resolved once into a cache of the tests' own, and runs
 * of `ktstr shell` with their streams. Where there is no QEMU, busybox, package manager or network
 * the test is skipped and says why.
 *
 * The nested host (tests/kvm) runs the same programs on another engine: KTSTR_TEST_ACCEL says how
 * (tcg), KTSTR_TEST_KERNEL and KTSTR_TEST_MODULES name the kernel that is to be booted.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "src/base/str.h"
#include "src/kernels/kernels.h"
#include "tests/lib/pty.h"

/* The distribution's kernel, from a cache of the tests' own below build/; one program at a time
 * fetches it, the others find it there. */
int vm_test_kernel(struct kernel *k, struct err *e);
/* The kernel as options: "--kernel IMAGE --modules DIR --accel HOW". Call first in a test; skips it
 * where no guest can be booted. */
const struct strv *vm_guest_options(void);
/* Whether guests are emulated, by QEMU, and say so. */
bool vm_emulated(void);
/* The program under test. */
const char *vm_program(void);
/* Program, "shell", the guest's options, patience, then what is appended up to NULL. */
void vm_command(struct strv *argv, const char *first, ...);

struct vm_run {
	int status;
	struct str out, errs;
	uint64_t ns; /* how long it took */
};
/* Runs to the end with these bytes on stdin, then its end. */
void vm_run(struct vm_run *r, const struct strv *argv, const void *in, size_t n);
/* The shortest form: `--exec command` with further options up to NULL. */
void vm_exec(struct vm_run *r, const char *command, ...);
void vm_run_release(struct vm_run *r);
/* Fails, with all that it said, unless it ended so and its stderr has these texts (up to NULL). */
void vm_check(const struct vm_run *r, int status, ...);
/* Fails unless all of it can be shown: well-formed UTF-8 without control characters (C0, DEL, C1)
 * but these. */
void vm_check_shown(const struct str *text, const char *but);

/* A command that goes on while the test does something to it. */
struct vm_running {
	pid_t pid;
	int out, errs;	       /* -1 = closed */
	struct str seen, said; /* of stdout up to now; of stderr, at the end */
};
/* Starts `--exec command` with this stdin (-1 = empty) and waits for the line "ready" of it. */
void vm_start_exec(struct vm_running *r, const char *command, int in);
/* The same for a whole command line, and another patience than PATIENCE_S. */
void vm_start_argv(struct vm_running *r, const struct strv *argv, int in, unsigned seconds);
/* Its end: the exit code. */
int vm_finish(struct vm_running *r);
void vm_running_release(struct vm_running *r);
/* A module tree without a module, for a guest without drivers: the serial port serves it. Removed
 * by vm_no_modules_release(), which frees the path. */
char *vm_no_modules(void);
void vm_no_modules_release(char *dir);
/* A figure of a process: the line of /proc/PID/FILE that starts with the key. */
uint64_t vm_process_figure(pid_t pid, const char *file, const char *key);
/* The process's only child. */
pid_t vm_child_of(pid_t pid);

/* Interactive on a terminal, up to the guest's prompt. */
void vm_session(struct pty *p, int rows, int cols, ...);
/* Whether any process carries this word in its environment (KTSTR_TEST_MARK=word). */
bool vm_processes_left(const char *mark);
/* Waits until no such process is left; false after seconds. */
bool vm_wait_processes(const char *mark, int seconds);
