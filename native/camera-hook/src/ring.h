/**
 * @file ring.h  Ring of records: one writer, one reader, neither ever waits
 */
#ifndef HOOK_RING_H
#define HOOK_RING_H

#include <stdatomic.h>
#include <stdint.h>

struct ring {
	uint8_t *memory;        /**< Aligned to 8                        */
	uint32_t size;          /**< Bytes, a power of two               */
	_Atomic uint32_t head;  /**< Bytes ever written, modulo 2^32     */
	_Atomic uint32_t tail;  /**< Bytes ever released, modulo 2^32    */
	uint32_t next;          /**< Writer's own: head after the commit */
};

uint8_t *ring_reserve(struct ring *ring, uint32_t length);
void ring_commit(struct ring *ring);
const uint8_t *ring_front(struct ring *ring, uint32_t *length);
void ring_release(struct ring *ring);

#endif
