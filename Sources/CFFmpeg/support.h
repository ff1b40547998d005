// What encoding and decoding have in common.

#ifndef CFFMPEG_SUPPORT_H
#define CFFMPEG_SUPPORT_H

#include "CFFmpeg.h"

/// Keeps FFmpeg from writing to standard error: its lines may hold parts of files.
void cff_quieten(void);

/// The status of one of FFmpeg's errors, with its text.
cff_status cff_fail(int error, cff_message *message);

#endif
