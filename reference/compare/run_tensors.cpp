#include "reference/compare/run_tensors.h"

#include <utility>

#include "arch/diag/check.h"
#include "arch/isa/float_format.h"
#include "reference/compare/tensor_names.h"

namespace systole {

namespace {

std::vector<std::int8_t> stored_elements(const ProgramTensor& kept, TensorId id,
                                         const Recorder& recorder,
                                         const MemoriesAfterRun& memories) {
  if (kept.role == TensorRole::Intermediate) {
    auto values = recorder.results(id);
    SYSTOLE_CHECK(values.has_value(), "the run has not written all of {}", kept.name);
    return *std::move(values);
  }
  const auto bytes = bytes_at_home(kept, memories);
  return {bytes.begin(), bytes.end()};
}

/// Element `index` of a little-endian floating type.
double decoded_element(const RunTensor& tensor, std::size_t index) {
  const auto bytes = static_cast<std::size_t>(bytes_of(tensor.type));
  std::uint32_t pattern = 0;
  for (std::size_t byte = bytes; byte-- > 0;) {
    pattern = pattern << 8U | static_cast<std::uint8_t>(tensor.stored[index * bytes + byte]);
  }
  return decoded(float_format(tensor.type), pattern);
}

}  // namespace

std::vector<double> RunTensor::reals() const {
  std::vector<double> reals(static_cast<std::size_t>(shape.elements()));
  for (std::size_t i = 0; i < reals.size(); ++i) {
    reals[i] = is_float(type) ? decoded_element(*this, i)
                              : quantization.scale *
                                    (static_cast<double>(stored[i]) - quantization.zero_point);
  }
  return reals;
}

std::vector<RunTensor> run_tensors(const Graph& graph, const Program& program,
                                   const Recorder& recorder, const MemoriesAfterRun& memories,
                                   const std::set<std::string>& names) {
  const TensorNames places(graph, program);
  std::vector<RunTensor> tensors;
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
    const GraphTensor& tensor = graph.tensors[i];
    if (names.count(tensor.name) == 0) {
      continue;
    }
    const auto id = places.find(static_cast<GraphTensorId>(i));
    SYSTOLE_CHECK(id.has_value(), "the program has no tensor {}", tensor.name);
    const ProgramTensor& kept = program.tensors[static_cast<std::size_t>(*id)];
    tensors.push_back({.name = tensor.name,
                       .shape = tensor.shape(),
                       .type = tensor.type.element,
                       .quantization = tensor.quantization,
                       .stored = stored_elements(kept, *id, recorder, memories)});
  }
  return tensors;
}

}  // namespace systole
