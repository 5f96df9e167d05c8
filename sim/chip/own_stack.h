#pragma once

namespace systole {

/// To be called when the SystemC kernel has returned from its threads' stacks to the process's own.
/// The kernel announces the switch to the address sanitizer without the stack's bounds, whereupon
/// every later exception looks like a misuse of memory; this gives the bounds. Does nothing in
/// builds without the sanitizer.
void announce_own_stack();

}  // namespace systole
