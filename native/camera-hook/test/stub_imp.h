/**
 * @file stub_imp.h  What the stub tells of itself: for the tests only
 */
#ifndef TEST_STUB_IMP_H
#define TEST_STUB_IMP_H

#include <stdbool.h>
#include <stdint.h>

struct imp_audio_frame;
struct imp_audio_attr;

int IMP_Encoder_GetStream(int channel, void *stream, bool block);
int IMP_Encoder_RequestIDR(int channel);
int IMP_AI_GetFrame(int dev, int chn, struct imp_audio_frame *sound, int block);
int IMP_AI_GetPubAttr(int dev, struct imp_audio_attr *attr);
int IMP_AO_GetPubAttr(int dev, struct imp_audio_attr *attr);
int IMP_AO_SendFrame(int dev, int chn, struct imp_audio_frame *sound,
		     int block);
uint64_t stub_real_ns(void);
void stub_idr(int *count, uint64_t *gap_ms);
uint32_t stub_speaker(uint32_t *hash);

#endif
