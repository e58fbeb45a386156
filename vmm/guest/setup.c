/* What a shell expects of a machine: a name, the loopback interface, accounts, the usual commands.
 */
#include "vmm/guest/guest.h"

#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void loopback_up(void)
{
	struct ifreq ifr = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	if (!ioctl(fd, SIOCGIFFLAGS, &ifr)) {
		ifr.ifr_flags |= IFF_UP;
		ioctl(fd, SIOCSIFFLAGS, &ifr);
	}
	close(fd);
}

/* A file that an include did not bring already. */
static void provide(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return;
	(void)!write(fd, text, strlen(text));
	close(fd);
}

void setup_machine(void)
{
	sethostname("ktstr", 5);
	loopback_up();
	provide("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"
			       "nobody:x:65534:65534:nobody:/:/bin/false\n");
	provide("/etc/group", "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n");
	provide("/etc/hosts", "127.0.0.1 localhost ktstr\n::1 localhost\n");
}
