#pragma once

#include <systemc>

#include "sim/core/engine_front.h"
#include "sim/core/recycling_queue.h"
#include "sim/core/wakeup.h"
#include "sim/dma/memory_master.h"
#include "sim/matrix/weight_fifo.h"

namespace systole {

/// A DMA engine between DRAM and the unified buffer (dma_in, dma_out), or from either of them to
/// the weight FIFO (weights).
///
/// Timing:
/// - A descriptor starts when its semaphores are there and the requests of the one before have been
///   sent; after `issue` cycles its requests follow. LoadTile needs a free FIFO slot before its
///   first request.
/// - A tile from the unified buffer makes runs * ceil(bytes of a run / port width) accesses, one a
///   cycle at best, once the tiles before it are there. Wherever it comes from, a transposed tile
///   then turns for `transpose` cycles for each of its rows.
/// - A tile whose elements are converted is behind that for `convert` cycles for each row in the
///   converter in front of the FIFO (sim/matrix/weight_fifo.h), which keeps no response waiting.
/// - Up to `outstanding` requests are in flight; one is finished when its data has come from the
///   memory, rounded up to a core cycle, and (dma_in) ceil(bytes / port width) buffer accesses have
///   put it into the buffer; requests finish in order. dma_out makes those accesses before it sends
///   the request.
/// - A descriptor completes with its last request. The next descriptor's requests are already in
///   flight then, so a stream of descriptors runs at the memory's rate.
/// Account of a descriptor's time beyond its waits: Busy is what its bytes take at the memory's
/// peak, Port what shared ports added, Memory the rest (issue, latency, queue, rows, refresh).
/// The buffer is read when a request is sent and written when it finishes; DRAM's bytes are read
/// and written when its controller schedules the request's last run, between the two. Not modelled:
/// address generation, more than one descriptor in the issue stage.
class DmaEngine : public sc_core::sc_module {
 public:
  MemoryMaster memory;

  /// `engine` is DmaIn, DmaOut or Weights; `fifo` is where the last of them puts its tiles, null of
  /// the others.
  DmaEngine(const sc_core::sc_module_name& name, EngineId engine, const CoreContext& context,
            WeightFifo* fifo);

  [[nodiscard]] EngineFront& front() { return front_; }
  /// The memory is a DramMemory: an engine that fetches tiles lets it send the requests of a tile
  /// by itself (request_train.h). No figure depends on it.
  void allow_trains();

 private:
  struct Descriptor {
    Issued issued;
    std::int64_t bytes = 0;          // of all requests; set with the first
    CoreCycles first_request{0};     // set with it, too
    std::int64_t requests_left = 0;  // to finish, of those sent
    bool is_sent = false;            // all of its requests
    CoreCycles port_wait{0};
    Tile tile;  // of LoadTile
  };

  void issue();   // process: descriptors to requests
  void finish();  // process: responses to completions

  void prepare(Issued& issued);
  void load_from_buffer(Issued& issued);
  void read_runs(const LoadTile& load);
  [[nodiscard]] CoreCycles turning_of(const LoadTile& load) const;
  CoreCycles turn_tile(const LoadTile& load, Tile& tile);
  void send_requests(Descriptor& descriptor);
  void send_trains(Descriptor& descriptor);
  void send(Descriptor& descriptor, const DmaRequest& request);
  CoreCycles pass_ports(const DmaRequest& request, std::int32_t layer);
  void store(Descriptor& descriptor, const MemoryResponse& response);
  void complete(Descriptor& descriptor);
  void count_actions(const Issued& issued, std::int64_t bytes);
  void count_tile(const LoadTile& load, std::int64_t bytes, std::int32_t layer);
  [[nodiscard]] BufferUser port_user() const;

  const CoreContext& context_;
  WeightFifo* fifo_;
  BytesPerSecond memory_peak_;
  EngineFront front_;
  RecyclingQueue<Descriptor> descriptors_;  // with requests in flight, or being sent
  std::vector<std::int8_t> outgoing_;       // of dma_out: the request to be sent
  MemoryResponse response_;                 // the one that is being finished
  std::int64_t in_flight_ = 0;              // requests
  Wakeup request_finished_;
  Wakeup descriptor_finished_;
  Tile buffer_tile_;  // on its way from the buffer
};

}  // namespace systole
