/* Sums of FIPS 180-4's examples, and of any split of the same bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/file.h"
#include "src/base/mem.h"
#include "src/base/sha256.h"

static void check(const char *text, size_t repeat, const char *hex)
{
	cleanup_close int fd = file_memfd("sum");
	char got[SHA256_HEX + 1];

	for (size_t i = 0; i < repeat; i++)
		assert_int_equal(file_write_fd(fd, text, strlen(text)), 0);
	assert_int_equal(sha256_of_fd(fd, got), 0);
	assert_string_equal(got, hex);
}

static void known_sums(void **state)
{
	(void)state;
	check("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	check("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	check("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	check("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 20000,
		"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void any_split_gives_the_same(void **state)
{
	unsigned char bytes[300], whole[SHA256_SIZE], parts[SHA256_SIZE];
	struct sha256 h;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 7);
	for (size_t n = 0; n < sizeof(bytes); n++) {
		sha256_begin(&h);
		sha256_add(&h, bytes, n);
		sha256_end(&h, whole);
		for (size_t step = 1; step < 130; step += 43) {
			sha256_begin(&h);
			for (size_t at = 0; at < n; at += step)
				sha256_add(&h, bytes + at, n - at < step ? n - at : step);
			sha256_end(&h, parts);
			assert_memory_equal(whole, parts, SHA256_SIZE);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_sums),
		cmocka_unit_test(any_split_gives_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
