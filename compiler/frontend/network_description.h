#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/frontend/weight_storage.h"
#include "compiler/graph/graph.h"

namespace systole {

/// The use of a tensor by name: a network input, a layer, or a block (its last layer).
struct TensorReference {
  std::string name;
  Place place;
};

/// One layer after blocks are expanded: every name is global and every `$` has its value.
struct LayerDescription {
  std::string name;
  std::string kind;                     ///< the operator as it is written
  Op op;                                ///< with the attributes that are written
  OpPlace where;                        ///< paths: the layer's name, and its keys behind it
  std::vector<TensorReference> inputs;  ///< never empty
  std::optional<double> weight_scale;
  std::vector<double> channel_scales;  ///< of weights; empty: none are written
  std::optional<bool> per_channel;     ///< a weight scale for each output channel
  std::optional<double> weight_gain;
  std::optional<WeightStorage> weight_storage;
  PartialQuantization before;
  PartialQuantization output;
  std::optional<std::size_t> indices;  ///< of the network's: rows that the layer looks up

  [[nodiscard]] const Place& place() const { return where.op; }
};

struct InputDescription {
  std::string name;
  Place place;      ///< path: the input's name
  TensorType type;  ///< of batch 1
  Quantization quantization;
  std::optional<std::string> file;  ///< relative to the description
  bool is_state = false;            ///< in memory before and after a run; behind all others
  bool is_shared = false;           ///< of a state: one for all images of the batch
  std::optional<StateType> stored;  ///< of states
};

/// An input that says which rows of a table are looked up, as token numbers do. The chip sees its
/// numbers in the addresses of transfers alone.
struct IndexDescription {
  std::string name;
  Place place;
  std::int64_t count = 0;           ///< of each image
  std::int64_t below = 0;           ///< one more than the largest
  std::optional<std::string> file;  ///< relative to the description
};

/// What holds where a layer says nothing.
struct NetworkDefaults : QuantizationDefaults {
  double weight_gain = 1.0;
  bool per_channel = false;
  std::optional<WeightStorage> weight_storage;
};

/// Where real weights lie.
struct WeightFiles {
  std::string directory;  ///< relative to the description
  double batch_norm_epsilon = 1e-5;
};

/// A layer entry that became the layers of a block. Its name stands for the last of them.
struct UsedBlock {
  std::string last_layer;
  Place place;
};

/// A network file as plain values, names not yet resolved, nothing inferred.
struct NetworkDescription {
  std::string name;
  std::string file;
  Place place;
  std::int64_t batch = 1;
  NetworkDefaults defaults;
  std::optional<WeightFiles> weight_files;
  std::vector<InputDescription> inputs;
  std::vector<IndexDescription> indices;
  std::vector<LayerDescription> layers;
  std::map<std::string, UsedBlock> blocks;  ///< by the user's name
  std::vector<TensorReference> outputs;     ///< empty: what nobody consumes
  std::optional<TokenPhase> phase;          ///< of a language model with phases
};

}  // namespace systole
