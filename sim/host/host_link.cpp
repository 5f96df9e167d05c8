#include "sim/host/host_link.h"

#include <algorithm>
#include <utility>

#include "arch/isa/program_operands.h"
#include "sim/core/rates.h"
#include "sim/host/link_turn.h"

namespace systole {

static_assert(executed_by(EngineKind::Host) == kKindSet<Transfer>);

HostLink::HostLink(const sc_core::sc_module_name& name, const CoreContext& context)
    : sc_module(name), context_(context), front_({EngineKind::Host, 0, context.core}, context) {
  SC_HAS_PROCESS(HostLink);
  SC_THREAD(ask);
  SC_THREAD(move);
}

void HostLink::ask() {
  while (front_.has_next()) {
    Issued& issued = front_.take_next();
    front_.wait_for_semaphores(issued);
    front_.started(issued);
    const CoreCycles first_byte = context_.time.now() + context_.chip.host.latency;
    asked_.push_back({.issued = std::move(issued), .first_byte = first_byte, .bytes = {}});
    asked_wakeup_.notify();
  }
}

void HostLink::move() {
  for (;;) {
    while (asked_.empty()) {
      asked_wakeup_.wait();
    }
    execute(asked_.front());
    asked_.pop_front();
  }
}

void HostLink::execute(Asked& asked) {
  const auto& transfer = asked.issued.instruction.get<Transfer>();
  const std::int32_t layer = asked.issued.instruction.layer();
  context_.time.wait_until(asked.first_byte);
  if (context_.link != nullptr) {
    context_.link->take(asked.first_byte, context_.core);
  }
  const CoreCycles start = context_.time.now();

  if (context_.memories != nullptr) {
    front_.at_place_of(asked.issued, [&] { asked.bytes = read(transfer); });
  }
  const std::int64_t accesses = transfer.rows * context_.ports.accesses(transfer.row_bytes);
  count_actions(transfer, accesses, layer);
  const CoreCycles busy = cycles_at_rate(Bytes(transfer.rows * transfer.row_bytes),
                                         context_.chip.host.bandwidth, context_.chip.frequency);
  context_.ports.begin(BufferUser::Host, context_.ports.stream(transfer.buffer.address, accesses));
  context_.time.wait_until(start + busy);
  if (context_.link != nullptr) {
    context_.link->give_back();
  }
  (void)context_.ports.wait_for(BufferUser::Host);

  const CoreCycles end = context_.time.now();
  front_.charge_phases(asked.issued);
  front_.account().charge(Cause::Memory, start, layer);
  front_.account().charge_work(end, busy, CoreCycles(0), Cause::Port, layer);
  context_.layers.active(layer, start, end);
  if (context_.memories != nullptr) {
    front_.at_place_of(asked.issued, [&] { write(transfer, asked.bytes); });
  }
  front_.complete(asked.issued);
}

void HostLink::count_actions(const Transfer& transfer, std::int64_t accesses, std::int32_t layer) {
  const std::int64_t bytes = transfer.rows * transfer.row_bytes;
  ActionCounters& actions = context_.actions_of(layer);
  (transfer.to_buffer ? actions.host_in_bytes : actions.host_out_bytes) += bytes;
  (transfer.to_buffer ? actions.buffer_writes : actions.buffer_reads) += accesses;
  context_.counters.layers[static_cast<std::size_t>(layer)].host_bytes += bytes;
}

std::vector<std::int8_t> HostLink::read(const Transfer& transfer) const {
  const CoreMemories& memories = *context_.memories;
  std::vector<std::int8_t> bytes;
  bytes.reserve(static_cast<std::size_t>(transfer.rows * transfer.row_bytes));
  for (std::int64_t r = 0; r < transfer.rows; ++r) {
    const auto row =
        transfer.to_buffer
            ? memories.host.at(transfer.far.address + r * transfer.far_pitch, transfer.row_bytes)
            : memories.buffer.at(transfer.buffer.address + r * transfer.buffer_pitch,
                                 transfer.row_bytes);
    bytes.insert(bytes.end(), row.begin(), row.end());
  }
  return bytes;
}

void HostLink::write(const Transfer& transfer, const std::vector<std::int8_t>& bytes) const {
  const CoreMemories& memories = *context_.memories;
  auto row = bytes.begin();
  for (std::int64_t r = 0; r < transfer.rows; ++r, row += transfer.row_bytes) {
    const auto target =
        transfer.to_buffer
            ? memories.buffer.at(transfer.buffer.address + r * transfer.buffer_pitch,
                                 transfer.row_bytes)
            : memories.host.at(transfer.far.address + r * transfer.far_pitch, transfer.row_bytes);
    std::copy_n(row, transfer.row_bytes, target.begin());
  }
}

}  // namespace systole
