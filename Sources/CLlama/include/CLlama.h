// The C face of llama.cpp that the Swift targets see.
//
// llama.h itself is not imported: llama.cpp is C++ inside, and an exception that reaches Swift ends the process.
// Every function here that can fail returns a cl_status and lets no exception through; the reason of the last failure
// on this thread is cl_last_error(). Functions without a status cannot fail for the arguments that they document.

#ifndef CLLAMA_H
#define CLLAMA_H

#include "cl_status.h"
#include "cl_runtime.h"
#include "cl_model.h"
#include "cl_vocabulary.h"
#include "cl_templates.h"
#include "cl_chat_parser.h"
#include "cl_context.h"
#include "cl_memory.h"
#include "cl_media.h"
#include "cl_speech.h"
#include "cl_grammar.h"
#include "cl_sampler.h"
#include "cl_quantize.h"

#endif
