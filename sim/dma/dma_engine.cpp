#include "sim/dma/dma_engine.h"

#include <algorithm>
#include <utility>

#include "arch/diag/check.h"
#include "arch/isa/program_operands.h"
#include "sim/core/rates.h"
#include "sim/dram/request_train.h"

namespace systole {

namespace {

static_assert(executed_by(EngineKind::DmaIn) == kKindSet<Transfer> &&
              executed_by(EngineKind::DmaOut) == kKindSet<Transfer> &&
              executed_by(EngineKind::Weights) == kKindSet<LoadTile>);

RequestSplitter splitter(const StreamInstruction& instruction, Bytes limit) {
  if (const auto* load = instruction.get_if<LoadTile>()) {
    return {*load, limit};
  }
  return {instruction.get<Transfer>(), limit};
}

Tile empty_tile(const StreamInstruction& instruction, const WeightFifoSpec& fifo,
                bool carries_data) {
  const auto* load = instruction.get_if<LoadTile>();
  if (load == nullptr) {
    return {};
  }
  Tile tile{.rows = load->rows, .cols = load->cols, .type = load->type, .bytes = {}};
  tile.layer = instruction.layer();
  tile.zero_point = load->zero_point;
  if (load->conversion->converts()) {
    tile.conversion = *load->conversion;
    tile.converting = fifo.conversion_of(load->type) * load->rows;
  }
  if (carries_data) {
    tile.bytes.resize(static_cast<std::size_t>(load->runs() * load->run_bytes()));
  }
  return tile;
}

/// A transposed tile arrives column by column.
void turn(Tile& tile) {
  const auto size = static_cast<std::size_t>(bytes_of(tile.type));
  const auto rows = static_cast<std::size_t>(tile.rows);
  const auto cols = static_cast<std::size_t>(tile.cols);
  const std::vector<std::int8_t> arrived = tile.bytes;
  for (std::size_t row = 0; row < rows && !arrived.empty(); ++row) {
    for (std::size_t col = 0; col < cols; ++col) {
      std::copy_n(arrived.data() + (col * rows + row) * size, size,
                  tile.bytes.data() + (row * cols + col) * size);
    }
  }
}

bool comes_from_buffer(const StreamInstruction& instruction) {
  const auto* load = instruction.get_if<LoadTile>();
  return load != nullptr && load->from == TileSource::Buffer;
}

}  // namespace

DmaEngine::DmaEngine(const sc_core::sc_module_name& name, EngineId engine,
                     const CoreContext& context, WeightFifo* fifo)
    : sc_module(name),
      memory("memory", context.time, context.memories != nullptr),
      context_(context),
      fifo_(fifo),
      memory_peak_(context.chip.dram.peak_bandwidth()),
      front_(engine, context) {
  SYSTOLE_CHECK(context.chip.dma.outstanding >= 1, "{} DMA requests outstanding",
                context.chip.dma.outstanding);
  SC_HAS_PROCESS(DmaEngine);
  SC_THREAD(issue);
  SC_THREAD(finish);
}

void DmaEngine::allow_trains() {
  if (front_.engine().kind == EngineKind::Weights) {
    memory.allow_trains();
  }
}

void DmaEngine::issue() {
  while (front_.has_next()) {
    Issued& issued = front_.take_next();
    prepare(issued);
    if (comes_from_buffer(issued.instruction)) {
      load_from_buffer(issued);
      continue;
    }
    Descriptor& descriptor = descriptors_.push();
    std::swap(descriptor.issued, issued);
    descriptor.requests_left = 0;
    descriptor.is_sent = false;
    descriptor.port_wait = CoreCycles(0);
    descriptor.tile = empty_tile(descriptor.issued.instruction, context_.chip.weight_fifo,
                                 context_.memories != nullptr);
    if (memory.sends_trains()) {
      send_trains(descriptor);
    } else {
      send_requests(descriptor);
    }
  }
}

void DmaEngine::prepare(Issued& issued) {
  front_.wait_for_semaphores(issued);
  front_.started(issued);
  context_.time.wait_until(context_.time.now() + context_.chip.dma.issue);
  issued.phases.push_back({.cause = Cause::Memory, .until = context_.time.now()});
  if (front_.engine().kind == EngineKind::Weights) {
    front_.wait_for(WaitsFor::FreeTile, Cause::FifoFull, issued, fifo_->slot_freed(),
                    [&] { return fifo_->has_free_slot(); });
    fifo_->reserve();
    issued.phases.push_back({.cause = Cause::FifoFull, .until = context_.time.now()});
  }
}

/// Tiles arrive in order, so those that come from DRAM have to be there first.
void DmaEngine::load_from_buffer(Issued& issued) {
  front_.wait_for(WaitsFor::Memory, Cause::Memory, issued, descriptor_finished_,
                  [&] { return descriptors_.empty(); });
  const auto& load = issued.instruction.get<LoadTile>();
  const std::int32_t layer = issued.instruction.layer();
  const CoreCycles begin = context_.time.now();
  buffer_tile_ =
      empty_tile(issued.instruction, context_.chip.weight_fifo, context_.memories != nullptr);
  if (context_.memories != nullptr) {
    front_.at_place_of(issued, [&] { read_runs(load); });
  }
  const std::int64_t accesses = load.runs() * context_.ports.accesses(load.run_bytes());
  ActionCounters& actions = context_.actions_of(layer);
  actions.buffer_reads += accesses;
  count_tile(load, load.bytes(), layer);
  const PortUser<BufferUser> user(BufferUser::Tile, front_.engine().unit);
  context_.ports.begin(user, context_.ports.stream(load.source.address, accesses));
  context_.time.wait_until(begin + CoreCycles(accesses));
  const CoreCycles end = context_.ports.wait_for(user);
  const CoreCycles turning = turn_tile(load, buffer_tile_);
  front_.charge_phases(issued);
  front_.account().charge_work(context_.time.now(), CoreCycles(accesses) + turning,
                               end - begin - CoreCycles(accesses), Cause::Memory, layer);
  context_.layers.active(layer, begin, context_.time.now());
  buffer_tile_.arrived = context_.time.now();
  fifo_->push(std::move(buffer_tile_));
  front_.complete(issued);
}

void DmaEngine::read_runs(const LoadTile& load) {
  for (std::int64_t run = 0; run < load.runs(); ++run) {
    const auto bytes =
        context_.memories->buffer.at(load.source.address + run * load.pitch, load.run_bytes());
    std::copy(bytes.begin(), bytes.end(), buffer_tile_.bytes.begin() + run * load.run_bytes());
  }
}

CoreCycles DmaEngine::turning_of(const LoadTile& load) const {
  return load.transposed ? *context_.chip.weight_fifo.transpose * load.rows : CoreCycles(0);
}

/// Suspends while a transposed tile turns; returns how long.
CoreCycles DmaEngine::turn_tile(const LoadTile& load, Tile& tile) {
  const CoreCycles turning = turning_of(load);
  if (!load.transposed) {
    return turning;
  }
  turn(tile);
  context_.time.wait_until(context_.time.now() + turning);
  return turning;
}

void DmaEngine::send_requests(Descriptor& descriptor) {
  const Issued& issued = descriptor.issued;
  RequestSplitter requests = splitter(issued.instruction, context_.chip.dma.request);
  descriptor.bytes = requests.total_bytes();
  count_actions(issued, descriptor.bytes);
  bool is_first = true;
  while (const std::optional<DmaRequest> request = requests.next()) {
    front_.wait_for(WaitsFor::Memory, Cause::Busy, issued, request_finished_,
                    [&] { return in_flight_ < context_.chip.dma.outstanding; });
    if (is_first) {
      descriptor.first_request = context_.time.now();
      is_first = false;
    }
    descriptor.is_sent = requests.is_done();
    front_.at_place_of(issued, [&] { send(descriptor, *request); });
  }
}

/// One for each run, or for all where they are neighbours. A transposed tile keeps the next
/// response waiting.
void DmaEngine::send_trains(Descriptor& descriptor) {
  const Issued& issued = descriptor.issued;
  const CoreCycles turning = turning_of(issued.instruction.get<LoadTile>());
  RequestSplitter runs = splitter(issued.instruction, Bytes(INT64_MAX));
  descriptor.bytes = runs.total_bytes();
  count_actions(issued, descriptor.bytes);
  bool is_first = true;
  while (const std::optional<DmaRequest> run = runs.next()) {
    ++in_flight_;
    ++descriptor.requests_left;
    descriptor.is_sent = runs.is_done();
    front_.at_place_of(issued, [&] {
      const CoreCycles first =
          memory.send_train(*run, context_.chip.dma.request, context_.chip.dma.outstanding,
                            descriptor.is_sent ? turning : CoreCycles(0));
      descriptor.first_request = is_first ? first : descriptor.first_request;
    });
    is_first = false;
  }
}

void DmaEngine::send(Descriptor& descriptor, const DmaRequest& request) {
  // Counted before anything can suspend, so that `finish` sees the request as unfinished.
  ++in_flight_;
  ++descriptor.requests_left;
  if (front_.engine().kind != EngineKind::DmaOut) {
    memory.send(tlm::TLM_READ_COMMAND, request, {});
    return;
  }
  if (context_.memories != nullptr) {
    const auto source = context_.memories->buffer.at(request.buffer_address, request.bytes);
    outgoing_.assign(source.begin(), source.end());
  }
  descriptor.port_wait += pass_ports(request, descriptor.issued.instruction.layer());
  memory.send(tlm::TLM_WRITE_COMMAND, request, outgoing_);
}

void DmaEngine::finish() {
  for (;;) {
    while (!memory.has_response()) {
      memory.responded().wait();
    }
    response_ = memory.take_response();
    context_.time.wait_until(response_.arrived);
    Descriptor& descriptor = descriptors_.front();
    if (front_.engine().kind == EngineKind::DmaIn) {
      descriptor.port_wait += pass_ports(response_.request, descriptor.issued.instruction.layer());
    }
    store(descriptor, response_);
    --in_flight_;
    request_finished_.notify();
    --descriptor.requests_left;
    if (descriptor.is_sent && descriptor.requests_left == 0) {
      complete(descriptor);
      descriptors_.pop();
      descriptor_finished_.notify();
    }
  }
}

/// Makes the buffer accesses of a request; returns the cycles that shared ports added.
CoreCycles DmaEngine::pass_ports(const DmaRequest& request, std::int32_t layer) {
  const std::int64_t accesses = context_.ports.accesses(request.bytes);
  const CoreCycles begin = context_.time.now();
  ActionCounters& actions = context_.actions_of(layer);
  (front_.engine().kind == EngineKind::DmaIn ? actions.buffer_writes : actions.buffer_reads) +=
      accesses;
  context_.ports.begin(port_user(), context_.ports.stream(request.buffer_address, accesses));
  context_.time.wait_until(begin + CoreCycles(accesses));
  (void)context_.ports.wait_for(port_user());
  return context_.time.now() - begin - CoreCycles(accesses);
}

void DmaEngine::store(Descriptor& descriptor, const MemoryResponse& response) {
  if (response.bytes.empty()) {
    return;
  }
  const DmaRequest& request = response.request;
  if (front_.engine().kind == EngineKind::Weights) {
    std::copy(response.bytes.begin(), response.bytes.end(),
              descriptor.tile.bytes.begin() + request.buffer_address);
    return;
  }
  const auto target = context_.memories->buffer.at(request.buffer_address, request.bytes);
  std::copy(response.bytes.begin(), response.bytes.end(), target.begin());
}

void DmaEngine::complete(Descriptor& descriptor) {
  CoreCycles turning{0};
  if (const auto* load = descriptor.issued.instruction.get_if<LoadTile>()) {
    if (!descriptor.tile.bytes.empty()) {
      descriptor.tile.bytes.resize(static_cast<std::size_t>(load->bytes()));  // without padding
    }
    turning = turn_tile(*load, descriptor.tile);
  }
  const CoreCycles now = context_.time.now();
  const std::int32_t layer = descriptor.issued.instruction.layer();
  front_.charge_phases(descriptor.issued);
  const CoreCycles busy =
      cycles_at_rate(Bytes(descriptor.bytes), memory_peak_, context_.chip.frequency) + turning;
  front_.account().charge_work(now, busy, descriptor.port_wait, Cause::Memory, layer);
  context_.layers.active(layer, descriptor.first_request, now);
  if (front_.engine().kind == EngineKind::Weights) {
    descriptor.tile.arrived = now;
    fifo_->push(std::move(descriptor.tile));
  }
  front_.complete(descriptor.issued);
}

void DmaEngine::count_actions(const Issued& issued, std::int64_t bytes) {
  LayerCounters& layer =
      context_.counters.layers[static_cast<std::size_t>(issued.instruction.layer())];
  if (front_.engine().kind == EngineKind::DmaOut) {
    layer.dram_write_bytes += bytes;
  } else {
    layer.dram_read_bytes += bytes;
  }
  if (const auto* load = issued.instruction.get_if<LoadTile>()) {
    count_tile(*load, bytes, issued.instruction.layer());
  }
}

/// What goes through the FIFO: `bytes` that came, or what elements are converted to.
void DmaEngine::count_tile(const LoadTile& load, std::int64_t bytes, std::int32_t layer) {
  ActionCounters& actions = context_.actions_of(layer);
  if (!load.conversion->converts()) {
    actions.weight_bytes += bytes;
    return;
  }
  actions.weight_bytes += bytes_of(load.entering_type(), load.rows * load.cols);
  actions.weight_conversions += load.rows * load.cols;
}

BufferUser DmaEngine::port_user() const {
  return front_.engine().kind == EngineKind::DmaIn ? BufferUser::DmaIn : BufferUser::DmaOut;
}

}  // namespace systole
