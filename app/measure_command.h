#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "app/command_line.h"
#include "reference/measured_run.h"

namespace systole {

/// Measures what `request` asks for. A GPU is measured by the program `systole_gpu` beside this
/// one, there where systole was built with CUDA, so that nothing else loads the GPU's libraries.
/// Throws UserError.
[[nodiscard]] MeasuredRun measured_run(const Request& request,
                                       const std::function<void(std::string_view)>& on_stage);

/// Where the modelled power of CPUs is, for MeasureCpuOptions; empty where it does not ship.
[[nodiscard]] std::string cpu_power_file();

/// Throws UserError where `file` holds something else than recorded runs: asked before the work.
void check_recording(const std::string& file);

/// Adds `run` to a file of recorded runs, which is made where there is none. Of several programs
/// that add to files of one folder at a time each waits for the one before. Throws UserError.
void add_to_recording(const std::string& file, const MeasuredRun& run);

}  // namespace systole
