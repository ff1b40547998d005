#include "CFFmpeg.h"

#ifdef FFMPEG

#include "support.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswresample/swresample.h>
#include <string.h>

// Containers and codecs of sound. None of them is a list of other files (hls, concat, dash), and none reads a protocol.
static const char *const demuxers = "wav,w64,mp3,aac,flac,ogg,mov,matroska,webm,caf,aiff";
static const char *const decoders =
    "mp3,mp3float,aac,aac_fixed,flac,alac,vorbis,libvorbis,opus,libopus,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,"
    "pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_u8,pcm_s8,pcm_alaw,pcm_mulaw,adpcm_ms,adpcm_ima_wav,gsm_ms";

// Rates that sound has. The resampler's filter grows with the rate, and what it makes of a frame with 1 / the rate.
enum { LOWEST_RATE = 1000, HIGHEST_RATE = 768000 };

enum { PART = 1 << 16, MAXIMUM_STREAMS = 16, PROBE_BYTES = 1 << 20, PROBE_PACKETS = 256, BUFFER = 32 << 10 };

// A file in memory.
typedef struct {
    const uint8_t *bytes;
    int64_t count, position;
} memory_file;

static int read_memory(void *opaque, uint8_t *target, int count) {
    memory_file *file = opaque;
    int64_t rest = file->count - file->position;
    if (rest <= 0) return AVERROR_EOF;
    int part = (int)FFMIN(rest, count);
    memcpy(target, file->bytes + file->position, (size_t)part);
    file->position += part;
    return part;
}

static int64_t seek_memory(void *opaque, int64_t offset, int whence) {
    memory_file *file = opaque;
    whence &= ~AVSEEK_FORCE;
    if (whence == AVSEEK_SIZE) return file->count;
    int64_t base = whence == SEEK_CUR ? file->position : whence == SEEK_END ? file->count : 0;
    if (offset < -base || offset > file->count - base) return AVERROR(EINVAL);
    return file->position = base + offset;
}

// A file that names another gets nothing.
static int refuse_to_open(
    AVFormatContext *file, AVIOContext **io, const char *url, int flags, AVDictionary **options) {
    (void)file, (void)url, (void)flags, (void)options;
    *io = NULL;
    return AVERROR(EPERM);
}

typedef struct {
    AVFormatContext *file;
    AVCodecContext *codec;
    SwrContext *resampler;
    AVPacket *packet;
    AVFrame *frame;
    int output_rate, stream;
    // Of the sound that the resampler is set up for.
    int rate, samples;
    AVChannelLayout layout;
    bool is_heard;
    size_t faults;
    cff_sink sink;
    void *context;
} decoding;

static cff_status open_input(decoding *decoding, AVIOContext *io, cff_message *message) {
    decoding->file = avformat_alloc_context();
    if (!decoding->file) return CFF_NO_MEMORY;
    decoding->file->pb = io;
    decoding->file->flags |= AVFMT_FLAG_CUSTOM_IO;
    decoding->file->io_open = refuse_to_open;
    decoding->file->max_streams = MAXIMUM_STREAMS;
    decoding->file->probesize = PROBE_BYTES;
    decoding->file->format_probesize = PROBE_BYTES;
    decoding->file->max_probe_packets = PROBE_PACKETS;
    decoding->file->format_whitelist = av_strdup(demuxers);
    decoding->file->codec_whitelist = av_strdup(decoders);
    decoding->file->protocol_whitelist = av_strdup("");
    if (!decoding->file->format_whitelist || !decoding->file->codec_whitelist || !decoding->file->protocol_whitelist)
        return CFF_NO_MEMORY;
    // Frees the context where it fails. It also says that there is no memory where a size in the file is absurd, so that is no
    // other fault than the rest.
    if (avformat_open_input(&decoding->file, NULL, NULL, NULL) < 0) return CFF_UNKNOWN_FORMAT;
    (void)message;
    return avformat_find_stream_info(decoding->file, NULL) < 0 ? CFF_NO_SOUND : CFF_OK;
}

static cff_status open_codec(decoding *decoding) {
    const AVCodec *codec = NULL;
    decoding->stream = av_find_best_stream(decoding->file, AVMEDIA_TYPE_AUDIO, -1, -1, &codec, 0);
    if (decoding->stream < 0 || !codec) return CFF_NO_SOUND;
    // Pictures and further sounds are not even taken apart.
    for (unsigned index = 0; index < decoding->file->nb_streams; index++)
        if ((int)index != decoding->stream) decoding->file->streams[index]->discard = AVDISCARD_ALL;
    decoding->codec = avcodec_alloc_context3(codec);
    if (!decoding->codec) return CFF_NO_MEMORY;
    AVStream *stream = decoding->file->streams[decoding->stream];
    if (avcodec_parameters_to_context(decoding->codec, stream->codecpar) < 0) return CFF_NO_SOUND;
    decoding->codec->codec_whitelist = av_strdup(decoders);
    decoding->codec->pkt_timebase = stream->time_base;
    decoding->codec->thread_count = 1;
    return avcodec_open2(decoding->codec, codec, NULL) < 0 ? CFF_NO_SOUND : CFF_OK;
}

static bool matches(const decoding *decoding, const AVFrame *frame) {
    return decoding->resampler && decoding->rate == frame->sample_rate && decoding->samples == frame->format
        && av_channel_layout_compare(&decoding->layout, &frame->ch_layout) == 0;
}

