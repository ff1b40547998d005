// What Swift sees of espeak-ng.
//
// The library has one global state: all calls must be made on one thread, or one after another.

#ifndef CESPEAK_H
#define CESPEAK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    CE_OK,
    /// The sink wanted no more.
    CE_STOPPED,
    /// There is no such voice; the one before stays.
    CE_NO_VOICE,
    /// The library refused; it does not say why.
    CE_FAILED,
} ce_status;

/// How something is said; of each, espeak-ng's own units, and what it uses by default.
typedef struct {
    /// Words a minute, 80 to 450; 175.
    int rate;
    /// 0 to 100; 50.
    int pitch;
    /// How far the pitch moves, 0 to 100; 50.
    int range;
} ce_manner;

/// Takes sound; false for no more. The samples are gone when the call returns.
typedef bool (*ce_sink)(void *context, const int16_t *samples, size_t count);

/// Told of a voice: its file's name under the voices' folder, such as `gmw/en-US`, and the first language it is for.
typedef void (*ce_voice)(void *context, const char *identifier, const char *language);

/// Starts the library; once in a process.
///
/// Returns the sample rate in Hz of all sound, or a negative number where espeak-ng's data can't be read. Sets the character
/// type of the process's locale to UTF-8, as the library does.
int ce_start(void);

/// The library's version. A static string.
const char *ce_version(void);

/// Tells of all voices that are languages, or of those that are variants (`!v/f2`).
void ce_list_voices(bool variants, ce_voice told, void *context);

/// Chooses what speaks from now on: a language's voice, and after `+` a variant of it, such as `en-us+f2`.
///
/// The name becomes part of a file's path: give it names that `ce_list_voices` tells alone.
ce_status ce_choose_voice(const char *name);

/// Speaks plain text: nothing in it is markup, and none of it names a file.
///
/// `text` is UTF-8 that ends in NUL, without control characters: U+0001 would begin a command to the library. The sink is called
/// with parts of about 45 ms as they are made, before this returns.
ce_status ce_speak(const char *text, ce_manner manner, ce_sink sink, void *context);

#endif
