/**
 * @file real.h  The vendor's functions behind ours
 */
#ifndef HOOK_REAL_H
#define HOOK_REAL_H

#include <stdatomic.h>
#include <stdbool.h>

/** One function of the vendor's */
struct real {
	const char *name;
	_Atomic(void *) address;  /**< NULL until it is found */
	const void *ours;         /**< What must not be taken for it */
};

void *real_find(struct real *real);
bool real_file_failed(void);

#endif
