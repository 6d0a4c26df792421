#ifndef ROOM_ADAPTER_H
#define ROOM_ADAPTER_H

#include <netinet/in.h>
#include <stdio.h>
#include <sys/types.h>
#include "../src/ports.h"
#include "../src/topics.h"

/** libopus */
struct opus_port {
	void *encoder;	/**< OpusEncoder	*/
	void *decoder;	/**< OpusDecoder	*/
};

/** A UDP socket for the group and for one station alike */
struct udp_port {
	int fd;			/**< Socket, -1 if none			*/
	int interface;		/**< Index; 0 lets the system choose	*/
	int port;		/**< UDP port				*/
	struct in_addr group;	/**< Where everybody is			*/
	uint64_t renew_ms;	/**< When membership is renewed next	*/
};

/** Sound from and to WAV files, 16 kHz, mono, 16 bits */
struct wav_port {
	FILE *in;	/**< Said; NULL is silence	*/
	FILE *out;	/**< Heard; NULL is nowhere	*/
	uint32_t bytes;	/**< Written to `out`		*/
};

#define MQTT_BUFFER 16384

/** What an MQTT client tells */
struct mqtt_events {
	void *arg;	/**< First argument of both	*/
	/** Connected and subscribed */
	void (*online)(void *arg);
	/** A message */
	void (*message)(void *arg, const char *topic, const char *payload,
			size_t length, bool retained);
};

/** A client of MQTT 3.1.1 over TCP */
struct mqtt_port {
	struct mqtt_events events;
	struct sockaddr_in broker;
	const char *user, *password;	/**< NULL: none			*/
	char id[ROOM_ID_SIZE];		/**< The station's, and the client's */
	int fd;				/**< -1 while not connected	*/
	bool connecting, online;	/**< TCP, then MQTT		*/
	uint64_t next_ms, wait_ms;	/**< Next try, and the pause	*/
	uint64_t heard_ms, ping_ms;	/**< Last byte in, next ping	*/
	uint16_t packet_id;
	uint8_t in[MQTT_BUFFER], out[MQTT_BUFFER];
	size_t in_length, out_length, skip;
};

bool opus_open(struct opus_port *o, struct room_codec *codec);
void opus_close(struct opus_port *o);
bool udp_open(struct udp_port *u, const char *group, struct room_network *net);
ssize_t udp_receive(struct udp_port *u, uint8_t *bytes, size_t size,
		    bool *by_group);
void udp_renew(struct udp_port *u, uint64_t now_ms);
bool wav_open(struct wav_port *w, const char *in, const char *out,
	      struct room_sound *sound);
void wav_close(struct wav_port *w);
void mqtt_open(struct mqtt_port *m, struct room_mqtt *port);
void mqtt_tick(struct mqtt_port *m, uint64_t now_ms);
void mqtt_read(struct mqtt_port *m, uint64_t now_ms);
void mqtt_close(struct mqtt_port *m);

#endif
