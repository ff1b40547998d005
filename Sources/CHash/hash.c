// The functions are in llama.cpp's vendor-hash; SwiftPM wants a source file in each C target.
#include "CHash.h"
