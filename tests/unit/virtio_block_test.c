/* The disk and the entropy source. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/fake_virtio.h"
#include "vmm/virtio/block.h"
#include "vmm/virtio/entropy.h"

enum { IN = 0, OUT = 1, FLUSH = 4, ID = 8, OK = 0, IOERR = 1, UNSUPP = 2 };
enum { MIB = 1 << 20, SECTORS = MIB / 512 };
enum { HEADER = FV_DATA_AT, STATUS = FV_DATA_AT + 0x100, DATA = FV_DATA_AT + 0x1000 };

struct fixture {
	struct fv f;
	struct virtio_device *d;
	int fd;
};

static int up(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	if (!x)
		return -1;
	fv_init(&x->f);
	x->fd = memfd_create("disk", MFD_CLOEXEC);
	if (x->fd < 0 || ftruncate(x->fd, SECTORS * 512))
		return -1;
	x->d = virtio_block_new(x->fd, SECTORS * 512, NULL);
	fv_attach(&x->f, x->d);
	fv_bring_up(&x->f, fv_features(&x->f), 256);
	*state = x;
	return 0;
}

static int down(void **state)
{
	struct fixture *x = *state;

	fv_detach(&x->f);
	virtio_block_free(x->d);
	fv_release(&x->f);
	close(x->fd);
	free(x);
	return 0;
}

static void header(struct fixture *x, uint32_t type, uint64_t sector)
{
	unsigned char *h = fv_ptr(&x->f, HEADER, 16);

	memset(h, 0, 16);
	memcpy(h, &type, 4);
	memcpy(h + 8, &sector, 8);
	*(unsigned char *)fv_ptr(&x->f, STATUS, 1) = 0xee;
}

static unsigned status(struct fixture *x)
{
	return *(unsigned char *)fv_ptr(&x->f, STATUS, 1);
}

/* One request with a buffer of `len` bytes; its status, and in *used the used length. */
static unsigned ask(struct fixture *x, uint32_t type, uint64_t sector, uint32_t len, int64_t *used)
{
	const struct fv_buf b[] = {
		{HEADER, 16, false}, {DATA, len, type != OUT}, {STATUS, 1, true}};

	header(x, type, sector);
	*used = fv_do(&x->f, 0, b, 3);
	return status(x);
}

static void test_what_it_says_of_itself(void **state)
{
	struct fixture *x = *state;
	uint64_t capacity = 0, value = 0;

	bus_read(&x->f.bus, 0xd0000000ULL + FV_CONFIG_SPACE, &capacity, 8);
	assert_int_equal(capacity, SECTORS);
	bus_read(&x->f.bus, 0xd0000000ULL + FV_CONFIG_SPACE + 12, &value, 4);
	assert_int_equal(value, 128);
	bus_read(&x->f.bus, 0xd0000000ULL + FV_CONFIG_SPACE + 20, &value, 4);
	assert_int_equal(value, 512);
	assert_null(virtio_block_new(x->fd, 0, NULL));
	assert_null(virtio_block_new(x->fd, 511, NULL));
	assert_null(virtio_block_new(x->fd, UINT64_MAX - 511, NULL));
}

static void test_write_and_read(void **state)
{
	struct fixture *x = *state;
	unsigned char *data = fv_ptr(&x->f, DATA, 8192);
	char there[16];
	int64_t used;

	for (unsigned i = 0; i < 8192; i++)
		data[i] = (unsigned char)(i * 7 >> 4);
	assert_int_equal(ask(x, OUT, 8, 8192, &used), OK);
	assert_int_equal(used, 1);
	assert_int_equal(pread(x->fd, there, 16, 8L * 512), 16);
	assert_memory_equal(there, data, 16);
	memset(data, 0, 8192);
	assert_int_equal(ask(x, IN, 8, 8192, &used), OK);
	assert_int_equal(used, 8193);
	for (unsigned i = 0; i < 8192; i++)
		assert_int_equal(data[i], (unsigned char)(i * 7 >> 4));
	assert_int_equal(ask(x, FLUSH, 0, 0, &used), OK);
}

