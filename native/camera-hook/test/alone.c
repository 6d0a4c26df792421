/**
 * @file alone.c  A program with the hook and without the vendor's library
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

int IMP_Encoder_GetStream(int channel, void *stream, bool block)
	__attribute__((weak));
int IMP_AI_GetFrame(int dev, int chn, void *frame, int block)
	__attribute__((weak));
int IMP_AO_SendFrame(int dev, int chn, void *frame, int block)
	__attribute__((weak));

static int refused(int result)
{
	return result == -1 && errno == ENOSYS;
}

int main(void)
{
	return !(IMP_Encoder_GetStream && IMP_AI_GetFrame &&
		 IMP_AO_SendFrame &&
		 refused(IMP_Encoder_GetStream(0, NULL, true)) &&
		 refused(IMP_AI_GetFrame(0, 0, NULL, 0)) &&
		 refused(IMP_AO_SendFrame(0, 0, NULL, 0)));
}
