/* SPDX-License-Identifier: Apache-2.0 */

/** Printing by another program: one that works, fails, hangs, dies, says nothing, or is not there. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/print.h"

#define PAGE "<!DOCTYPE html><p>page"

/** A printing program that is this script. */
static void make_program(const char *script, char ret[32])
{
	_cleanup_(closep) int fd = -1;

	snprintf(ret, 32, "/tmp/test-print-XXXXXX");
	fd = mkstemp(ret);
	assert_true(dprintf(fd, "#!/bin/sh\n%s\n", script) > 0);
	assert_int_equal(fchmod(fd, 0700), 0);
}

static int print_with(const char *program, int limit_ms, int pdf, Error *error)
{
	const Printer printer = { program, limit_ms };
	_cleanup_(closep) int page = memfd_create("page", MFD_CLOEXEC);

	assert_int_equal(write(page, PAGE, strlen(PAGE)), strlen(PAGE));
	assert_int_equal(lseek(page, 0, SEEK_SET), 0);
	*error = (Error){ 0 };
	return print_pdf(&printer, page, pdf, error);
}

static void test_how_printing_ends(void **state)
{
	static const struct {
		const char *script;
		int r;
		const char *error; /* after the program's name; "": none */
	} rows[] = {
		{ "printf '%%PDF-1.7 '; exec cat", 0, "" },
		{ "printf '%%PDF-1.7'; echo 'a warning' >&2", 0, "" },
		{ "echo Traceback >&2; echo 'OSError: [Errno 28] No space left on device' >&2; echo >&2; exit 1",
			-EIO, " failed: OSError: [Errno 28] No space left on device" },
		{ "printf '%%PDF-1.7'; exit 120", -EIO, " failed with status 120 and wrote no PDF" },
		{ "exit 0", -EIO, " failed with status 0 and wrote no PDF" },
		{ "echo no PDF at all", -EIO, " failed with status 0 and wrote no PDF" },
		{ "kill -SEGV $$", -EIO, " was ended by signal 11" },
		{ "head -c 100000 /dev/zero | tr '\\0' x >&2; exit 3", -EIO, " failed: xxxxxxxx" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		_cleanup_(closep) int pdf = memfd_create("pdf", MFD_CLOEXEC);
		char program[32];
		Error error;

		make_program(rows[i].script, program);
		assert_int_equal(print_with(program, 60000, pdf, &error), rows[i].r);
		unlink(program);
		if (rows[i].r == 0)
			assert_string_equal(error.text, "");
		else
			assert_memory_equal(
				error.text + strlen(program), rows[i].error, strlen(rows[i].error));
	}
}

/** It gets the page as its input and nothing else, writes to the file, and is asked for a tagged PDF. */
static void test_what_the_program_is_given(void **state)
{
	_cleanup_(closep) int pdf = memfd_create("pdf", MFD_CLOEXEC);
	char program[32], text[512] = "";
	Error error;

	make_program("printf '%%PDF-1.7 '; printf '<%s>' \"$@\"; cat", program);
	assert_int_equal(print_with(program, 60000, pdf, &error), 0);
	unlink(program);
	assert_true(pread(pdf, text, sizeof text - 1, 0) > 0);
	assert_string_equal(text,
		"%PDF-1.7 <--quiet><--encoding><utf-8><--base-url><><--pdf-variant><pdf/ua-1><-><->" PAGE);
}

static void test_a_program_that_hangs_is_stopped(void **state)
{
	_cleanup_(closep) int pdf = memfd_create("pdf", MFD_CLOEXEC);
	char program[32];
	Error error;

	make_program("printf '%%PDF-1.7'; exec sleep 1000", program);
	assert_int_equal(print_with(program, 100, pdf, &error), -ETIME);
	unlink(program);
	assert_non_null(strstr(error.text, "did not end within 1 s and was stopped"));
}

static void test_a_program_that_is_not_there(void **state)
{
	_cleanup_(closep) int pdf = memfd_create("pdf", MFD_CLOEXEC);
	char program[32];
	Error error;

	assert_int_equal(print_with("stipple-no-such-printer", 60000, pdf, &error), -ENOPKG);
	assert_string_equal(error.text, "stipple-no-such-printer is not installed");
	make_program("exit 0", program);
	assert_int_equal(chmod(program, 0600), 0);
	assert_int_equal(print_with(program, 60000, pdf, &error), -EIO);
	unlink(program);
	assert_non_null(strstr(error.text, "cannot be started: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_how_printing_ends),
		cmocka_unit_test(test_what_the_program_is_given),
		cmocka_unit_test(test_a_program_that_hangs_is_stopped),
		cmocka_unit_test(test_a_program_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
