#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/lazylib.h"

#define CALLS(X) X(getpid)
LAZYLIB_CALLS(CALLS);
LAZYLIB_FILES("test", "libsomething.so.99", "libc.so.6");
static const char *const missing[] = {"libsomething.so.99", NULL};

static struct lazylib libc_among(const char *const *names)
{
	return (struct lazylib){
		.files = names,
		.name = "libsomething",
		.purpose = "unpacking",
		.debian = "libsomething1",
		.fedora = "something-libs",
		.symbols = symbols,
		.nsymbols = ARRAY_LEN(symbols),
	};
}

static void the_first_that_is_there_is_called(void **state)
{
	struct lazylib l = libc_among(files);
	struct calls c;

	(void)state;
	assert_int_equal(lazylib_open(&l, &c, NULL), 0);
	assert_int_equal(c.getpid(), getpid());
}

static void a_missing_library_names_its_packages(void **state)
{
	struct lazylib l = libc_among(missing);
	struct err e = ERR_INIT;
	struct calls c;

	(void)state;
	assert_int_equal(lazylib_open(&l, &c, &e), -ENOENT);
	assert_string_equal(
		e.msg, "unpacking needs the library libsomething, which is not installed");
	assert_non_null(strstr(e.hint, "apt-get install libsomething1"));
	assert_non_null(strstr(e.hint, "dnf install something-libs"));
}

static void an_old_library_names_the_call_it_lacks(void **state)
{
	static const struct lazylib_symbol future[] = {{"call_of_the_future", 0}};
	struct lazylib l = libc_among(files);
	struct err e = ERR_INIT;
	struct calls c;

	(void)state;
	l.symbols = future;
	assert_int_equal(lazylib_open(&l, &c, &e), -ENOSYS);
	assert_non_null(strstr(e.msg, "call_of_the_future"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_that_is_there_is_called),
		cmocka_unit_test(a_missing_library_names_its_packages),
		cmocka_unit_test(an_old_library_names_the_call_it_lacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
