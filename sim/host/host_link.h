#pragma once

#include <deque>
#include <systemc>

#include "sim/core/engine_front.h"

namespace systole {

/// The link between host memory and the unified buffer; one transfer at a time moves bytes, in
/// order, in either direction.
///
/// Timing: a transfer is asked for when its semaphores are there. Its bytes begin to move `latency`
/// cycles later, but not before those of the transfer before have moved; they take ceil(bytes *
/// frequency / bandwidth) cycles. The buffer accesses of each row, ceil(row bytes / port width),
/// run beside them; the transfer completes when both are done. It reads when its bytes begin to
/// move and writes when it completes.
/// The cores of a chip share the link: bytes of one transfer at a time move, in the order in which
/// they could begin to, those of one cycle in the order of cores.
/// Account: latency, and what others have the link for, that no other transfer covers is Memory.
/// Not modelled: the host's own memory, packet headers, a limit to transfers asked for (so the
/// depth of the host's instruction queue does not bind), ports at the pace of the link: a row's
/// accesses are asked for as fast as ports serve them.
class HostLink : public sc_core::sc_module {
 public:
  HostLink(const sc_core::sc_module_name& name, const CoreContext& context);

  [[nodiscard]] EngineFront& front() { return front_; }

 private:
  struct Asked {
    Issued issued;
    CoreCycles first_byte{0};  // could move, were the link free
    std::vector<std::int8_t> bytes;
  };

  void ask();   // process
  void move();  // process

  void execute(Asked& asked);
  void count_actions(const Transfer& transfer, std::int64_t accesses, std::int32_t layer);
  [[nodiscard]] std::vector<std::int8_t> read(const Transfer& transfer) const;
  void write(const Transfer& transfer, const std::vector<std::int8_t>& bytes) const;

  const CoreContext& context_;
  EngineFront front_;
  std::deque<Asked> asked_;
  Wakeup asked_wakeup_;
};

}  // namespace systole
