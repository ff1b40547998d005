#include "CFFmpeg.h"

// Empty where the package is built without its trait FFmpeg.
#ifdef FFMPEG

#include "support.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/audio_fifo.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <stdlib.h>
#include <string.h>

// How each format is made. Bit rates in bits a second; 0 where there is none. The settings are the codecs' own for little
// work: at these rates speech sounds the same, and is made 2 to 5 times as fast.
static const struct {
    const char *muxer, *codec;
    enum AVSampleFormat samples;
    int bit_rate;
    const char *setting, *value;
} forms[] = {
    [CFF_MP3] = {"mp3", "libmp3lame", AV_SAMPLE_FMT_S16P, 64000, "compression_level", "7"},
    [CFF_OPUS] = {"ogg", "libopus", AV_SAMPLE_FMT_S16, 48000, "compression_level", "5"},
    [CFF_AAC] = {"adts", "aac", AV_SAMPLE_FMT_FLTP, 64000, "aac_coder", "fast"},
    [CFF_FLAC] = {"flac", "flac", AV_SAMPLE_FMT_S16, 0},
    [CFF_WAV] = {"wav", "pcm_s16le", AV_SAMPLE_FMT_S16, 0},
    [CFF_PCM] = {"s16le", "pcm_s16le", AV_SAMPLE_FMT_S16, 0},
};

// For codecs that take any number of samples: 20 ms at 24 kHz.
enum { FREE_FRAME = 480 };

struct cff_encoder {
    AVFormatContext *file;
    AVCodecContext *codec;
    SwrContext *resampler;
    AVAudioFifo *waiting;
    AVFrame *frame;
    AVPacket *packet;
    AVStream *stream;
    int64_t position;
    int input_rate;
    // What was made and not taken, and what was taken last.
    uint8_t *made, *taken;
    size_t made_count, made_capacity;
};

static int append(void *opaque, uint8_t *bytes, int count) {
    cff_encoder *encoder = opaque;
    if (encoder->made_count + (size_t)count > encoder->made_capacity) {
        size_t capacity = (encoder->made_count + (size_t)count) * 2;
        uint8_t *grown = realloc(encoder->made, capacity);
        if (!grown) return AVERROR(ENOMEM);
        encoder->made = grown;
        encoder->made_capacity = capacity;
    }
    memcpy(encoder->made + encoder->made_count, bytes, (size_t)count);
    encoder->made_count += (size_t)count;
    return count;
}

static int open_codec(cff_encoder *encoder, cff_format format, int output_rate) {
    const AVCodec *codec = avcodec_find_encoder_by_name(forms[format].codec);
    if (!codec) return AVERROR_ENCODER_NOT_FOUND;
    encoder->codec = avcodec_alloc_context3(codec);
    if (!encoder->codec) return AVERROR(ENOMEM);
    encoder->codec->sample_fmt = forms[format].samples;
    encoder->codec->sample_rate = output_rate;
    encoder->codec->bit_rate = forms[format].bit_rate;
    encoder->codec->time_base = (AVRational){1, output_rate};
    encoder->codec->flags |= AV_CODEC_FLAG_BITEXACT;
    encoder->codec->thread_count = 1;
    av_channel_layout_default(&encoder->codec->ch_layout, 1);
    if (encoder->file->oformat->flags & AVFMT_GLOBALHEADER) encoder->codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    // About a tenth of a second, so that sound is sent early.
    if (format == CFF_FLAC) encoder->codec->frame_size = 2304;
    AVDictionary *settings = NULL;
    if (forms[format].setting) av_dict_set(&settings, forms[format].setting, forms[format].value, 0);
    int error = avcodec_open2(encoder->codec, codec, &settings);
    // A setting that the codec does not know is left in the dictionary, and changes nothing.
    av_dict_free(&settings);
    return error;
}

static int open_file(cff_encoder *encoder, cff_format format) {
    encoder->file->flags |= AVFMT_FLAG_FLUSH_PACKETS | AVFMT_FLAG_BITEXACT;
    encoder->stream = avformat_new_stream(encoder->file, NULL);
    if (!encoder->stream) return AVERROR(ENOMEM);
    encoder->stream->time_base = encoder->codec->time_base;
    int error = avcodec_parameters_from_context(encoder->stream->codecpar, encoder->codec);
    if (error < 0) return error;
    AVDictionary *options = NULL;
    // Nothing can be filled in later: what was made has been sent. Pages of Ogg are short, so that sound is sent early.
    if (format == CFF_MP3) {
        av_dict_set_int(&options, "write_xing", 0, 0);
        av_dict_set_int(&options, "id3v2_version", 0, 0);
    }
    if (format == CFF_OPUS) av_dict_set_int(&options, "page_duration", 100000, 0);
    error = avformat_write_header(encoder->file, &options);
    av_dict_free(&options);
    return error;
}

