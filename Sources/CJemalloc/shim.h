// The system allocator's replacement: linking it makes every malloc in the process jemalloc's.
#pragma once
#include <jemalloc/jemalloc.h>
