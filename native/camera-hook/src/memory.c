/**
 * @file memory.c  Memory of the system's, in pages
 *
 * Only what is used of it is taken from the camera, and only while it is used.
 */
#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include "memory.h"

/**
 * Take zeroed memory
 *
 * @param memory Gets its address
 * @param size   Bytes
 *
 * @return 0 for success, otherwise an errno
 */
int memory_map(uint8_t **memory, uint32_t size)
{
	void *address = mmap(NULL, size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (address == MAP_FAILED)
		return errno;

	*memory = address;

	return 0;
}

/**
 * Give memory back
 *
 * @param memory Address
 * @param size   Bytes
 */
void memory_unmap(uint8_t *memory, uint32_t size)
{
	(void)munmap(memory, size);
}
