#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/explain_options.h"
#include "app/mapping_options.h"
#include "app/serve_options.h"
#include "app/study_options.h"
#include "app/training_options.h"

namespace systole {

/// Options as the user wrote them. Numbers stay text until read by us: the parser's own reading
/// takes 010 for 8 and 1e3 for 1.
struct OptionWords {
  std::optional<std::string> batch;
  std::optional<std::string> type;
  std::optional<std::string> quantize;
  std::optional<std::string> stored;
  std::optional<std::string> cache;
  std::optional<std::string> io;
  std::optional<std::string> output;
  std::optional<std::string> timeline;
  std::optional<std::string> waveform;
  std::vector<std::string> dims;
  std::map<std::string, std::optional<std::string>> named_dims;  ///< of options of their own
  std::optional<std::string> phase;
  std::optional<std::string> generate;
  std::vector<std::string> inputs;
  std::optional<std::string> save_tensors;
  std::optional<std::string> weights;
  std::optional<std::string> parameters;
  std::optional<std::string> tensors;
  std::optional<std::string> compare_with;
  std::optional<std::string> tolerance;
  std::string seed = "1";
  std::string format = "text";
  std::optional<std::string> layers;
  std::optional<std::string> by;
  std::optional<std::string> list;
  std::optional<std::string> trace;
  std::optional<std::string> pattern;
  std::optional<std::string> requests;
  std::optional<std::string> window;
  std::optional<std::string> channels;
  std::optional<std::string> on;
  std::optional<std::string> batches;
  std::optional<std::string> prices;
  std::optional<std::string> watts;
  std::optional<std::string> arrival_rate;
  std::optional<std::string> arrivals;
  std::optional<std::string> deadline;
  std::optional<std::string> load_requests;
  std::string device;
  std::optional<std::string> threads;
  std::optional<std::string> warm_up;
  std::optional<std::string> repetitions;
  std::optional<std::string> record;
  bool no_compare = false;
  ExplainWords explain;
  MappingWords mapping;
  ServeWords serve;
  StudyWords study;
  TrainingWords training;
};

}  // namespace systole
