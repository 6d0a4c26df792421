/**
 * @file es.h  An elementary stream, cut into frames: for the tests only
 */
#ifndef TEST_ES_H
#define TEST_ES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ES_UNITS 64
#define ES_FRAMES 256

struct es_frame {
	int count;
	bool key;
	struct { const uint8_t *bytes; uint32_t size; int type; } units[ES_UNITS];
};

struct es {
	bool h265;
	uint8_t *bytes;
	int count;
	struct es_frame frames[ES_FRAMES];
};

int es_load(struct es *es, const char *path, bool h265);
void es_sets_once(struct es *es);
bool es_is_set(const struct es *es, int type);
bool es_is_delimiter(const struct es *es, int type);

#endif
