/**
 * @file network.c  Wi-Fi, and sound over UDP
 *
 * NEVER RUN ON A CHIP HERE.
 */
#include <string.h>
#include "adapter.h"
#include "esp_event.h"
#include "esp_mac.h"
#include "esp_netif.h"
#include "esp_wifi.h"
#include "freertos/FreeRTOS.h"
#include "freertos/event_groups.h"
#include "lwip/sockets.h"
#include "sdkconfig.h"

#define GOT_ADDRESS BIT0

static EventGroupHandle_t events;
static esp_ip4_addr_t address;
static int fd = -1;

/* Started or thrown out: connect; with an address: go on */
static void on_event(void *arg, esp_event_base_t base, int32_t id, void *data)
{
	(void)arg;
	if (base == WIFI_EVENT &&
	    (id == WIFI_EVENT_STA_START || id == WIFI_EVENT_STA_DISCONNECTED)) {
		esp_wifi_connect();
	} else if (base == IP_EVENT && id == IP_EVENT_STA_GOT_IP) {
		address = ((ip_event_got_ip_t *)data)->ip_info.ip;
		xEventGroupSetBits(events, GOT_ADDRESS);
	}
}

static void join_wifi(void)
{
	wifi_init_config_t init = WIFI_INIT_CONFIG_DEFAULT();
	wifi_config_t wifi = {0};

	strlcpy((char *)wifi.sta.ssid, CONFIG_ROOM_WIFI_SSID,
		sizeof(wifi.sta.ssid));
	strlcpy((char *)wifi.sta.password, CONFIG_ROOM_WIFI_PASSWORD,
		sizeof(wifi.sta.password));
	events = xEventGroupCreate();
	ESP_ERROR_CHECK(esp_netif_init());
	ESP_ERROR_CHECK(esp_event_loop_create_default());
	esp_netif_create_default_wifi_sta();
	ESP_ERROR_CHECK(esp_wifi_init(&init));
	ESP_ERROR_CHECK(esp_event_handler_register(WIFI_EVENT, ESP_EVENT_ANY_ID,
						   on_event, NULL));
	ESP_ERROR_CHECK(esp_event_handler_register(IP_EVENT, IP_EVENT_STA_GOT_IP,
						   on_event, NULL));
	ESP_ERROR_CHECK(esp_wifi_set_mode(WIFI_MODE_STA));
	ESP_ERROR_CHECK(esp_wifi_set_config(WIFI_IF_STA, &wifi));
	ESP_ERROR_CHECK(esp_wifi_start());
	/* Multicast waits for the beacon while the radio sleeps */
	ESP_ERROR_CHECK(esp_wifi_set_ps(WIFI_PS_NONE));
	xEventGroupWaitBits(events, GOT_ADDRESS, pdFALSE, pdTRUE, portMAX_DELAY);
}

static bool member(int what, const char *group)
{
	struct ip_mreq request = {.imr_multiaddr.s_addr = inet_addr(group),
				  .imr_interface.s_addr = address.addr};

	return setsockopt(fd, IPPROTO_IP, what, &request, sizeof(request)) == 0;
}

static bool send_to(void *arg, const char *to, const uint8_t *bytes,
		    size_t length)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons(ROOM_PORT),
				.sin_addr.s_addr =
					inet_addr(to ? to : ROOM_GROUP)};

	(void)arg;
	return sendto(fd, bytes, length, MSG_DONTWAIT, (struct sockaddr *)&a,
		      sizeof(a)) == (ssize_t)length;
}

/** Join the Wi-Fi network and open the socket; false on failure */
bool network_open(struct room_network *network, uint8_t *mac, char *ip)
{
	struct sockaddr_in here = {.sin_family = AF_INET,
				   .sin_port = htons(ROOM_PORT)};
	uint8_t hops = ROOM_TIME_TO_LIVE, loop = 0;
	struct in_addr out;

	join_wifi();
	esp_read_mac(mac, ESP_MAC_WIFI_STA);
	esp_ip4addr_ntoa(&address, ip, 16);
	out.s_addr = address.addr;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof(here)) != 0)
		return false;

	setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof(hops));
	setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &loop, sizeof(loop));
	setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof(out));
	*network = (struct room_network){NULL, send_to};

	return member(IP_ADD_MEMBERSHIP, ROOM_GROUP) &&
	       member(IP_ADD_MEMBERSHIP, ROOM_OTHER_GROUP);
}

/** One datagram, or less than 0 where none is there */
int network_receive(uint8_t *bytes, size_t size)
{
	return recv(fd, bytes, size, MSG_DONTWAIT);
}

/** Leave and join again */
void network_renew(void)
{
	member(IP_DROP_MEMBERSHIP, ROOM_GROUP);
	member(IP_ADD_MEMBERSHIP, ROOM_GROUP);
	member(IP_DROP_MEMBERSHIP, ROOM_OTHER_GROUP);
	member(IP_ADD_MEMBERSHIP, ROOM_OTHER_GROUP);
}
