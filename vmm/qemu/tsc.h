/* How fast the time stamp counter runs that an emulated CPU shows: QEMU passes the host's on. */
#pragma once

/* kHz; 0 = unknown. Takes two milliseconds. */
unsigned qemu_tsc_khz(void);
