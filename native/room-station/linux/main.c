/**
 * @file main.c  A room station on Linux
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "../src/sha256.h"
#include "../src/station.h"
#include "adapter.h"
#include "script.h"

static const char usage[] =
	"room-station: a station of the room intercom\n\n"
	"  --name ROOM        name of its room\n"
	"  --interface NAME   network interface (default: the system chooses)\n"
	"  --group ADDRESS    multicast group (default " ROOM_GROUP ")\n"
	"  --port N           UDP port of sound (default 5005)\n"
	"  --mqtt ADDRESS[:PORT]  IPv4 address of the broker\n"
	"  --user NAME        for the broker; ROOM_MQTT_PASSWORD is its password\n"
	"  --peer ROOM=ADDRESS  another station, where there is no MQTT\n"
	"  --in FILE          what is said: WAV, 16 kHz, mono, 16 bits; - for stdin\n"
	"  --out FILE         what is heard; - for stdout\n"
	"  --target ROOM      whom to talk to (default " ROOM_ALL ")\n"
	"  --priority N       0 normal, 1 high, 2 emergency\n"
	"  --talk-at MS       press the button after so long\n"
	"  --talk-for MS      and let it go after so long\n"
	"  --call-at MS       call the target after so long\n"
	"  --answer-after MS  answer what rings after so long\n"
	"  --hang-up-at MS    hang up, or decline what rings, after so long\n"
	"  --run-for MS       end after so long (default: never)\n"
	"  --volume N         0 to 100\n\n"
	"ROOM_KEY, as hexadecimal digits, signs what is said.\n"
	"What was counted is printed at the end, as one line of JSON.\n";

/** What the command line says */
struct options {
	const char *name, *interface, *group, *in, *out, *target, *user;
	char *mqtt, *peer;
	int port, priority, volume;
	long long talk_at, talk_for, call_at, answer_after, hang_up_at, run_for;
};

static volatile sig_atomic_t stopped;
static struct room_station station;
static struct mqtt_port mqtt = {.fd = -1};
static struct opus_port opus;
static struct udp_port udp = {.fd = -1};
static struct wav_port wav;
static struct room_ports ports;
static uint8_t key[64];

