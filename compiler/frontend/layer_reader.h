#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/config/config_node.h"
#include "compiler/frontend/dims.h"
#include "compiler/frontend/network_description.h"

namespace systole {

/// What names and `$parameters` mean where a layer is written: in the network's own list, or in a
/// block on behalf of one of its users. A `$name` is a parameter of the block, else a size of
/// `dims`.
struct LayerScope {
  const Dims* dims = nullptr;            ///< of the network
  std::string prefix;                    ///< of the names of layers: `conv2_1.`, or nothing
  std::optional<TensorReference> input;  ///< of the block (`$input`)
  std::optional<ConfigNode> user;        ///< the layer entry that uses the block
  std::optional<ConfigNode> parameters;  ///< its `with`
  std::int64_t index = 0;                ///< which repetition of the user it is (`$index`)
  const LayerScope* outer = nullptr;     ///< where the user is written
  bool is_behind = false;  ///< of a repeated entry not the first: it reads the one before
};

inline constexpr Range kSize{.min = 1, .max = kMaxSize};

/// A value; behind `$name` the one that the block's user or `dims` gives, of a formula its number.
[[nodiscard]] ConfigNode resolve(const LayerScope& scope, const ConfigNode& node);
/// The same of a key.
[[nodiscard]] ConfigNode value_of(const LayerScope& scope, const ConfigNode& node,
                                  std::string_view key);
/// ConfigNode::integer of a key that may hold a formula.
[[nodiscard]] std::int64_t integer_of(const LayerScope& scope, const ConfigNode& node,
                                      std::string_view key, Range range);

[[nodiscard]] bool is_name_character(char character);
/// The name of a layer or input, checked for its letters (it becomes part of file names).
[[nodiscard]] std::string read_name(const ConfigNode& node);

[[nodiscard]] PartialQuantization read_quantization(const LayerScope& scope,
                                                    const ConfigNode& node);

/// `type` and `group` of a map of weights, if it has them.
[[nodiscard]] std::optional<WeightStorage> read_weight_storage(const LayerScope& scope,
                                                               const ConfigNode& node);

/// Reads one layer (not a block) and all its keys. `previous` is its input where it names none.
[[nodiscard]] LayerDescription read_layer(const LayerScope& scope, const ConfigNode& node,
                                          const std::string& name,
                                          const std::optional<TensorReference>& previous);

/// The tensors that `inputs` names; else what `input` names, but of a repeated entry for the first
/// alone; else `previous`.
[[nodiscard]] std::vector<TensorReference> read_inputs(
    const LayerScope& scope, const ConfigNode& node,
    const std::optional<TensorReference>& previous);

}  // namespace systole
