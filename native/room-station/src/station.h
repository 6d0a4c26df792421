#ifndef ROOM_STATION_H
#define ROOM_STATION_H

#include "call.h"
#include "floor.h"
#include "heard.h"
#include "keys.h"
#include "playout.h"
#include "ports.h"
#include "sequencer.h"
#include "topics.h"

#define ROOM_PEERS 10
#define ROOM_VERSION "1.0.0"

/** Where our own talk is */
enum room_phase { ROOM_QUIET, ROOM_LEAD_IN, ROOM_WORDS, ROOM_TRAIL_OUT };

/** What a press of the button came to */
enum room_press {
	ROOM_TALKS,	/**< The talk begins			*/
	ROOM_BUSY,	/**< Somebody else talks		*/
	ROOM_LOCKED,	/**< A call was sent just now		*/
	ROOM_NOBODY,	/**< The target is not there		*/
	ROOM_ANSWERS	/**< What rings is answered		*/
};

/** Another station */
struct room_peer {
	char id[ROOM_ID_SIZE];		/**< Empty: none	*/
	char room[ROOM_NAME_SIZE];	/**< Its room		*/
	char ip[16];			/**< Its IPv4 address	*/
	bool online;			/**< It said so		*/
};

/** What a station counts */
struct room_counters {
	uint32_t sent;		/**< Packets			*/
	uint32_t malformed;	/**< No packets			*/
	uint32_t probes;	/**< Probes of others		*/
	uint32_t pcm;		/**< Packets of the successor	*/
	uint32_t own;		/**< Our own, come back		*/
	uint32_t ignored;	/**< Not heard: floor, do not disturb	*/
	uint32_t replayed;	/**< Authentic, but seen before	*/
	uint32_t duplicate;	/**< Copies			*/
	uint32_t lost;		/**< Never came			*/
	uint32_t decoded;	/**< Frames of packets		*/
	uint32_t repaired;	/**< Frames by FEC		*/
	uint32_t concealed;	/**< Frames invented		*/
	uint32_t silent;	/**< Frames of silence instead	*/
	uint32_t late;		/**< Writes that took too long	*/
};

/** A station. Nothing is allocated after room_station_init() */
struct room_station {
	const struct room_ports *ports;
	uint8_t sender[ROOM_PACKET_SENDER_BYTES];
	char id[ROOM_ID_SIZE];
	char room[ROOM_NAME_SIZE];
	char ip[16];

	struct room_floor floor;
	struct room_sequencer sequencer;
	struct room_playout playout;
	struct room_window window;	/**< Of the holder's packets	*/
	struct room_keys keys;		/**< Of the group		*/
	struct room_heard heard[ROOM_TALKS_HEARD];	/**< By the group */
	uint64_t now_ms;		/**< Of the last tick or packet	*/
	uint8_t trusted[ROOM_PEERS][ROOM_PACKET_SENDER_BYTES];
	unsigned trusted_count;	/**< Senders whose tag was seen		*/
	bool known_last;	/**< Whether the next two are known	*/
	uint8_t last_sender[ROOM_PACKET_SENDER_BYTES];
	uint32_t last_next;	/**< Where the last talk ended		*/

	enum room_phase phase;
	unsigned phase_frames;	/**< Of silence still to send		*/
	uint64_t talk_ms;	/**< When the talk began		*/
	uint32_t sequence;	/**< Goes on from talk to talk		*/
	char to[16];		/**< Address of the talk; empty: group	*/
	char to_name[ROOM_NAME_SIZE * 2];
	struct room_call call;
	bool in_call;		/**< The talk is a call: we hear meanwhile */
	uint8_t talk_priority;
	uint8_t tx[ROOM_PACKET_MAX_BYTES];	/**< Sending's own buffers */
	uint8_t tx_signed[ROOM_PACKET_MAX_BYTES];
	struct room_packet tx_packet;
	room_frame tx_frame;
	struct room_packet rx_packet;	/**< Receiving's own buffers	*/
	room_frame rx_frame;

	unsigned tone_frames;	/**< Of a tone still to sound		*/
	unsigned tone_step;	/**< Samples of half a wave		*/
	unsigned tone_at;	/**< Samples of it so far		*/
	bool warned;		/**< Whether the warning tone was given	*/
	bool ringing;		/**< Whether the tone is a call		*/

	unsigned volume;	/**< 0 to 100				*/
	bool mute;
	uint8_t priority;
	char target[ROOM_NAME_SIZE];
	struct room_peer peers[ROOM_PEERS];
	const char *shown;	/**< State as it was published last	*/
	char payload[ROOM_PAYLOAD_SIZE * 2];
	struct room_counters counters;
};

void room_station_init(struct room_station *s, const struct room_ports *ports,
		       const uint8_t *sender, const char *room, const char *ip);
void room_station_hear(struct room_station *s, const uint8_t *bytes,
		       size_t length, bool by_group, uint64_t now_ms);
void room_station_tick(struct room_station *s, uint64_t now_ms);

enum room_press room_station_press(struct room_station *s, uint64_t now_ms);
void room_station_release(struct room_station *s);
bool room_station_hang_up(struct room_station *s);
bool room_station_call(struct room_station *s, const char *target,
		       uint64_t now_ms);
void room_station_message(struct room_station *s, const char *topic,
			  const char *payload, size_t length, bool retained);
void room_station_online(struct room_station *s);

/* For the station's own parts */
void room_talk_tick(struct room_station *s, uint64_t now_ms);
void room_call_changed(struct room_station *s);
void room_talk_follow_call(struct room_station *s, uint64_t now_ms);
void room_tell_wish(struct room_station *s, const char *what);
void room_talk_cut(struct room_station *s);
void room_talk_warn(struct room_station *s);
void room_tone(struct room_station *s, unsigned frames, unsigned half_wave);
void room_show_state(struct room_station *s);
void room_tell_heard(struct room_station *s, const struct room_heard *heard);
struct room_peer *room_peer_of(struct room_station *s, const char *room);

#endif
