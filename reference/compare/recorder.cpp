#include "reference/compare/recorder.h"

#include <utility>

namespace systole {

namespace {

template <class Value>
void write(std::optional<RecordedTensor<Value>>& recording, const std::string& name,
           std::int64_t elements, const RecordedBlock& block, std::span<const Value> values) {
  if (!recording) {
    recording.emplace(name, elements);
  }
  recording->write(block, values);
}

}  // namespace

Recorder::Recorder(const Program& program) {
  tensors_.reserve(program.tensors.size());
  for (const ProgramTensor& tensor : program.tensors) {
    const bool computed = tensor.role != TensorRole::Constant;
    tensors_.push_back({.name = tensor.name,
                        .bytes = computed ? tensor.bytes() : 0,
                        .elements = computed ? tensor.pixels * tensor.channels : 0,
                        .results = {},
                        .accumulators = {}});
  }
}

void Recorder::record_result(TensorId tensor, std::int64_t offset, std::int64_t rows,
                             std::int64_t cols, std::int64_t pitch,
                             std::span<const std::int8_t> values) {
  Recorded& target = tensors_[index_of(tensor)];
  write(target.results, target.name, target.bytes, {offset, rows, cols, pitch}, values);
}

void Recorder::record_accumulators(TensorId tensor, std::int64_t offset, std::int64_t rows,
                                   std::int64_t cols, std::int64_t pitch,
                                   std::span<const std::int32_t> values) {
  Recorded& target = tensors_[index_of(tensor)];
  write(target.accumulators, target.name, target.elements, {offset, rows, cols, pitch}, values);
}

std::optional<RecordedTensor<std::int8_t>> Recorder::take_results(TensorId tensor) {
  return std::exchange(tensors_[index_of(tensor)].results, std::nullopt);
}

std::optional<RecordedTensor<std::int32_t>> Recorder::take_accumulators(TensorId tensor) {
  return std::exchange(tensors_[index_of(tensor)].accumulators, std::nullopt);
}

std::optional<std::vector<std::int8_t>> Recorder::results(TensorId tensor) const {
  const Recorded& target = tensors_[index_of(tensor)];
  return target.results ? target.results->values() : std::nullopt;
}

std::size_t Recorder::index_of(TensorId tensor) const {
  SYSTOLE_CHECK(tensor >= 0 && static_cast<std::size_t>(tensor) < tensors_.size(),
                "tensor {} of {}", tensor, tensors_.size());
  return static_cast<std::size_t>(tensor);
}

}  // namespace systole
