#include "vmm/dev/i8042.h"

#include <pthread.h>
#include <stdlib.h>

#include "src/base/mem.h"

enum {
	STATUS_FULL = 1, /* a byte waits to be read */
	STATUS_SYSTEM = 4,
	STATUS_COMMAND = 8,   /* the last write was a command */
	STATUS_UNLOCKED = 16, /* the key of the case is not turned */

	READ_CONFIG = 0x20,
	WRITE_CONFIG = 0x60,
	TEST_AUX = 0xa9,
	TEST_CONTROLLER = 0xaa,
	TEST_KEYBOARD = 0xab,
	READ_OUTPUT = 0xd0,
	WRITE_OUTPUT = 0xd1,
	LOOP_KEYBOARD = 0xd2,
	LOOP_AUX = 0xd3,
	WRITE_AUX = 0xd4,
	PULSE = 0xf0, /* and the lines to pull low in its low bits */
	LINE_RESET = 1,

	CONTROLLER_GOOD = 0x55,
	KEYBOARD_GOOD = 0x00,
	AUX_DEAD = 0xff, /* no mouse there */
	KEYBOARD_ACK = 0xfa,
	KEYBOARD_RESET = 0xff,
	KEYBOARD_IDENTIFY = 0xf2,
	KEYBOARD_SELF_TEST = 0xaa,

	QUEUE = 8,
};

struct i8042 {
	pthread_mutex_t lock;
	struct power power;
	unsigned char config, output;
	unsigned char command; /* whose argument the next data byte is; 0 = none */
	bool last_was_command;
	unsigned char queue[QUEUE]; /* for the guest to read */
	unsigned at, len;
};

static void answer(struct i8042 *k, unsigned char v)
{
	if (k->len < QUEUE)
		k->queue[(k->at + k->len++) % QUEUE] = v;
}

static unsigned char next(struct i8042 *k)
{
	unsigned char v = 0;

	if (k->len) {
		v = k->queue[k->at];
		k->at = (k->at + 1) % QUEUE;
		k->len--;
	}
	return v;
}

/* True: the reset line was pulled. */
static bool command(struct i8042 *k, unsigned char c)
{
	static const struct {
		unsigned char command, reply;
	} tests[] = {
		{.command = TEST_CONTROLLER, .reply = CONTROLLER_GOOD},
		{.command = TEST_KEYBOARD, .reply = KEYBOARD_GOOD},
		{.command = TEST_AUX, .reply = AUX_DEAD},
	};

	k->command = 0;
	k->last_was_command = true;
	for (size_t i = 0; i < ARRAY_LEN(tests); i++)
		if (tests[i].command == c)
			answer(k, tests[i].reply);
	if (c == READ_CONFIG)
		answer(k, k->config);
	else if (c == READ_OUTPUT)
		answer(k, k->output);
	else if (c == WRITE_CONFIG || c == WRITE_OUTPUT || (c >= LOOP_KEYBOARD && c <= WRITE_AUX))
		k->command = c;
	return c >= PULSE && !(c & LINE_RESET);
}

static void keyboard(struct i8042 *k, unsigned char c)
{
	answer(k, KEYBOARD_ACK);
	if (c == KEYBOARD_RESET) {
		answer(k, KEYBOARD_SELF_TEST);
	} else if (c == KEYBOARD_IDENTIFY) {
		answer(k, 0xab);
		answer(k, 0x83);
	}
}

/* True: the reset line was pulled. */
static bool data(struct i8042 *k, unsigned char v)
{
	unsigned char of = k->command;

	k->command = 0;
	k->last_was_command = false;
	if (of == WRITE_CONFIG)
		k->config = v;
	else if (of == WRITE_OUTPUT)
		k->output = v;
	else if (of == LOOP_KEYBOARD)
		answer(k, v);
	else if (!of)
		keyboard(k, v);
	/* LOOP_AUX, WRITE_AUX: nobody is there who could answer */
	return of == WRITE_OUTPUT && !(v & LINE_RESET);
}

static uint64_t read_data(void *dev, uint64_t at, unsigned size)
{
	struct i8042 *k = dev;
	unsigned char v;

	(void)at;
	if (size != 1)
		return UINT64_MAX;
	pthread_mutex_lock(&k->lock);
	v = next(k);
	pthread_mutex_unlock(&k->lock);
	return v;
}

static uint64_t read_status(void *dev, uint64_t at, unsigned size)
{
	struct i8042 *k = dev;
	unsigned char v;

	(void)at;
	if (size != 1)
		return UINT64_MAX;
	pthread_mutex_lock(&k->lock);
	v = (unsigned char)(STATUS_SYSTEM | STATUS_UNLOCKED | (k->len ? STATUS_FULL : 0) |
			    (k->last_was_command ? STATUS_COMMAND : 0));
	pthread_mutex_unlock(&k->lock);
	return v;
}

static void write_byte(
	struct i8042 *k, bool (*fn)(struct i8042 *, unsigned char), unsigned size, uint64_t v)
{
	bool reset;

	if (size != 1)
		return;
	pthread_mutex_lock(&k->lock);
	reset = fn(k, (unsigned char)v);
	pthread_mutex_unlock(&k->lock);
	if (reset)
		k->power.request(k->power.user, POWER_RESET);
}

static void write_data(void *dev, uint64_t at, unsigned size, uint64_t v)
{
	(void)at;
	write_byte(dev, data, size, v);
}

static void write_command(void *dev, uint64_t at, unsigned size, uint64_t v)
{
	(void)at;
	write_byte(dev, command, size, v);
}

const struct bus_ops i8042_data_bus = {.read = read_data, .write = write_data};
const struct bus_ops i8042_command_bus = {.read = read_status, .write = write_command};

struct i8042 *i8042_new(const struct power *power)
{
	struct i8042 *k = xcalloc(1, sizeof(*k));

	pthread_mutex_init(&k->lock, NULL);
	k->power = *power;
	k->output = 0xff & ~2; /* out of reset, address line 20 as it is */
	return k;
}

void i8042_free(struct i8042 *k)
{
	if (!k)
		return;
	pthread_mutex_destroy(&k->lock);
	free(k);
}
