/**
 * @file settings.c  The environment, checked
 *
 * A number or name that is wrong is replaced by the default. A token or list
 * of addresses that is wrong is not: then no port is opened.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "settings.h"

#define PREFIX "STREAM_HACK_"
#define LOG_DEFAULT "/mnt/extsd/stream_hack.log"

/** Numbers, by their place in struct settings */
static const struct number {
	const char *name;
	size_t at;
	int min, max, fallback;
} numbers[] = {
	{PREFIX "PORT", offsetof(struct settings, port), 1, 65535, 12345},
	{PREFIX "SOUND_PORT", offsetof(struct settings, sound_port),
	 0, 65535, 0},
	{PREFIX "HEALTH_PORT", offsetof(struct settings, health_port),
	 0, 65535, 0},
	{PREFIX "CHANNEL", offsetof(struct settings, channel), -1, 255, 0},
	{PREFIX "MAX_DROP_STREAK", offsetof(struct settings, drop_streak),
	 1, 5000, 90},
	{PREFIX "MAX_STALL_MS", offsetof(struct settings, stall_ms),
	 1000, 60000, 10000},
	{PREFIX "CLIENTS", offsetof(struct settings, clients),
	 1, SETTINGS_CLIENTS_MAX, 1},
	{PREFIX "TALK", offsetof(struct settings, talk), 0, 1, 0},
	{PREFIX "SOUND_RATE", offsetof(struct settings, sound_rate),
	 0, 96000, 0},
	{PREFIX "AUD", offsetof(struct settings, aud), 0, 1, 1},
};

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

/** Settings that are not numbers, by their bit in replaced */
enum {
	BIT_SOC = NUMBERS, BIT_LOG, BIT_TOKEN, BIT_ALLOW, BITS,
};

static const char *const others[] = {
	PREFIX "SOC", PREFIX "LOG", PREFIX "TOKEN", PREFIX "ALLOW",
};

static const struct soc {
	const char *name;
	enum layout layout;
} socs[] = {
	{"T31", LAYOUT_T31}, {"T40", LAYOUT_T31}, {"T41", LAYOUT_T31},
	{"C100", LAYOUT_T31}, {"T20", LAYOUT_T20}, {"T21", LAYOUT_T20},
	{"T23", LAYOUT_T20}, {"T30", LAYOUT_T20},
};

