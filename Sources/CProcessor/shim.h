// Instructions of the processor that Swift has no name for.
#pragma once

// A hint that never faults, whatever the address: the line may be read soon.
static inline void prefetch_shim(const void *address) {
    __builtin_prefetch(address);
}
