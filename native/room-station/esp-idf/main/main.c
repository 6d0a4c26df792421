/**
 * @file main.c  The station on an ESP32-S3
 *
 * NEVER RUN ON A CHIP HERE. One task does all of the station; MQTT's task
 * hands its messages over in a queue of fixed size.
 */
#include <stdio.h>
#include <string.h>
#include "adapter.h"
#include "driver/gpio.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/queue.h"
#include "freertos/task.h"
#include "mbedtls/md.h"
#include "mqtt_client.h"
#include "nvs_flash.h"
#include "sdkconfig.h"
#include "station.h"

/** What MQTT's task hands over; without a topic: connected */
struct handed {
	char topic[ROOM_TOPIC_SIZE * 2];
	char payload[ROOM_PAYLOAD_SIZE];
	size_t length;
	bool retained;
};

static struct room_station station;
static struct room_ports ports;
static esp_mqtt_client_handle_t client;
static QueueHandle_t queue;
static struct handed given, taken;

static uint64_t now_ms(void)
{
	return (uint64_t)esp_timer_get_time() / 1000u;
}

static void hmac(uint8_t *digest, const uint8_t *key, size_t key_length,
		 const uint8_t *bytes, size_t length)
{
	mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), key,
			key_length, bytes, length, digest);
}

static void publish(void *arg, const char *topic, const char *payload,
		    bool retained)
{
	(void)arg;
	esp_mqtt_client_enqueue(client, topic, payload, 0, retained, retained,
				true);
}

static void subscribe(void)
{
	for (unsigned i = 0; i < 4; i++) {
		const char *own = strchr(room_filters[i], '%');
		char filter[ROOM_TOPIC_SIZE];

		if (own)
			snprintf(filter, sizeof(filter), "intercom/%s%s",
				 station.id, own + 1);
		else
			snprintf(filter, sizeof(filter), "%s", room_filters[i]);
		esp_mqtt_client_subscribe_single(client, filter, 0);
	}
}

/* A message that came in parts is longer than any that we know */
static void on_mqtt(void *arg, esp_event_base_t base, int32_t id, void *data)
{
	const esp_mqtt_event_t *event = data;

	(void)arg;
	(void)base;
	memset(&given, 0, sizeof(given));
	if (id == MQTT_EVENT_CONNECTED) {
		subscribe();
		xQueueSend(queue, &given, 0);
	} else if (id == MQTT_EVENT_DATA && event->topic_len > 0 &&
		   event->topic_len < (int)sizeof(given.topic) &&
		   event->data_len < (int)sizeof(given.payload) &&
		   event->data_len == event->total_data_len) {
		memcpy(given.topic, event->topic, event->topic_len);
		memcpy(given.payload, event->data, event->data_len);
		given.length = event->data_len;
		given.retained = event->retain;
		xQueueSend(queue, &given, 0);
	}
}

static void start_mqtt(void)
{
	static char will[ROOM_TOPIC_SIZE];
	esp_mqtt_client_config_t config = {
		.broker.address.uri = CONFIG_ROOM_BROKER,
		.credentials.client_id = station.id,
		.session.keepalive = 15,
		.session.last_will = {.topic = will,
				      .msg = "offline",
				      .qos = 1,
				      .retain = true},
	};

	snprintf(will, sizeof(will), "intercom/%s/status", station.id);
	queue = xQueueCreate(8, sizeof(struct handed));
	ports.mqtt = (struct room_mqtt){NULL, publish};
	client = esp_mqtt_client_init(&config);
	esp_mqtt_client_register_event(client, ESP_EVENT_ANY_ID, on_mqtt, NULL);
	esp_mqtt_client_start(client);
}

static void take_messages(void)
{
	while (xQueueReceive(queue, &taken, 0) == pdTRUE) {
		if (*taken.topic)
			room_station_message(&station, taken.topic, taken.payload,
					     taken.length, taken.retained);
		else
			room_station_online(&station);
	}
}

static void take_sound(void)
{
	uint8_t bytes[ROOM_PACKET_PCM_BYTES + 1];
	int length;

	for (int i = 0; i < 64; i++) {
		length = network_receive(bytes, sizeof(bytes));
		if (length < 0)
			return;
		/* lwIP does not tell here how it came */
		room_station_hear(&station, bytes, (size_t)length, false,
				  now_ms());
	}
}

static void run(void *arg)
{
	TickType_t woken = xTaskGetTickCount();
	bool pressed = false;
	unsigned ticks = 0;

	(void)arg;
	for (;;) {
		bool down = gpio_get_level(CONFIG_ROOM_BUTTON_GPIO) == 0;

		take_messages();
		take_sound();
		if (down && !pressed)
			room_station_press(&station, now_ms());
		if (!down && pressed)
			room_station_release(&station);
		pressed = down;
		room_station_tick(&station, now_ms());
		if (++ticks % (ROOM_RENEW_SECONDS * 50) == 0)
			network_renew();
		vTaskDelayUntil(&woken, pdMS_TO_TICKS(ROOM_CODEC_FRAME_MS));
	}
}

void app_main(void)
{
	uint8_t mac[6], sender[ROOM_PACKET_SENDER_BYTES];
	char ip[16];

	ESP_ERROR_CHECK(nvs_flash_init());
	gpio_set_direction(CONFIG_ROOM_BUTTON_GPIO, GPIO_MODE_INPUT);
	gpio_set_pull_mode(CONFIG_ROOM_BUTTON_GPIO, GPIO_PULLUP_ONLY);
	ports.key.hmac = hmac;
	sound_open(&ports.sound);
	if (!codec_open(&ports.codec) ||
	    !network_open(&ports.network, mac, ip))
		abort();
	room_sender_of_card(sender, mac);
	room_station_init(&station, &ports, sender, CONFIG_ROOM_NAME, ip);
	start_mqtt();
	/* Opus takes about 20 KB of stack */
	xTaskCreatePinnedToCore(run, "station", 40960, NULL, 10, NULL, 1);
}
