/**
 * @file packs.h  Bounded walk over the packs of one encoded frame
 */
#ifndef HOOK_PACKS_H
#define HOOK_PACKS_H

#include <stdbool.h>
#include <stdint.h>

#define PACKS_MAX 1024u             /**< Packs in one frame              */
#define PACKS_RING_MAX (64u << 20)  /**< Bytes in the encoder's own ring */
#define PACKS_BYTES_MAX (8u << 20)  /**< Bytes in one frame              */

/** How the vendor lays a frame out */
enum layout {
	LAYOUT_T31,  /**< T31 and newer: packs are offsets into one ring */
	LAYOUT_T20,  /**< T20, T21, T23, T30: packs have own addresses   */
};

/** Whose parameter sets packs_teach() looks for */
enum teaches { TEACHES_ANY, TEACHES_H264, TEACHES_H265 };

bool packs_teach(enum layout layout, const void *stream, enum teaches codec);
int packs_measure(enum layout layout, const void *stream, uint32_t *count,
		  uint32_t *bytes);
int packs_copy(enum layout layout, const void *stream, uint32_t *sizes,
	       uint32_t count, uint8_t *to, uint32_t bytes);

#endif
