#include "CWhisper.h"

#include "whisper.h"

const char * cw_version(void) { return whisper_version(); }
