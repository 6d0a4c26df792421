/**
 * @file es.c  An elementary stream, cut into frames: for the tests only
 *
 * Written apart from the hook's own parser, so that one can judge the other.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "es.h"

bool es_is_set(const struct es *es, int type)
{
	return es->h265 ? type >= 32 && type <= 34 : type == 7 || type == 8;
}

bool es_is_delimiter(const struct es *es, int type)
{
	return type == (es->h265 ? 35 : 9);
}

static bool is_slice(const struct es *es, int type)
{
	return es->h265 ? type < 32 : type >= 1 && type <= 5;
}

static bool is_key(const struct es *es, int type)
{
	return es->h265 ? type >= 16 && type <= 21 : type == 5;
}

/** A frame ends where a unit that is not its later slice follows a slice */
static bool begins_frame(const struct es *es, const struct es_frame *frame,
			 const uint8_t *unit, int type)
{
	bool sliced = false;

	for (int i = 0; i < frame->count; i++)
		sliced |= is_slice(es, frame->units[i].type);

	if (!sliced)
		return false;

	if (!is_slice(es, type))
		return es->h265 ? type != 40 : true;

	return unit[es->h265 ? 2 : 1] & 0x80;
}

static int add_unit(struct es *es, const uint8_t *unit, uint32_t size)
{
	int type = es->h265 ? unit[0] >> 1 & 0x3f : unit[0] & 0x1f;
	struct es_frame *frame;

	if (!es->count || begins_frame(es, &es->frames[es->count - 1], unit,
				       type))
		es->count++;
	if (es->count > ES_FRAMES)
		return E2BIG;

	frame = &es->frames[es->count - 1];
	if (frame->count == ES_UNITS)
		return E2BIG;

	frame->units[frame->count].bytes = unit;
	frame->units[frame->count].size = size;
	frame->units[frame->count++].type = type;
	frame->key |= is_key(es, type);

	return 0;
}

static int cut(struct es *es, size_t size)
{
	const uint8_t *p = es->bytes;
	size_t begin = 0;
	int err = 0;

	for (size_t i = 0; i + 3 <= size && !err; i++) {
		size_t end = i;

		if (p[i] || p[i + 1] || p[i + 2] != 1)
			continue;

		while (end > begin && !p[end - 1])
			end--;
		if (begin)
			err = add_unit(es, p + begin, (uint32_t)(end - begin));
		begin = i + 3;
	}

	return err ? err : add_unit(es, p + begin, (uint32_t)(size - begin));
}

int es_load(struct es *es, const char *path, bool h265)
{
	FILE *file = fopen(path, "rb");
	size_t size, room = 8u << 20;

	memset(es, 0, sizeof(*es));
	es->h265 = h265;
	es->bytes = malloc(room);
	if (!file || !es->bytes)
		return ENOENT;

	size = fread(es->bytes, 1, room, file);
	fclose(file);

	return size > 4 && size < room ? cut(es, size) : EINVAL;
}

/** Leave the parameter sets in the first frame only */
void es_sets_once(struct es *es)
{
	for (int i = 1; i < es->count; i++) {
		struct es_frame *frame = &es->frames[i];
		int kept = 0;

		for (int k = 0; k < frame->count; k++)
			if (!es_is_set(es, frame->units[k].type))
				frame->units[kept++] = frame->units[k];
		frame->count = kept;
	}
}
