#include "sim/vector/vector_unit.h"

#include <algorithm>

#include "arch/isa/program_operands.h"

namespace systole {

static_assert(executed_by(EngineKind::Vector) == kKindSet<RowLoop>);

VectorUnit::VectorUnit(const sc_core::sc_module_name& name, const CoreContext& context)
    : sc_module(name), context_(context), front_({EngineKind::Vector, 0, context.core}, context) {
  SC_HAS_PROCESS(VectorUnit);
  SC_THREAD(run);
}

void VectorUnit::run() {
  while (front_.has_next()) {
    execute(front_.take_next());
  }
}

void VectorUnit::execute(Issued& issued) {
  const auto& loop = issued.instruction.get<RowLoop>();
  const std::int32_t layer = issued.instruction.layer();
  front_.wait_for_semaphores(issued);
  front_.charge_phases(issued);
  const CoreCycles start = context_.time.now();
  front_.started(issued);

  CoreMemories* memories = context_.memories;
  if (memories != nullptr) {
    front_.at_place_of(
        issued, [&] { results_ = vector_results(loop, memories->buffer, memories->accumulators); });
  }
  const VectorTiming& timing = timing_of(loop);
  const VectorSources from = sources_of(loop, known_.operands);
  begin_streams(loop, from, layer);
  context_.time.wait_until(start + timing.compute);
  for (const BufferUser user :
       {BufferUser::VectorFirst, BufferUser::VectorSecond, BufferUser::VectorResult}) {
    (void)context_.ports.wait_for(user);
  }
  const CoreCycles buffer_end = context_.time.now();
  (void)accumulator_ports(from.accumulator).wait_for(AccumulatorUser::Vector);

  const CoreCycles end = context_.time.now();
  front_.account().charge(Cause::Busy, start + timing.compute, layer);
  front_.account().charge(Cause::Port, buffer_end, layer);
  front_.account().charge(Cause::Accumulator, end, layer);
  context_.layers.active(layer, issued.head, end);
  if (memories != nullptr) {
    front_.at_place_of(issued, [&] { write_back(loop); });
  }
  front_.complete(issued);
}

/// What takes as long as the loop before it is not looked at again.
const VectorTiming& VectorUnit::timing_of(const RowLoop& loop) {
  if (known_.body != &*loop.body || known_.rows != loop.rows || known_.cols != loop.cols) {
    known_ = {.body = &*loop.body,
              .rows = loop.rows,
              .cols = loop.cols,
              .timing = vector_timing(context_.chip.vector, context_.chip.buffer.port_width, loop),
              .operands = operands_of(loop)};
  }
  return known_.timing;
}

void VectorUnit::begin_streams(const RowLoop& loop, const VectorSources& from, std::int32_t layer) {
  const VectorTiming& timing = known_.timing;
  const auto begin = [&](BufferUser user, std::int64_t address, std::int64_t accesses) {
    context_.ports.begin(user, context_.ports.stream(address, accesses));
  };
  begin(BufferUser::VectorFirst, from.first, timing.first_reads);
  begin(BufferUser::VectorSecond, from.second, timing.second_reads);
  begin(BufferUser::VectorResult, loop.out.address, timing.writes);
  AccumulatorPorts& sums = accumulator_ports(from.accumulator);
  sums.begin(
      AccumulatorUser::Vector,
      sums.stream(from.accumulator % context_.chip.accumulators.entries, timing.accumulator_reads));
  ActionCounters& actions = context_.actions_of(layer);
  actions.buffer_reads += timing.first_reads + timing.second_reads;
  actions.buffer_writes += timing.writes;
  actions.accumulator_reads += timing.accumulator_reads;
  actions.vector_elements += timing.elements;
}

/// Of the matrix unit that the entry belongs to.
AccumulatorPorts& VectorUnit::accumulator_ports(std::int64_t entry) const {
  const std::int64_t unit = entry / context_.chip.accumulators.entries;
  return *context_.accumulator_ports[static_cast<std::size_t>(unit)];
}

void VectorUnit::write_back(const RowLoop& loop) {
  auto row = results_.values.begin();
  for (std::int64_t r = 0; r < results_.rows; ++r, row += results_.row_bytes) {
    const auto target = context_.memories->buffer.at(loop.out.address + r * loop.body->to.pitch,
                                                     results_.row_bytes);
    std::copy_n(row, results_.row_bytes, target.begin());
  }
  if (context_.memories->observer != nullptr && loop.out.tensor != kNoTensor) {
    report(loop);
  }
}

void VectorUnit::report(const RowLoop& loop) {
  const Operand& out = loop.out;
  const ProgramTensor& tensor = context_.program.tensors[static_cast<std::size_t>(out.tensor)];
  const std::int64_t bytes = bytes_of(tensor.type);
  const std::int64_t pitch = loop.body->to.pitch;  // as in the tensor: `verify` has seen to it
  RunObserver& observer = *context_.memories->observer;
  if (!results_.sums.empty()) {
    observer.on_accumulators(out.tensor, out.offset / bytes, results_.rows,
                             results_.row_bytes / bytes, pitch / bytes, results_.sums);
  }
  std::vector<std::int8_t> written;
  written.reserve(results_.values.size());
  for (std::int64_t r = 0; r < results_.rows; ++r) {
    const auto row = context_.memories->buffer.at(loop.out.address + r * loop.body->to.pitch,
                                                  results_.row_bytes);
    written.insert(written.end(), row.begin(), row.end());
  }
  observer.on_result(out.tensor, out.offset, results_.rows, results_.row_bytes, pitch, written);
}

}  // namespace systole