static int open_all(cff_encoder *encoder, cff_format format, int input_rate, int output_rate) {
    enum { BUFFER = 4096 };
    encoder->input_rate = input_rate;
    int error = avformat_alloc_output_context2(&encoder->file, NULL, forms[format].muxer, NULL);
    if (error < 0) return error;
    uint8_t *buffer = av_malloc(BUFFER);
    if (!buffer) return AVERROR(ENOMEM);
    encoder->file->pb = avio_alloc_context(buffer, BUFFER, 1, encoder, NULL, append, NULL);
    if (!encoder->file->pb) {
        av_free(buffer);
        return AVERROR(ENOMEM);
    }
    if ((error = open_codec(encoder, format, output_rate)) < 0) return error;
    AVChannelLayout mono;
    av_channel_layout_default(&mono, 1);
    error = swr_alloc_set_opts2(
        &encoder->resampler, &mono, forms[format].samples, output_rate, &mono, AV_SAMPLE_FMT_S16, input_rate, 0, NULL);
    if (error < 0 || (error = swr_init(encoder->resampler)) < 0) return error;
    encoder->waiting = av_audio_fifo_alloc(forms[format].samples, 1, 4096);
    encoder->frame = av_frame_alloc();
    encoder->packet = av_packet_alloc();
    if (!encoder->waiting || !encoder->frame || !encoder->packet) return AVERROR(ENOMEM);
    return open_file(encoder, format);
}

cff_status cff_encoder_open(
    cff_format format, int input_rate, int output_rate, cff_encoder **encoder, cff_message *message) {
    cff_quieten();
    *encoder = NULL;
    cff_encoder *made = calloc(1, sizeof *made);
    if (!made) return CFF_NO_MEMORY;
    int error = open_all(made, format, input_rate, output_rate);
    if (error < 0) {
        cff_encoder_close(made);
        return cff_fail(error, message);
    }
    *encoder = made;
    return CFF_OK;
}

// Writes what the codec has ready.
static int drain(cff_encoder *encoder) {
    while (true) {
        int error = avcodec_receive_packet(encoder->codec, encoder->packet);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) return 0;
        if (error < 0) return error;
        av_packet_rescale_ts(encoder->packet, encoder->codec->time_base, encoder->stream->time_base);
        encoder->packet->stream_index = 0;
        // Takes the packet's content.
        error = av_interleaved_write_frame(encoder->file, encoder->packet);
        if (error < 0) return error;
    }
}

// Hands whole frames to the codec; with `all` the rest too.
static int encode(cff_encoder *encoder, bool all) {
    int whole = encoder->codec->frame_size > 0 ? encoder->codec->frame_size : FREE_FRAME;
    while (av_audio_fifo_size(encoder->waiting) >= (all ? 1 : whole)) {
        int count = FFMIN(av_audio_fifo_size(encoder->waiting), whole);
        AVFrame *frame = encoder->frame;
        av_frame_unref(frame);
        frame->nb_samples = count;
        frame->format = encoder->codec->sample_fmt;
        frame->sample_rate = encoder->codec->sample_rate;
        av_channel_layout_default(&frame->ch_layout, 1);
        int error = av_frame_get_buffer(frame, 0);
        if (error < 0) return error;
        if (av_audio_fifo_read(encoder->waiting, (void **)frame->data, count) < count) return AVERROR_BUG;
        frame->pts = encoder->position;
        encoder->position += count;
        if ((error = avcodec_send_frame(encoder->codec, frame)) < 0) return error;
        if ((error = drain(encoder)) < 0) return error;
    }
    return 0;
}

// Resamples sound, or with NULL what the resampler still holds, and encodes it.
static int feed(cff_encoder *encoder, const int16_t *samples, int count) {
    int room = swr_get_out_samples(encoder->resampler, count);
    if (room < 0) return room;
    uint8_t *output = NULL;
    int error = av_samples_alloc(&output, NULL, 1, FFMAX(room, 1), encoder->codec->sample_fmt, 0);
    if (error < 0) return error;
    const uint8_t *input = (const uint8_t *)samples;
    int made = swr_convert(encoder->resampler, &output, room, samples ? &input : NULL, count);
    if (made > 0 && av_audio_fifo_write(encoder->waiting, (void **)&output, made) < made) made = AVERROR(ENOMEM);
    av_freep(&output);
    return made < 0 ? made : encode(encoder, false);
}

cff_status cff_encoder_write(cff_encoder *encoder, const int16_t *samples, size_t count, cff_message *message) {
    enum { PART = 1 << 16 };
    while (count > 0) {
        int part = (int)FFMIN(count, PART);
        int error = feed(encoder, samples, part);
        if (error < 0) return cff_fail(error, message);
        samples += part;
        count -= (size_t)part;
    }
    return CFF_OK;
}

cff_status cff_encoder_finish(cff_encoder *encoder, cff_message *message) {
    int error = feed(encoder, NULL, 0);
    if (error >= 0) error = encode(encoder, true);
    if (error >= 0) error = avcodec_send_frame(encoder->codec, NULL);
    if (error >= 0) error = drain(encoder);
    if (error >= 0) error = av_write_trailer(encoder->file);
    avio_flush(encoder->file->pb);
    return error < 0 ? cff_fail(error, message) : CFF_OK;
}

const uint8_t *cff_encoder_take(cff_encoder *encoder, size_t *count) {
    avio_flush(encoder->file->pb);
    free(encoder->taken);
    encoder->taken = encoder->made;
    *count = encoder->made_count;
    encoder->made = NULL;
    encoder->made_count = encoder->made_capacity = 0;
    return encoder->taken;
}

void cff_encoder_close(cff_encoder *encoder) {
    if (encoder->file) {
        if (encoder->file->pb) {
            av_freep(&encoder->file->pb->buffer);
            avio_context_free(&encoder->file->pb);
        }
        avformat_free_context(encoder->file);
    }
    avcodec_free_context(&encoder->codec);
    swr_free(&encoder->resampler);
    if (encoder->waiting) av_audio_fifo_free(encoder->waiting);
    av_frame_free(&encoder->frame);
    av_packet_free(&encoder->packet);
    free(encoder->made);
    free(encoder->taken);
    free(encoder);
}

#endif
