/**
 * @file clock.c  Time that only goes forward
 *
 * A system call of its own: in glibc 2.16 clock_gettime() is not in libc, and
 * musl's takes a struct of another size.
 */
#include <sys/syscall.h>
#include <unistd.h>
#include "clock.h"

#define MONOTONIC 1

/**
 * Milliseconds since the camera was started
 *
 * @return Milliseconds
 */
uint64_t clock_ms(void)
{
	long now[2] = {0, 0};

	(void)syscall(SYS_clock_gettime, MONOTONIC, now);

	return (uint64_t)now[0] * 1000u + (uint32_t)now[1] / 1000000u;
}
