/**
 * @file clock.h  Time that only goes forward
 */
#ifndef HOOK_CLOCK_H
#define HOOK_CLOCK_H

#include <stdint.h>

uint64_t clock_ms(void);

#endif
