/* PID 1 of the guest: from the kernel's hand-over to the prompt, and to the reboot behind it. */
#include "vmm/guest/guest.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

/* The kernel leaves 0 to 2 closed when the archive has no /dev/console: nothing of ours may land
 * there. */
static void standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd < 2);
	if (fd > 2)
		close(fd);
}

/*
 * A batch task does not interrupt the one that wakes it: a program that prints line by line goes on
 * until it waits, and the relay then moves all its lines at once instead of switching for each.
 */
static void be_patient(void)
{
	struct sched_param none = {.sched_priority = 0};

	sched_setscheduler(0, SCHED_BATCH | SCHED_RESET_ON_FORK, &none);
}

int main(void)
{
	struct guest_conf conf;
	struct link link;
	int bulk, console, uevents;

	umask(022);
	be_patient();
	fatal_install();
	if (mounts_first())
		reboot_now();
	standard_fds();
	uevents = uevents_open();
	modules_load();
	mounts_rest();
	setup_machine();
	if (conf_load(&conf, PROTO_CONF_PATH) || ports_open(&conf, uevents, &bulk, &console))
		reboot_now();
	if (uevents >= 0)
		close(uevents);
	link_init(&link, bulk);
	if (access(PROTO_INIT_OK_PATH, F_OK))
		link_fail(&link, true,
			"the initramfs was not unpacked completely: the guest has too little "
			"memory");
	topology_settle(conf.offline, conf.late_cpus);
	topology_report(&link);
	if (conf.exec)
		exec_run(&conf, &link);
	else
		console_run(&conf, &link, console);
	link_finish(&link);
}
