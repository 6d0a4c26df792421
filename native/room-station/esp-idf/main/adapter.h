#ifndef ROOM_ESP_ADAPTER_H
#define ROOM_ESP_ADAPTER_H

#include "ports.h"

void sound_open(struct room_sound *sound);
bool codec_open(struct room_codec *codec);
bool network_open(struct room_network *network, uint8_t *mac, char *ip);
int network_receive(uint8_t *bytes, size_t size);
void network_renew(void);

#endif
