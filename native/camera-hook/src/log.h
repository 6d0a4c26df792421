/**
 * @file log.h  The log file, if there is one
 */
#ifndef HOOK_LOG_H
#define HOOK_LOG_H

void log_open(const char *path);
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
