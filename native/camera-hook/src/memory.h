/**
 * @file memory.h  Memory of the system's, in pages
 */
#ifndef HOOK_MEMORY_H
#define HOOK_MEMORY_H

#include <stdint.h>

int memory_map(uint8_t **memory, uint32_t size);
void memory_unmap(uint8_t *memory, uint32_t size);

#endif
