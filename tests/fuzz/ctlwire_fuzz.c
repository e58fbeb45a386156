/* Packets and configurations as a broken peer might send them; what is accepted must round-trip. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/config.h"
#include "vmm/ctlwire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void packet(const uint8_t *bytes, size_t n, enum ctl_side side)
{
	static unsigned char again[CTL_MESSAGE_MAX];
	struct ctl_message m;

	if (ctl_unpack(bytes, n, side, &m))
		return;
	if (ctl_pack(&m, again) != n || memcmp(again, bytes, n) != 0)
		abort();
}

static void config(const char *bytes, size_t n)
{
	cleanup_str struct str once = STR_INIT, twice = STR_INIT;
	struct vm_setup s, t;

	if (vm_config_decode(bytes, n, &s, NULL))
		return;
	vm_config_encode(&s.c, s.started_ns, &once);
	if (vm_config_decode(once.s, once.len, &t, NULL))
		abort();
	vm_config_encode(&t.c, t.started_ns, &twice);
	if (once.len != twice.len || memcmp(once.s, twice.s, once.len) != 0)
		abort();
	vm_setup_release(&s);
	vm_setup_release(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	packet(bytes, n, CTL_FROM_CHILD);
	packet(bytes, n, CTL_FROM_CLIENT);
	config((const char *)bytes, n);
	return 0;
}
