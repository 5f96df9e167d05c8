#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/frontend/read_network.h"

namespace systole {

/// A network of floating numbers as a layer description (docs/workloads.md) that runs to the same
/// results. `weights` is where its files of weights will be, as seen from the description. Names
/// keep what descriptions allow: slashes are dots, other characters '_'; those that then meet get
/// numbers. Throws WorkloadError for what a description cannot say.
[[nodiscard]] std::string description_of(const Network& network, const std::string& weights);

/// Calls `write` with name and contents of each file of weights, one at a time.
void write_weights(
    const Network& network,
    const std::function<void(std::string_view name, const std::string& bytes)>& write);

/// What a description can call `name`: slashes are dots, other characters it does not take '_'.
[[nodiscard]] std::string description_name(const std::string& name);

/// A file of NumPy's .npy format: `<f4` in C order.
[[nodiscard]] std::string npy_of(const std::vector<std::int64_t>& shape,
                                 const std::vector<float>& numbers);

}  // namespace systole
