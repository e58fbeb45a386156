/* Any bytes at all as a terminal's input: every one is taken once, and no key is nonsense. */
#include <stdint.h>
#include <stdlib.h>

#include "ui/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct ui_key *k)
{
	if (k->kind == UI_KEY_NONE || k->mods > 7)
		abort();
	if (k->kind == UI_KEY_FN && (k->fn <= UI_FN_NONE || k->fn >= UI_FN_COUNT))
		abort();
	if (k->kind == UI_KEY_MOUSE && (k->row < 0 || k->col < 0))
		abort();
}

static void drain(struct input *in)
{
	struct ui_key k;

	while (input_next(in, &k))
		check(&k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input *in = input_new();
	size_t step = size ? data[0] % 7 + 1 : 1;

	input_learn(in, "\033[[5~", UI_FN_PGUP, 0);
	input_learn(in, "\033\033[A", UI_FN_UP, UI_ALT);
	for (size_t i = 0; i < size; i += step) {
		input_feed(in, data + i, size - i < step ? size - i : step);
		drain(in);
	}
	for (size_t i = 0; i <= size && input_pending(in); i++) {
		input_flush(in);
		drain(in);
	}
	if (input_pending(in) || input_taken(in) > size)
		abort();
	input_free(in);
	return 0;
}