static void test_the_end_of_the_disk(void **state)
{
	static const struct {
		uint64_t sector;
		uint32_t len;
		unsigned status;
	} cases[] = {
		{SECTORS - 1, 512, OK},
		{SECTORS, 0, OK},
		{SECTORS, 512, IOERR},
		{SECTORS - 1, 1024, IOERR},
		{SECTORS + 1, 0, IOERR},
		{UINT64_MAX, 512, IOERR},
		{UINT64_MAX / 512, 512, IOERR},
		{1ULL << 55, 512, IOERR}, /* times 512 it is 0 */
		{(1ULL << 55) - 1, 1024, IOERR},
		{0, 511, IOERR},
		{0, 1, IOERR},
	};
	struct fixture *x = *state;
	int64_t used;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(ask(x, IN, cases[i].sector, cases[i].len, &used), cases[i].status);
		assert_int_equal(used, cases[i].status == OK ? cases[i].len + 1 : 1);
		assert_int_equal(
			ask(x, OUT, cases[i].sector, cases[i].len, &used), cases[i].status);
	}
	assert_int_equal(lseek(x->fd, 0, SEEK_END), SECTORS * 512); /* it never grows */
}

static void test_serial_number(void **state)
{
	struct fixture *x = *state;
	int64_t used;

	memset(fv_ptr(&x->f, DATA, 32), 0xff, 32);
	assert_int_equal(ask(x, ID, 0, 20, &used), OK);
	assert_int_equal(used, 21);
	assert_memory_equal(fv_ptr(&x->f, DATA, 20), "ktstr-virtio-blk\0\0\0\0", 20);
	memset(fv_ptr(&x->f, DATA, 32), 0xff, 32);
	assert_int_equal(ask(x, ID, 0, 5, &used), OK);
	assert_memory_equal(fv_ptr(&x->f, DATA, 6), "ktstr\xff", 6);
	assert_int_equal(ask(x, ID, 0, 100, &used), OK);
	assert_int_equal(used, 21);
}

static void test_unknown_requests(void **state)
{
	static const uint32_t types[] = {2, 3, 5, 11, 13, 14, UINT32_MAX};
	struct fixture *x = *state;
	int64_t used;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		assert_int_equal(ask(x, types[i], 0, 512, &used), UNSUPP);
		assert_int_equal(used, 1);
	}
}

static void test_requests_without_a_header(void **state)
{
	static const struct fv_buf cut[] = {{HEADER, 15, false}, {STATUS, 1, true}};
	static const struct fv_buf none[] = {{STATUS, 1, true}};
	struct fixture *x = *state;

	header(x, OUT, 0);
	assert_int_equal(fv_do(&x->f, 0, cut, 2), 1);
	assert_int_equal(status(x), IOERR);
	header(x, OUT, 0);
	assert_int_equal(fv_do(&x->f, 0, none, 1), 1);
	assert_int_equal(status(x), IOERR);
}

static void test_a_header_in_pieces_and_a_status_behind_data(void **state)
{
	static const struct fv_buf b[] = {{HEADER, 7, false}, {HEADER + 7, 9, false},
		{DATA, 500, true}, {DATA + 500, 0, true}, {DATA + 500, 13, true}};
	struct fixture *x = *state;

	assert_int_equal(pwrite(x->fd, "sector one", 10, 512), 10);
	header(x, IN, 1);
	assert_int_equal(fv_do(&x->f, 0, b, 5), 513);
	assert_string_equal(fv_ptr(&x->f, DATA, 11), "sector one");
	assert_int_equal(*(unsigned char *)fv_ptr(&x->f, DATA + 512, 1), OK);
}

/* Nowhere to put the status: the driver is broken. */
static void test_a_request_without_a_status_poisons(void **state)
{
	static const struct fv_buf b[] = {{HEADER, 16, false}, {DATA, 512, false}};
	struct fixture *x = *state;

	header(x, OUT, 0);
	assert_int_equal(fv_do(&x->f, 0, b, 2), -1);
	assert_int_equal(fv_get(&x->f, FV_STATUS), FV_OK | FV_NEEDS_RESET);
}

