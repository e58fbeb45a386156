/*
 * `ktstr locks` and the planner of reservations on file systems whose files have another device for
 * stat(2) than in the kernel's tables: in a guest, where they can be mounted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/skip.h"
#include "tests/lib/vm.h"

/* try DIR: a lock held there by flock(1) is seen and planned around, and the device is indeed
 * another one. */
#define TRY                                                                                        \
	"set -e; i=/include-files; "                                                               \
	"try() { f=$1/ktstr-llc-0.lock; : >$f; $i/flock -o $f sleep 1000 & p=$!; "                 \
	"until grep -q 'FLOCK.* '$p' ' /proc/locks; do kill -0 $p; done; "                         \
	"dev=$(awk '/FLOCK/ { split($6, id, \":\"); print id[2] }' /proc/locks); "                 \
	"[ $dev != $(printf %02x 0x$(stat -c %D $f)) ]; "                                          \
	"export KTSTR_LOCK_DIR=$1; $i/ktstr locks --long | grep -q \"EX  *$p \"; "                 \
	"if $i/ktstr shell --no-perf-mode --dry-run >/plan 2>/why; then exit 1; fi; "              \
	"grep -q \"could not reserve 1 CPU.*LLC 0: pid=$p cmd=\" /why; "                           \
	"kill $p; while grep -q FLOCK /proc/locks; do :; done; "                                   \
	"$i/ktstr shell --no-perf-mode --dry-run | grep -q \"SH $f\"; echo $1; }; "

static void look_in_a_guest(
	const char *script, const char *module, const char *further, const char *want)
{
	struct vm_run r;

	if (access("/usr/bin/flock", X_OK))
		skip_because("there is no flock(1)");
	vm_exec(&r, script, "-i", vm_program(), "-i", "flock", "--modules-load", module,
		"--memory-mib", "768", "--disk", "256mib", further ? "-i" : NULL, further, NULL);
	vm_check(&r, 0, NULL);
	assert_non_null(strstr(str_get(&r.out), want));
	vm_run_release(&r);
}

static void holders_on_overlayfs(void **state)
{
	(void)state;
	(void)vm_guest_options();
	look_in_a_guest(TRY
		"mkdir /low /up /o; mount -t tmpfs none /up; mkdir /up/u /up/w; "
		"mount -t overlay overlay -o lowerdir=/low,upperdir=/up/u,workdir=/up/w /o; try /o",
		"overlay", NULL, "/o\n");
}

static void holders_on_btrfs(void **state)
{
	(void)state;
	(void)vm_guest_options();
	if (access("/usr/sbin/mkfs.btrfs", X_OK) && access("/sbin/mkfs.btrfs", X_OK))
		skip_because("there is no mkfs.btrfs (package btrfs-progs)");
	look_in_a_guest(TRY
		"$i/mkfs.btrfs -q /dev/vda >/dev/null; mkdir /b; mount -t btrfs /dev/vda /b; "
		"try /b",
		"btrfs", "mkfs.btrfs", "/b\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holders_on_overlayfs),
		cmocka_unit_test(holders_on_btrfs),
	};

	return cmocka_run_group_tests_name("locks on other file systems", tests, NULL, NULL);
}
