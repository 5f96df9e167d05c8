#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "arch/chip_spec.h"
#include "report/text_options.h"
#include "study/compared.h"
#include "study/deadline.h"

namespace systole {

/// What stands at the end of a run's report, each a block of lines or nothing.
struct RunExtras {
  ComparedDevice own;  ///< the run itself, as a row
  std::optional<DeadlineResult> deadline;
  std::vector<ComparedDevice> devices;  ///< the same network and batch on a CPU, a GPU
};

/// The card's use and power, the deadline, the devices.
[[nodiscard]] std::string extras_text(const Result& result, const RunExtras& extras,
                                      const TextOptions& options = {});

/// Keys `fpga`, `deadline` and `devices`; null or empty where there is nothing.
void add_extras(nlohmann::ordered_json& json, const Result& result, const RunExtras& extras);

}  // namespace systole
