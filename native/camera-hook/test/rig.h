/**
 * @file rig.h  A firmware on a leash, and clients of its hook
 */
#ifndef TEST_RIG_H
#define TEST_RIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define RIG_WAIT_MS 20000

struct rig {
	pid_t pid;
	FILE *to;
	FILE *from;
	int video_port, sound_port, health_port;
	char health[1200];
};

extern char **rig_command;  /**< What runs the firmware */

void fail(const char *format, ...) __attribute__((format(printf, 1, 2),
						  noreturn));
uint64_t rig_now_ms(void);
void rig_ports(struct rig *rig);
void rig_start(struct rig *rig);
void rig_say(struct rig *rig, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
const char *rig_hear(struct rig *rig);
const char *rig_ask(struct rig *rig, const char *command);
void rig_stop(struct rig *rig);
int rig_connect(int port, int receive_buffer);
int rig_listen(int port);
void rig_read(int fd, void *bytes, size_t size, const char *what);
size_t rig_read_until_closed(int fd, uint8_t *bytes, size_t room);
void rig_expect_nothing(int fd);
void rig_expect_closed(int fd);
void rig_ask_health(struct rig *rig);
long long rig_number(const struct rig *rig, const char *section,
		     const char *name);
void rig_wait_for(struct rig *rig, const char *section, const char *name,
		  long long value);

#endif
