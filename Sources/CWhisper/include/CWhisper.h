// The C face of whisper.cpp that the Swift targets see.

#ifndef CWHISPER_H
#define CWHISPER_H

#include "cw_model.h"
#include "cw_run.h"
#include "cw_runtime.h"
#include "cw_status.h"
#include "cw_vad.h"

#endif
