#ifndef ROOM_PORTS_H
#define ROOM_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "authentic.h"
#include "playout.h"

/** Opus, set up as protocol.h says; one encoder and one decoder */
struct room_codec {
	void *arg;	/**< First argument of all */
	/** One frame to at most `size` bytes; bytes written, 0 on failure */
	size_t (*encode)(void *arg, const int16_t *frame, uint8_t *opus,
			 size_t size);
	/** A packet to a frame; `fec` takes the copy of the one before.
	    Without Opus the frame is invented. False on failure */
	bool (*decode)(void *arg, const uint8_t *opus, size_t length, bool fec,
		       int16_t *frame);
	/** Another sender begins */
	void (*reset)(void *arg);
};

/** Microphone and loudspeaker: 16 kHz, mono */
struct room_sound {
	void *arg;	/**< First argument of all */
	/** A talk's words begin now: what was captured before is dropped */
	void (*begin)(void *arg);
	/** One frame; false where none is there, which is sent as silence */
	bool (*read)(void *arg, int16_t *frame);
	/** One frame, within `timeout_ms`; false if it took longer */
	bool (*write)(void *arg, const int16_t *frame, unsigned timeout_ms);
};

/** The network */
struct room_network {
	void *arg;	/**< First argument of all */
	/** A datagram to an IPv4 address as text; NULL sends to the group */
	bool (*send)(void *arg, const char *address, const uint8_t *bytes,
		     size_t length);
};

/** MQTT: what is published; subscriptions are the adapter's */
struct room_mqtt {
	void *arg;	/**< First argument of all; publish NULL: no MQTT */
	/** A message; QoS 1 for the retained ones */
	void (*publish)(void *arg, const char *topic, const char *payload,
			bool retained);
};

/** All that a station needs from the machine it runs on */
struct room_ports {
	struct room_codec codec;
	struct room_sound sound;
	struct room_network network;
	struct room_mqtt mqtt;
	struct room_key key;
};

#endif
