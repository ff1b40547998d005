#include "CFFmpeg.h"

#ifdef FFMPEG

#include "support.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>

void cff_quieten(void) { av_log_set_level(AV_LOG_QUIET); }

cff_status cff_fail(int error, cff_message *message) {
    if (error == AVERROR(ENOMEM)) return CFF_NO_MEMORY;
    av_strerror(error, message->text, sizeof message->text);
    return CFF_FAILED;
}

const char *cff_version(void) { return av_version_info(); }

#endif
