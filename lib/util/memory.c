/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Locks the memory of the process, and reads its own code once. It must not lock unused memory. The caller
 * decides what a refusal means.
 */

#include "util/memory.h"

#include <link.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int memory_lock(void)
{
	/* not mlockall(): the address sanitizer turns that into a no-op, which would hide it from tests */
	return syscall(SYS_mlockall, MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0 ? -errno : 0;
}

static void touch(const volatile unsigned char *bytes, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t i = 0; i < size; i += page)
		(void)bytes[i];
}

/** The program itself is listed first; the pages of its libraries are in use anyway. */
static int touch_segments(struct dl_phdr_info *info, size_t size, void *userdata)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X))
			touch((const unsigned char *)(uintptr_t)(info->dlpi_addr + segment->p_vaddr),
				segment->p_memsz);
	}
	return 1;
}

void memory_touch_code(void)
{
	(void)dl_iterate_phdr(touch_segments, NULL);
}
