#pragma once

#include "arch/units/clock.h"

namespace systole {

/// Makes the SystemC kernel ready: 1 fs resolution, nothing printed, warnings thrown. Throws
/// InternalError when this process has run a simulation already.
void prepare_kernel();

/// Runs until nothing happens any more. An error out of a process becomes an InternalError
/// `at cycle C in PROCESS: ...`, but a UserError whose text begins with `systole: ` stays one. A
/// run beyond 2^63 fs ends with a UserError too.
void run_kernel(Clock<CoreCycles> clock);

}  // namespace systole
