/**
 * @file log.c  The log file, if there is one
 *
 * Written by the serving thread only, so that a slow or full disk never
 * reaches the firmware. Bounded in lines per second and in bytes.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include "clock.h"
#include "log.h"

#define LINE_MAX_BYTES 256
#define WINDOW_MS 10000u
#define WINDOW_LINES 40u
#define FILE_MAX_BYTES (256u * 1024u)

static const char *file = "";
static uint64_t window_ms;
static unsigned window_lines;
static unsigned left_out;
static unsigned written;

/**
 * Begin to log
 *
 * @param path File to append to; empty for none. It is opened for each line: a
 *             descriptor that is kept may be another file's when the firmware
 *             has closed it.
 */
void log_open(const char *path)
{
	file = path;
}

static void put(const char *line, int length)
{
	int fd;

	if (length <= 0 || written > FILE_MAX_BYTES)
		return;

	if (length >= LINE_MAX_BYTES)
		length = LINE_MAX_BYTES - 1;

	fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK,
		  0644);
	if (fd < 0)
		return;

	written += (unsigned)length;
	(void)!write(fd, line, (size_t)length);
	(void)close(fd);
}

static int stamp(char *line, uint64_t now)
{
	const uint32_t ms = (uint32_t)now;

	return snprintf(line, LINE_MAX_BYTES, "%u.%03u camera-hook: ",
			ms / 1000, ms % 1000);
}

static int window_opens(uint64_t now)
{
	char line[LINE_MAX_BYTES];
	int at;

	if (window_lines && now - window_ms < WINDOW_MS)
		return ++window_lines <= WINDOW_LINES;

	if (left_out) {
		at = stamp(line, now);
		at += snprintf(line + at, LINE_MAX_BYTES - (size_t)at,
			       "%u lines left out\n", left_out);
		put(line, at);
		left_out = 0;
	}

	window_ms = now;
	window_lines = 1;

	return 1;
}

/**
 * Write one line
 *
 * @param format Text as for printf(), without the newline
 */
void log_line(const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	uint64_t now;
	va_list args;
	int at;

	if (!*file)
		return;

	now = clock_ms();
	if (!window_opens(now)) {
		left_out++;
		return;
	}

	at = stamp(line, now);
	va_start(args, format);
	at += vsnprintf(line + at, LINE_MAX_BYTES - (size_t)at, format, args);
	va_end(args);

	if (at > LINE_MAX_BYTES - 2)
		at = LINE_MAX_BYTES - 2;
	line[at++] = '\n';
	put(line, at);
}
