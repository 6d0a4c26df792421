/* Made by "npm run docs" from src/protocols/room/constants.ts; do not edit. */
#ifndef ROOM_PROTOCOL_H
#define ROOM_PROTOCOL_H

/** Raised whenever firmware of before could misunderstand */
#define ROOM_PROTOCOL_VERSION           1

/* How stations find and hear each other */

/** multicast group of a talk to all rooms, as specified */
#define ROOM_GROUP                      "224.0.0.100"
/** the group that newer firmware uses instead */
#define ROOM_OTHER_GROUP                "239.255.0.100"
/** UDP port of sound, for the group and for one station alike */
#define ROOM_PORT                       5005
/** a talk never leaves its network */
#define ROOM_TIME_TO_LIVE               1
/** membership of the group is renewed by leaving and joining again */
#define ROOM_RENEW_SECONDS              60

/* One packet */

/** who sends: [0-7] */
#define ROOM_PACKET_SENDER_BYTES        8
/** [8-11], 32 bits, big-endian; goes on from talk to talk */
#define ROOM_PACKET_SEQUENCE_AT         8
/** [12]: 0 normal, 1 high, 2 emergency; anything else counts as 0 */
#define ROOM_PACKET_PRIORITY_AT         12
/** what comes before the Opus packet */
#define ROOM_PACKET_HEADER_BYTES        13
/** the longest packet that a station takes */
#define ROOM_PACKET_MAX_BYTES           256
/** a station's question at its start whether the group works; no sound */
#define ROOM_PACKET_PROBE_BYTES         1
/** a packet of the successor: the same header and 20 ms of plain samples */
#define ROOM_PACKET_PCM_BYTES           653
/** an Opus packet shorter than this is silence: it takes no floor and starts no playout */
#define ROOM_PACKET_SILENCE_BYTES       10

/* What is in it */

/** mono */
#define ROOM_CODEC_SAMPLE_RATE_HZ       16000
/** of sound in one packet */
#define ROOM_CODEC_FRAME_MS             20
/** the same in samples */
#define ROOM_CODEC_FRAME_SAMPLES        320
/** variable */
#define ROOM_CODEC_BITRATE_BPS          32000
/** of the encoder */
#define ROOM_CODEC_COMPLEXITY           5
/** for which packets carry a coarse copy of their predecessor (in-band FEC) */
#define ROOM_CODEC_EXPECTED_LOSS_PERCENT 10

/* Who may speak when */

/** without a packet, after which the floor is free */
#define ROOM_FLOOR_RELEASE_MS           500
/** after which a talk ends */
#define ROOM_FLOOR_LONGEST_TALK_MS      120000
/** before that end, a tone tells the talker */
#define ROOM_FLOOR_WARNING_MS           10000
/** of silence before the words, so that every station has woken up */
#define ROOM_FLOOR_LEAD_IN_FRAMES       15
/** of silence behind them, with the talk's own priority */
#define ROOM_FLOOR_TRAIL_OUT_FRAMES     10
/** for which the talk button does nothing after a call was sent */
#define ROOM_FLOOR_AFTER_CALL_MS        2000

/* A station's buffers */

/** that may wait to be played */
#define ROOM_PLAYOUT_QUEUE_FRAMES       15
/** that are there before the first one sounds */
#define ROOM_PLAYOUT_PREFILL_FRAMES     2
/** for which writing to the loudspeaker may take */
#define ROOM_PLAYOUT_WRITE_TIMEOUT_MS   20
/** missing packet is made from the copy in the next one */
#define ROOM_PLAYOUT_MAX_FEC_GAP        1
/** missing packets at most are invented; more are silence */
#define ROOM_PLAYOUT_MAX_CONCEALED_GAP  4

/* Authentic packets */

/** of HMAC-SHA-256 over header and Opus packet */
#define ROOM_AUTH_TAG_BYTES             10
/** of the group's tag: the id of its key, then as many bytes of HMAC as the other */
#define ROOM_AUTH_GROUP_BYTES           11
/** by which packets may come late without counting as replayed */
#define ROOM_AUTH_WINDOW_PACKETS        64

#endif
