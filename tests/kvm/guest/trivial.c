/* The least that can be booted: an init that reboots. For monitors that are compared with ours. */
#include <sys/reboot.h>

int main(void)
{
	return reboot(RB_AUTOBOOT);
}