static void stop(int signal_number)
{
	(void)signal_number;
	stopped = 1;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

static int wrong(const char *what, const char *value)
{
	fprintf(stderr, "room-station: %s: %s\n", what, value);
	return 1;
}

static long long number(const char *text, long long least, long long most)
{
	char *end;
	long long value = strtoll(text, &end, 10);

	if (*end || end == text || value < least || value > most) {
		(void)wrong("not a number that makes sense here", text);
		exit(2);
	}

	return value;
}

static const struct option names[] = {
	{"name", 1, NULL, 'n'},	     {"interface", 1, NULL, 'i'},
	{"group", 1, NULL, 'g'},     {"port", 1, NULL, 'p'},
	{"mqtt", 1, NULL, 'm'},	     {"user", 1, NULL, 'u'},
	{"peer", 1, NULL, 'e'},	     {"in", 1, NULL, 'I'},
	{"out", 1, NULL, 'O'},	     {"target", 1, NULL, 't'},
	{"priority", 1, NULL, 'P'},  {"talk-at", 1, NULL, 'a'},
	{"talk-for", 1, NULL, 'f'},  {"call-at", 1, NULL, 'c'},
	{"answer-after", 1, NULL, 'A'}, {"hang-up-at", 1, NULL, 'H'},
	{"run-for", 1, NULL, 'r'},   {"volume", 1, NULL, 'v'},
	{"help", 0, NULL, 'h'},	     {NULL, 0, NULL, 0}};

static void option(struct options *o, int letter)
{
	switch (letter) {
	case 'n': o->name = optarg; break;
	case 'i': o->interface = optarg; break;
	case 'g': o->group = optarg; break;
	case 'p': o->port = (int)number(optarg, 1, 65535); break;
	case 'm': o->mqtt = optarg; break;
	case 'u': o->user = optarg; break;
	case 'e': o->peer = optarg; break;
	case 'I': o->in = optarg; break;
	case 'O': o->out = optarg; break;
	case 't': o->target = optarg; break;
	case 'P': o->priority = (int)number(optarg, 0, 2); break;
	case 'a': o->talk_at = number(optarg, 0, INT32_MAX); break;
	case 'f': o->talk_for = number(optarg, 0, INT32_MAX); break;
	case 'c': o->call_at = number(optarg, 0, INT32_MAX); break;
	case 'A': o->answer_after = number(optarg, 0, INT32_MAX); break;
	case 'H': o->hang_up_at = number(optarg, 0, INT32_MAX); break;
	case 'r': o->run_for = number(optarg, 1, INT32_MAX); break;
	case 'v': o->volume = (int)number(optarg, 0, 100); break;
	case 'h': (void)fputs(usage, stdout); exit(0);
	default: (void)fputs(usage, stderr); exit(2);
	}
}

/* The sender is made of the network card; without one, of the room's name */
static void identify(const struct options *o, uint8_t *sender, char *ip)
{
	struct ifreq request = {0};
	static const uint8_t none[6];
	uint8_t digest[SHA256_BYTES];
	struct sha256 sha;

	if (o->interface)
		(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s",
			       o->interface);
	if (o->interface && ioctl(udp.fd, SIOCGIFADDR, &request) == 0) {
		struct sockaddr_in *a = (struct sockaddr_in *)&request.ifr_addr;

		(void)inet_ntop(AF_INET, &a->sin_addr, ip, 16);
	}
	if (o->interface && ioctl(udp.fd, SIOCGIFHWADDR, &request) == 0 &&
	    memcmp(request.ifr_hwaddr.sa_data, none, 6)) {
		room_sender_of_card(
			sender, (const uint8_t *)request.ifr_hwaddr.sa_data);
		return;
	}
	sha256_init(&sha);
	sha256_add(&sha, (const uint8_t *)o->name, strlen(o->name));
	sha256_end(&sha, digest);
	memcpy(sender, digest, ROOM_PACKET_SENDER_BYTES);
}

static bool read_key(const char *hex)
{
	size_t length = hex ? strlen(hex) / 2 : 0;

	if (!hex)
		return true;
	if (length == 0 || length > sizeof(key) || strlen(hex) % 2)
		return false;

	for (size_t i = 0; i < length; i++) {
		char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'}, *end;

		key[i] = (uint8_t)strtoul(pair, &end, 16);
		if (*end)
			return false;
	}
	ports.key = (struct room_key){key, length, hmac_sha256};

	return true;
}

static void online(void *arg)
{
	(void)arg;
	room_station_online(&station);
}

static void message(void *arg, const char *topic, const char *payload,
		    size_t length, bool retained)
{
	(void)arg;
	room_station_message(&station, topic, payload, length, retained);
}

static bool use_mqtt(const struct options *o)
{
	char *colon = strchr(o->mqtt, ':');
	int port = colon ? (int)number(colon + 1, 1, 65535) : 1883;

	if (colon)
		*colon = '\0';
	mqtt.events = (struct mqtt_events){NULL, online, message};
	mqtt.broker.sin_family = AF_INET;
	mqtt.broker.sin_port = htons((uint16_t)port);
	mqtt.user = o->user;
	mqtt.password = getenv("ROOM_MQTT_PASSWORD");
	memcpy(mqtt.id, station.id, sizeof(mqtt.id));
	mqtt_open(&mqtt, &ports.mqtt);

	return inet_pton(AF_INET, o->mqtt, &mqtt.broker.sin_addr) == 1;
}

static bool use_peer(char *peer)
{
	char *ip = strchr(peer, '=');
	struct in_addr address;

	if (!ip || ip == peer || inet_pton(AF_INET, ip + 1, &address) != 1)
		return false;

	*ip++ = '\0';
	(void)snprintf(station.peers[0].id, ROOM_ID_SIZE, "peer");
	(void)snprintf(station.peers[0].room, ROOM_NAME_SIZE, "%s", peer);
	(void)snprintf(station.peers[0].ip, sizeof(station.peers[0].ip), "%s",
		       ip);
	station.peers[0].online = true;

	return true;
}

static int set_up(const struct options *o)
{
	uint8_t sender[ROOM_PACKET_SENDER_BYTES];
	char ip[16] = "";

	udp.port = o->port;
	udp.interface = o->interface ? (int)if_nametoindex(o->interface) : 0;
	if (o->interface && udp.interface == 0)
		return wrong("no such network interface", o->interface);
	if (!udp_open(&udp, o->group, &ports.network))
		return wrong("cannot use the multicast group", strerror(errno));
	if (!wav_open(&wav, o->in, o->out, &ports.sound))
		return wrong("cannot open, or no WAV of 16 kHz, mono, 16 bits",
			     o->in && !wav.in ? o->in : o->in ? o->in : o->out);
	if (!opus_open(&opus, &ports.codec))
		return wrong("cannot start", "libopus");
	if (!read_key(getenv("ROOM_KEY")))
		return wrong("ROOM_KEY", "not 2 to 128 hexadecimal digits");

	identify(o, sender, ip);
	room_station_init(&station, &ports, sender, o->name, ip);
	station.volume = (unsigned)o->volume;
	station.priority = (uint8_t)o->priority;
	(void)snprintf(station.target, sizeof(station.target), "%s", o->target);
	if (o->mqtt && !use_mqtt(o))
		return wrong("not an IPv4 address", o->mqtt);
	if (o->peer && !use_peer(o->peer))
		return wrong("not ROOM=ADDRESS", o->peer);

	return 0;
}

/*
 * What came. While ticks are late they follow each other at once and each
 * plays one frame: what waits in the socket comes as they need it, since all
 * of it together would run over the queue before the loudspeaker.
 */
static void hear(bool late)
{
	uint8_t bytes[ROOM_PACKET_PCM_BYTES + 1];
	ssize_t length;
	bool by_group;

	for (unsigned i = 0; i < 64; i++) {
		if (late && station.playout.count >= ROOM_PLAYOUT_PREFILL_FRAMES)
			return;
		length = udp_receive(&udp, bytes, sizeof(bytes), &by_group);
		if (length < 0)
			return;
		room_station_hear(&station, bytes, (size_t)length, by_group,
				  now_ms());
	}
}

/* Looks at both sockets once at least: a machine that let us wait may have
 * let others go on, and what they sent is older than what plays now */
static void wait_until(uint64_t due_ms)
{
	bool late;

	do {
		uint64_t now = now_ms();
		struct pollfd fds[2] = {{udp.fd, POLLIN, 0},
					{mqtt.fd, POLLIN, 0}};

		late = now >= due_ms;
		if (mqtt.fd >= 0 && mqtt.connecting)
			fds[1].fd = -1;
		(void)poll(fds, 2, late ? 0 : (int)(due_ms - now));
		if (fds[0].revents)
			hear(late);
		if (fds[1].revents)
			mqtt_read(&mqtt, now);
	} while (!stopped && !late && now_ms() < due_ms);
}

static void run(const struct options *o)
{
	uint64_t begun = now_ms(), due = begun;
	struct script script = {o->target, o->talk_at, o->talk_for, o->call_at,
				o->answer_after, o->hang_up_at, -1, -1,
				false, ROOM_NO_CALL};

	while (!stopped && (o->run_for == 0 ||
			    (long long)(due - begun) < o->run_for)) {
		uint64_t since = due - begun;

		wait_until(due);
		script_follow(&script, &station, (long long)since, due);
		room_station_tick(&station, due);
		udp_renew(&udp, due);
		if (o->mqtt)
			mqtt_tick(&mqtt, due);
		due += ROOM_CODEC_FRAME_MS;
	}
}

static void report(void)
{
	const struct room_counters *c = &station.counters;

	fprintf(stderr,
		"{\"id\":\"%s\",\"sent\":%u,\"decoded\":%u,\"repaired\":%u,"
		"\"concealed\":%u,\"silent\":%u,\"duplicate\":%u,\"lost\":%u,"
		"\"ignored\":%u,\"malformed\":%u,\"probes\":%u,\"pcm\":%u,"
		"\"replayed\":%u,\"overflow\":%u,\"underrun\":%u}\n",
		station.id, c->sent, c->decoded, c->repaired, c->concealed,
		c->silent, c->duplicate + station.sequencer.duplicate, c->lost,
		c->ignored, c->malformed, c->probes, c->pcm, c->replayed,
		station.playout.overflow, station.playout.underrun);
}

int main(int argc, char **argv)
{
	struct options o = {.name = "Station",
			    .group = ROOM_GROUP,
			    .target = ROOM_ALL,
			    .port = ROOM_PORT,
			    .volume = 80,
			    .talk_at = -1,
			    .call_at = -1,
			    .answer_after = -1,
			    .hang_up_at = -1};
	int letter, result;

	while ((letter = getopt_long(argc, argv, "h", names, NULL)) >= 0)
		option(&o, letter);
	if (optind < argc) {
		(void)wrong("not an option", argv[optind]);
		return 2;
	}

	(void)signal(SIGINT, stop);
	(void)signal(SIGTERM, stop);
	result = set_up(&o);
	if (result == 0) {
		run(&o);
		report();
	}
	mqtt_close(&mqtt);
	wav_close(&wav);
	opus_close(&opus);
	if (udp.fd >= 0)
		(void)close(udp.fd);

	return result;
}
