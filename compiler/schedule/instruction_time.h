#pragma once

#include "arch/chip_spec.h"
#include "arch/isa/instruction.h"

namespace systole {

/// What an instruction takes of its engine, and from its start to its results: estimates after
/// docs/timing.md, by which instructions that may come in any order are put in one.
struct InstructionTime {
  std::int64_t busy = 0;     ///< until the next may start
  std::int64_t results = 0;  ///< until what waits for it may start
  std::int64_t memory = 0;   ///< of the DRAM's buses
};

/// Of a fold with its operands there: its stream, then the pipeline.
[[nodiscard]] InstructionTime time_of(const ChipSpec& chip, const Fold& fold);
/// A tile on its way to the FIFO; `busy`: until the next one may follow.
[[nodiscard]] InstructionTime time_of(const ChipSpec& chip, const LoadTile& load);
/// By the host link or a DMA engine.
[[nodiscard]] InstructionTime time_of(const ChipSpec& chip, EngineKind engine,
                                      const Transfer& transfer);
/// The slots of its passes, or what its first operands take of a port.
[[nodiscard]] InstructionTime time_of(const ChipSpec& chip, const RowLoop& loop);

}  // namespace systole
