#include "src/cli/escape.h"

enum { CTRL_A = 1 };

bool escape_feed(struct escape *s, const char *keys, size_t n, char *out, size_t *kept)
{
	*kept = 0;
	for (size_t i = 0; i < n; i++) {
		if (s->armed) {
			s->armed = false;
			if (keys[i] == 'x' || keys[i] == 'X')
				return true;
			out[(*kept)++] = CTRL_A;
			out[(*kept)++] = keys[i];
		} else if (keys[i] == CTRL_A) {
			s->armed = true;
		} else {
			out[(*kept)++] = keys[i];
		}
	}
	return false;
}
