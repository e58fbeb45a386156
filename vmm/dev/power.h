/* How a device tells the monitor that the guest wants to end; called on a vCPU thread. */
#pragma once

enum power_event {
	POWER_RESET, /* the guest reboots */
	POWER_OFF,
};

struct power {
	void (*request)(void *user, enum power_event event);
	void *user;
};
