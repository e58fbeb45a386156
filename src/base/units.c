#include "src/base/units.h"

#include "src/base/clock.h"

void units_bytes(struct str *out, uint64_t bytes)
{
	static const char prefix[] = "KMGTPE";
	int unit = -1;
	double v = (double)bytes;

	while (v >= 1024 && unit < 5) {
		v /= 1024;
		unit++;
	}
	if (unit < 0) {
		str_printf(out, "%u", (unsigned)bytes);
		return;
	}
	if (v == (double)(uint64_t)v || v >= 1000)
		str_printf(out, "%.0f%c", v, prefix[unit]);
	else
		str_printf(out, "%.1f%c", v, prefix[unit]);
}

void units_hms(struct str *out, uint64_t seconds)
{
	str_printf(out, "%02u:%02u:%02u", (unsigned)(seconds / 3600), (unsigned)(seconds / 60 % 60),
		(unsigned)(seconds % 60));
}

void units_duration(struct str *out, uint64_t ns)
{
	uint64_t s = ns / NS_PER_SEC;

	if (ns < 1000)
		str_printf(out, "%uns", (unsigned)ns);
	else if (ns < NS_PER_MS)
		str_printf(out, "%uus", (unsigned)(ns / 1000));
	else if (ns < NS_PER_SEC)
		str_printf(out, "%ums", (unsigned)(ns / NS_PER_MS));
	else if (s < 10)
		str_printf(out, "%.1fs", (double)ns / 1e9);
	else if (s < 60)
		str_printf(out, "%us", (unsigned)s);
	else if (s < 3600)
		str_printf(out, "%um%02us", (unsigned)(s / 60), (unsigned)(s % 60));
	else
		str_printf(out, "%uh%02um", (unsigned)(s / 3600), (unsigned)(s / 60 % 60));
}