static void test_a_file_that_fails(void **state)
{
	struct fixture *x = *state;
	int64_t used;

	/* shorter than its capacity says */
	assert_int_equal(ftruncate(x->fd, 512), 0);
	assert_int_equal(ask(x, IN, 4, 512, &used), IOERR);
	assert_int_equal(used, 1);
}

static void test_many_requests_take_several_turns(void **state)
{
	static const struct fv_buf b[] = {
		{HEADER, 16, false}, {DATA, 512, true}, {STATUS, 1, true}};
	struct fixture *x = *state;

	header(x, IN, 0);
	for (unsigned i = 0; i < 80; i++)
		fv_request(&x->f, 0, b, 3);
	fv_notify(&x->f, 0);
	fv_turn(&x->f, 1);
	assert_int_equal(fv_used_index(&x->f, 0), 32);
	fv_turn(&x->f, 3);
	assert_int_equal(fv_used_index(&x->f, 0), 80);
}

/* Of large requests fewer: what one turn moves is bounded too. */
static void test_large_requests_take_several_turns(void **state)
{
	enum { REQUESTS = 8, PIECES = 8, A_TURN = 4 };
	struct fv_buf b[PIECES + 2] = {{HEADER, 16, false}};
	struct fixture *x = *state;

	for (unsigned i = 1; i <= PIECES; i++)
		b[i] = (struct fv_buf){FV_SEAM, MIB / PIECES, true};
	b[PIECES + 1] = (struct fv_buf){STATUS, 1, true};
	header(x, IN, 0);
	for (unsigned i = 0; i < REQUESTS; i++)
		fv_request(&x->f, 0, b, PIECES + 2);
	fv_notify(&x->f, 0);
	fv_turn(&x->f, 1);
	assert_int_equal(fv_used_index(&x->f, 0), A_TURN);
	assert_int_equal(status(x), OK);
	fv_turn(&x->f, 1);
	assert_int_equal(fv_used_index(&x->f, 0), REQUESTS);
}

static void test_entropy(void **state)
{
	static const struct fv_buf b = {DATA, 64, true}, large = {FV_SEAM, FV_SEAM, true};
	static const struct fv_buf wrong = {DATA, 64, false};
	unsigned char first[64];
	struct virtio_device *d;
	struct fv f;
	int64_t n;

	(void)state;
	fv_init(&f);
	d = virtio_entropy_new(f.loop);
	fv_attach(&f, d);
	fv_bring_up(&f, fv_features(&f), 64);
	assert_int_equal(fv_do(&f, 0, &b, 1), 64);
	memcpy(first, fv_ptr(&f, DATA, 64), 64);
	assert_int_equal(fv_do(&f, 0, &b, 1), 64);
	assert_memory_not_equal(first, fv_ptr(&f, DATA, 64), 64);
	assert_int_equal(fv_do(&f, 0, &wrong, 1), 0);
	/* a bounded number at a time, then none until the next period, and then again */
	n = fv_do(&f, 0, &large, 1);
	assert_in_range(n, 1, 64 * 1024);
	assert_int_equal(fv_do(&f, 0, &b, 1), -1);
	for (uint16_t had = fv_used_index(&f, 0); fv_used_index(&f, 0) == had;)
		assert_int_equal(loop_turn(f.loop, -1, NULL), 0);
	fv_detach(&f);
	virtio_entropy_free(d);
	fv_release(&f);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_what_it_says_of_itself),
		WITH(test_write_and_read),
		WITH(test_the_end_of_the_disk),
		WITH(test_serial_number),
		WITH(test_unknown_requests),
		WITH(test_requests_without_a_header),
		WITH(test_a_header_in_pieces_and_a_status_behind_data),
		WITH(test_a_request_without_a_status_poisons),
		WITH(test_a_file_that_fails),
		WITH(test_many_requests_take_several_turns),
		WITH(test_large_requests_take_several_turns),
		cmocka_unit_test(test_entropy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
