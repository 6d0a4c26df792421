/**
 * @file server.h  The one thread that serves sockets
 */
#ifndef HOOK_SERVER_H
#define HOOK_SERVER_H

#include "real.h"
#include "tap.h"

int server_start(struct tap *tap, struct real *send_frame);

#endif
