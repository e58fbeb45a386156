/* cpulist and cpumap: what is accepted must survive being written and read again. */
#include <stdint.h>
#include <stdlib.h>

#include "src/base/cpuset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = xstrndup((const char *)data, size);
	cleanup_cpuset struct cpuset list = CPUSET_INIT, map = CPUSET_INIT, again = CPUSET_INIT;
	cleanup_str struct str written = STR_INIT;

	if (cpuset_parse_list(&list, text, NULL) == 0) {
		cpuset_format(&list, &written);
		if (cpuset_parse_list(&again, str_get(&written), NULL) ||
			!cpuset_equal(&list, &again))
			abort();
	}
	str_clear(&written);
	if (cpuset_parse_map(&map, text, NULL) == 0) {
		cpuset_format(&map, &written);
		if (cpuset_parse_list(&again, str_get(&written), NULL) ||
			!cpuset_equal(&map, &again))
			abort();
	}
	return 0;
}
