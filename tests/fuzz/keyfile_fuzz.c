/* Any text as a file of keys: steps or a sentence, never anything else. */
#include <stdint.h>
#include <stdlib.h>

#include "src/base/str.h"
#include "ui/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_str struct str text = STR_INIT;
	struct script s = {0};
	struct err e = ERR_INIT;
	int rc;

	str_append(&text, data, size);
	rc = script_parse(&s, str_get(&text), &e);
	if (rc < 0 && !e.msg[0])
		abort();
	for (size_t i = 0; i < s.n; i++)
		if (s.v[i].line < 1 || (s.v[i].kind == SCRIPT_WAIT && !s.v[i].text))
			abort();
	script_release(&s);
	return 0;
}