/** The value of a variable, NULL if it is unset or empty */
static const char *value_of(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static bool parse_int(const char *text, int *value)
{
	bool negative = *text == '-';
	int sum = 0, digits = 0;

	for (text += negative; *text >= '0' && *text <= '9'; text++) {
		sum = sum * 10 + (*text - '0');
		if (++digits > 6)
			return false;
	}

	*value = negative ? -sum : sum;

	return digits && !*text;
}

static void read_numbers(struct settings *settings)
{
	for (unsigned i = 0; i < NUMBERS; i++) {
		const struct number *number = &numbers[i];
		const char *text = value_of(number->name);
		int value = number->fallback;

		if (text && (!parse_int(text, &value) || value < number->min ||
			     value > number->max)) {
			value = number->fallback;
			settings->replaced |= 1u << i;
		}

		memcpy((char *)settings + number->at, &value, sizeof(value));
	}
}

static void read_soc(struct settings *settings)
{
	const char *text = value_of(PREFIX "SOC");

	settings->soc = socs[0].name;
	settings->layout = socs[0].layout;

	if (!text)
		return;

	for (size_t i = 0; i < sizeof(socs) / sizeof(socs[0]); i++) {
		if (!strcmp(text, socs[i].name)) {
			settings->soc = socs[i].name;
			settings->layout = socs[i].layout;
			return;
		}
	}

	settings->replaced |= 1u << BIT_SOC;
}

static bool copy_path(char *to, const char *from)
{
	size_t length = strlen(from);

	if (length >= SETTINGS_PATH_MAX)
		return false;

	memcpy(to, from, length + 1);

	return true;
}

static void read_log(struct settings *settings)
{
	const char *log = value_of(PREFIX "LOG");

	if (log && !strcmp(log, "1"))
		log = LOG_DEFAULT;

	if (log && strcmp(log, "0") && !copy_path(settings->log, log))
		settings->replaced |= 1u << BIT_LOG;
}

static void read_token(struct settings *settings)
{
	const char *text = value_of(PREFIX "TOKEN");
	size_t length = text ? strlen(text) : 0;
	bool good = length <= SETTINGS_TOKEN_MAX;

	for (size_t i = 0; good && i < length; i++)
		good = text[i] > ' ' && text[i] <= '~';

	if (!good) {
		settings->replaced |= 1u << BIT_TOKEN;
		settings->shut = true;
		return;
	}

	if (length)
		memcpy(settings->token, text, length);
}

/** A number up to max at *text, which then points behind it */
static bool parse_part(const char **text, uint32_t max, uint32_t *value)
{
	const char *p = *text;
	uint32_t sum = 0;

	for (; *p >= '0' && *p <= '9' && p - *text < 3; p++)
		sum = sum * 10 + (uint32_t)(*p - '0');

	if (p == *text || sum > max)
		return false;

	*text = p;
	*value = sum;

	return true;
}

/** a.b.c.d or a.b.c.d/bits at *text, which then points behind it */
static bool parse_network(const char **text, struct network *network)
{
	uint32_t part, bits = 32;

	network->address = 0;

	for (int i = 0; i < 4; i++) {
		if (i && *(*text)++ != '.')
			return false;
		if (!parse_part(text, 255, &part))
			return false;
		network->address = network->address << 8 | part;
	}

	if (**text == '/') {
		++*text;
		if (!parse_part(text, 32, &bits))
			return false;
	}

	network->mask = bits ? UINT32_MAX << (32 - bits) : 0;
	network->address &= network->mask;

	return true;
}

static void read_allow(struct settings *settings)
{
	const char *text = value_of(PREFIX "ALLOW");
	bool good = true;

	settings->allow_all = !text;

	while (good && text && *text) {
		if (*text == ',' || *text == ' ') {
			text++;
			continue;
		}

		good = settings->allow_count < SETTINGS_ALLOW_MAX &&
		       parse_network(&text,
				     &settings->allow[settings->allow_count]) &&
		       (!*text || *text == ',' || *text == ' ');
		settings->allow_count++;
	}

	if (!good || (!settings->allow_all && !settings->allow_count)) {
		settings->replaced |= 1u << BIT_ALLOW;
		settings->shut = true;
	}
}

/** Ports must differ; the video port keeps its number */
static void check_ports(struct settings *settings)
{
	if (settings->sound_port == settings->port) {
		settings->sound_port = 0;
		settings->replaced |= 1u << 1;
	}

	if (settings->health_port &&
	    (settings->health_port == settings->port ||
	     settings->health_port == settings->sound_port)) {
		settings->health_port = 0;
		settings->replaced |= 1u << 2;
	}
}

/**
 * Read all settings from the environment
 *
 * @param settings Gets them
 */
void settings_read(struct settings *settings)
{
	memset(settings, 0, sizeof(*settings));
	read_numbers(settings);
	read_soc(settings);
	read_log(settings);
	read_token(settings);
	read_allow(settings);
	check_ports(settings);
}

/**
 * Name of the variable behind a bit of replaced
 *
 * @param bit Number of the bit
 *
 * @return Name, NULL beyond the last one
 */
const char *settings_name(unsigned bit)
{
	if (bit < NUMBERS)
		return numbers[bit].name;

	return bit < BITS ? others[bit - NUMBERS] : NULL;
}

/**
 * May this address connect?
 *
 * @param settings Settings
 * @param address  IPv4 address in host order
 *
 * @return True if it is on the list, or if there is none
 */
bool settings_allows(const struct settings *settings, uint32_t address)
{
	for (int i = 0; i < settings->allow_count; i++)
		if ((address & settings->allow[i].mask) ==
		    settings->allow[i].address)
			return true;

	return settings->allow_all;
}
