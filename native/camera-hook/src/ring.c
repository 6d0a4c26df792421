/**
 * @file ring.c  Ring of records: one writer, one reader, neither ever waits
 *
 * A record is an 8-byte head (its length, then nothing) and its bytes, padded
 * to 8, never split: what does not fit before the end begins at the start, and
 * the gap is marked with SKIP. When there is no room the writer gives up.
 */
#include <string.h>
#include "ring.h"

#define HEAD 8u
#define SKIP UINT32_MAX

static uint32_t record_size(uint32_t length)
{
	return HEAD + ((length + 7u) & ~7u);
}

static uint8_t *slot(const struct ring *ring, uint32_t position)
{
	return ring->memory + (position & (ring->size - 1));
}

/**
 * Find room for a record
 *
 * @param ring   Ring
 * @param length Bytes wanted
 *
 * @return Where to write them before ring_commit(), NULL if there is no room
 */
uint8_t *ring_reserve(struct ring *ring, uint32_t length)
{
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
	uint32_t room = ring->size - (head - tail);
	uint32_t to_end = ring->size - (head & (ring->size - 1));
	uint32_t skip = 0;

	if (length > ring->size - HEAD)
		return NULL;

	if (record_size(length) > to_end)
		skip = to_end;

	if (record_size(length) + skip > room)
		return NULL;

	if (skip) {
		const uint32_t mark = SKIP;

		memcpy(slot(ring, head), &mark, sizeof(mark));
		head += skip;
	}

	memcpy(slot(ring, head), &length, sizeof(length));
	ring->next = head + record_size(length);

	return slot(ring, head) + HEAD;
}

/**
 * Hand the reserved record to the reader
 *
 * @param ring Ring
 */
void ring_commit(struct ring *ring)
{
	atomic_store_explicit(&ring->head, ring->next, memory_order_release);
}

/**
 * Look at the oldest record
 *
 * @param ring   Ring
 * @param length Its length in bytes
 *
 * @return Its bytes, valid until ring_release(); NULL if there is none
 */
const uint8_t *ring_front(struct ring *ring, uint32_t *length)
{
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

	if (head == tail)
		return NULL;

	memcpy(length, slot(ring, tail), sizeof(*length));
	if (*length == SKIP) {
		tail += ring->size - (tail & (ring->size - 1));
		atomic_store_explicit(&ring->tail, tail, memory_order_release);
		memcpy(length, slot(ring, tail), sizeof(*length));
	}

	return slot(ring, tail) + HEAD;
}

/**
 * Give the oldest record's room back to the writer
 *
 * @param ring Ring
 */
void ring_release(struct ring *ring)
{
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	uint32_t length;

	memcpy(&length, slot(ring, tail), sizeof(length));
	atomic_store_explicit(&ring->tail, tail + record_size(length),
			      memory_order_release);
}
