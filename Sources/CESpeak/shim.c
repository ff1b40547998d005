#include "CESpeak.h"

// Empty where the package is built without its trait ESpeak.
#ifdef ESPEAK

#include <espeak-ng/speak_lib.h>

// Who gets the sound of the call under way.
static ce_sink current_sink;
static void *current_context;
static bool is_stopped;

static int forward(short *samples, int count, espeak_EVENT *events) {
    (void)events;
    if (is_stopped) return 1;
    if (samples && count > 0 && !current_sink(current_context, samples, (size_t)count)) is_stopped = true;
    return is_stopped;
}

int ce_start(void) {
    // Zero: the default length of parts. Without DONT_EXIT, missing data would end the process.
    int rate = espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, NULL, espeakINITIALIZE_DONT_EXIT);
    if (rate > 0) espeak_SetSynthCallback(forward);
    return rate;
}

const char *ce_version(void) { return espeak_Info(NULL); }

void ce_list_voices(bool variants, ce_voice told, void *context) {
    espeak_VOICE wanted = {.languages = "variant"};
    const espeak_VOICE **voices = espeak_ListVoices(variants ? &wanted : NULL);
    // A language has a byte of priority before it.
    for (; voices && *voices; voices++) told(context, (*voices)->identifier, (*voices)->languages + 1);
}

ce_status ce_choose_voice(const char *name) {
    switch (espeak_SetVoiceByName(name)) {
        case EE_OK: return CE_OK;
        case EE_NOT_FOUND: return CE_NO_VOICE;
        default: return CE_FAILED;
    }
}

ce_status ce_speak(const char *text, ce_manner manner, ce_sink sink, void *context) {
    espeak_SetParameter(espeakRATE, manner.rate, 0);
    espeak_SetParameter(espeakPITCH, manner.pitch, 0);
    espeak_SetParameter(espeakRANGE, manner.range, 0);
    current_sink = sink;
    current_context = context;
    is_stopped = false;
    // The size is "not used for AUDIO_OUTPUT_SYNCHRONOUS mode". Neither espeakSSML nor espeakPHONEMES: all is plain text.
    espeak_ERROR error = espeak_Synth(text, 0, 0, POS_CHARACTER, 0, espeakCHARS_UTF8, NULL, NULL);
    current_sink = NULL;
    current_context = NULL;
    if (is_stopped) return CE_STOPPED;
    return error == EE_OK ? CE_OK : CE_FAILED;
}

#endif