// Resamples a frame, or with NULL what is held back, and hands it over.
static cff_status deliver(decoding *decoding, const AVFrame *frame) {
    if (!decoding->resampler) return CFF_OK;
    int room = swr_get_out_samples(decoding->resampler, frame ? frame->nb_samples : 0);
    if (room <= 0) return CFF_OK;
    // Part by part: a frame of a few bytes may become minutes of sound.
    if (room > PART) room = PART;
    float *output = av_malloc_array((size_t)room, sizeof *output);
    if (!output) return CFF_NO_MEMORY;
    uint8_t *target = (uint8_t *)output;
    const uint8_t **input = frame ? (const uint8_t **)frame->extended_data : NULL;
    int count = frame ? frame->nb_samples : 0;
    cff_status status = CFF_OK;
    while (status == CFF_OK) {
        int made = swr_convert(decoding->resampler, &target, room, input, count);
        if (made < 0) decoding->faults++;
        if (made <= 0) break;
        decoding->is_heard = true;
        if (!decoding->sink(decoding->context, output, (size_t)made)) status = CFF_STOPPED;
        // Behind a part that is not full, the rest waits for what comes next.
        if (made < room) break;
        // The frame has been taken in; asked with nothing more, the resampler goes on with it.
        count = 0;
    }
    av_free(output);
    return status;
}

// Sets the resampler up for a frame; a file may change its rate and channels on the way.
static cff_status prepare(decoding *decoding, AVFrame *frame) {
    if (frame->ch_layout.nb_channels < 1) return CFF_DAMAGED;
    if (frame->sample_rate < LOWEST_RATE || frame->sample_rate > HIGHEST_RATE) return CFF_DAMAGED;
    if (matches(decoding, frame)) return CFF_OK;
    cff_status status = deliver(decoding, NULL);
    if (status != CFF_OK) return status;
    swr_free(&decoding->resampler);
    av_channel_layout_uninit(&decoding->layout);
    AVChannelLayout mono, source = {0};
    av_channel_layout_default(&mono, 1);
    // Channels in no known order are mixed as if they were in the usual one.
    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
        av_channel_layout_default(&source, frame->ch_layout.nb_channels);
    } else if (av_channel_layout_copy(&source, &frame->ch_layout) < 0) {
        return CFF_NO_MEMORY;
    }
    int error = swr_alloc_set_opts2(
        &decoding->resampler, &mono, AV_SAMPLE_FMT_FLT, decoding->output_rate, &source, frame->format,
        frame->sample_rate, 0, NULL);
    av_channel_layout_uninit(&source);
    if (error < 0 || swr_init(decoding->resampler) < 0) {
        swr_free(&decoding->resampler);
        return CFF_DAMAGED;
    }
    decoding->rate = frame->sample_rate;
    decoding->samples = frame->format;
    return av_channel_layout_copy(&decoding->layout, &frame->ch_layout) < 0 ? CFF_NO_MEMORY : CFF_OK;
}

// Hands over what the codec has ready.
static cff_status drain(decoding *decoding) {
    while (true) {
        int error = avcodec_receive_frame(decoding->codec, decoding->frame);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) return CFF_OK;
        if (error < 0) {
            decoding->faults++;
            return CFF_OK;
        }
        cff_status status = prepare(decoding, decoding->frame);
        if (status == CFF_OK) {
            status = deliver(decoding, decoding->frame);
        } else if (status == CFF_DAMAGED) {
            decoding->faults++;
            status = CFF_OK;
        }
        av_frame_unref(decoding->frame);
        if (status != CFF_OK) return status;
    }
}

static cff_status decode_all(decoding *decoding) {
    decoding->packet = av_packet_alloc();
    decoding->frame = av_frame_alloc();
    if (!decoding->packet || !decoding->frame) return CFF_NO_MEMORY;
    cff_status status;
    while (true) {
        int error = av_read_frame(decoding->file, decoding->packet);
        if (error < 0) {
            // Also where the file ends early.
            if (error != AVERROR_EOF) decoding->faults++;
            break;
        }
        if (decoding->packet->stream_index == decoding->stream
            && avcodec_send_packet(decoding->codec, decoding->packet) < 0)
            decoding->faults++;
        av_packet_unref(decoding->packet);
        if ((status = drain(decoding)) != CFF_OK) return status;
    }
    (void)avcodec_send_packet(decoding->codec, NULL);
    if ((status = drain(decoding)) != CFF_OK) return status;
    if ((status = deliver(decoding, NULL)) != CFF_OK) return status;
    return decoding->is_heard ? CFF_OK : CFF_DAMAGED;
}

cff_status cff_decode(
    const uint8_t *bytes, size_t count, int output_rate, cff_sink sink, void *context, size_t *faults,
    cff_message *message) {
    cff_quieten();
    *faults = 0;
    memory_file file = {.bytes = bytes, .count = (int64_t)count};
    decoding decoding = {.output_rate = output_rate, .sink = sink, .context = context};
    uint8_t *buffer = av_malloc(BUFFER);
    AVIOContext *io = buffer ? avio_alloc_context(buffer, BUFFER, 0, &file, read_memory, NULL, seek_memory) : NULL;
    if (!io) {
        av_free(buffer);
        return CFF_NO_MEMORY;
    }
    cff_status status = open_input(&decoding, io, message);
    if (status == CFF_OK) status = open_codec(&decoding);
    if (status == CFF_OK) status = decode_all(&decoding);
    *faults = decoding.faults;
    av_packet_free(&decoding.packet);
    av_frame_free(&decoding.frame);
    swr_free(&decoding.resampler);
    av_channel_layout_uninit(&decoding.layout);
    avcodec_free_context(&decoding.codec);
    avformat_close_input(&decoding.file);
    av_freep(&io->buffer);
    avio_context_free(&io);
    return status;
}

#endif
