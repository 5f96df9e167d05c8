#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "arch/chip_spec.h"
#include "arch/diag/error.h"
#include "arch/isa/program.h"
#include "compiler/graph/graph.h"
#include "compiler/graph/value.h"
#include "compiler/mapping/weights.h"

namespace systole {

/// A network for whose tensors a chip has not enough DRAM.
class CapacityError : public WorkloadError {
 public:
  CapacityError(const SourceLocation& location, std::string_view path, std::string_view message,
                std::int64_t needed)
      : WorkloadError(location, path, message), needed_(needed) {}

  /// Bytes of DRAM that it takes.
  [[nodiscard]] std::int64_t needed() const { return needed_; }

 private:
  std::int64_t needed_ = 0;
};

struct Mapping;      // compiler/mapping/mapping.h
struct Compilation;  // compiler/compilation.h

/// What the compiler may do, and what its caller wants of the program.
struct CompileOptions {
  /// Layers may run in parts of the batch (compiler/allocation/segment.h); false: each for all
  /// images.
  bool parts = true;
  bool fuse = true;            ///< layers into the row loops of those before (mapping/fusion.h)
  std::set<std::string> kept;  ///< tensors whose own values a run has to have
  Weights weights;             ///< by what ways to run layers are compared
  /// Runs as this says instead of choosing: one that `check_mapping` finds nothing in. It may fuse
  /// no layer into one whose values are kept: a WorkloadError.
  const Mapping* mapping = nullptr;
};

/// Lowers a network to a program for a chip: shapes and addresses only, no weights needed.
/// Program::layers[i] is graph.nodes[i]. Throws WorkloadError, at the layer's place, when the
/// network cannot run on the chip. The result has passed `verify`.
[[nodiscard]] Program compile(const ChipSpec& chip, const Graph& graph,
                              const CompileOptions& options = {});

/// The same, with how it came about.
[[nodiscard]] Compilation compile_mapped(const ChipSpec& chip, const Graph& graph,
                                         const CompileOptions& options = {});

/// The DRAM before a run that carries data: weights, biases (with the zero-point correction folded
/// in), tables and inputs that are in device memory at the addresses that the program gives;
/// `program.dram_bytes` long.
[[nodiscard]] std::vector<std::int8_t> dram_image(const Program& program, const Graph& graph,
                                                  const NetworkData& data);

/// Host memory before such a run: the network's inputs that are there; `program.host_bytes` long.
[[nodiscard]] std::vector<std::int8_t> host_image(const Program& program, const Graph& graph,
                                                  const NetworkData& data);

}  // namespace systole
