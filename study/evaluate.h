#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "arch/chip_spec.h"
#include "arch/isa/program.h"
#include "arch/trace.h"
#include "compiler/frontend/read_network.h"
#include "study/result.h"

namespace systole {

struct Compilation;  // compiler/compilation.h
struct Mapping;      // compiler/mapping/mapping.h

/// The course of a run, for a timeline: the program that was executed, and what happened when.
struct RunRecord {
  Program program;
  RunTrace trace;
};

struct EvaluateOptions {
  /// Carries data through the simulated chip and compares every tensor with the reference kernels.
  /// The cycles are the same with and without it.
  bool check = false;
  /// Names of tensors whose numbers, as the run leaves them, are wanted in Result::tensors. The run
  /// carries data for them, checked or not.
  std::set<std::string> tensors;
  /// Layers may be computed by the row loops of those before them, all but tensors that are wanted.
  bool fuse = true;
  /// How the network is mapped (CompileOptions::mapping); null: as the compiler chooses.
  const Mapping* mapping = nullptr;
  /// Told what the compiler made; may stay empty.
  std::function<void(const Compilation&)> on_compiled;
  /// Told the name of each stage as it begins (`compiling`, `simulating`, ...); may stay empty.
  std::function<void(std::string_view)> on_stage;
  /// Filled by the run unless null. The cycles are the same with and without it.
  RunRecord* record = nullptr;
  /// A waveform of the run, as RunRecording has it; empty: none.
  std::string waveform;
};

/// Compiles a network for a chip, simulates it and, on demand, checks its numbers. A pure function
/// of its arguments but for SystemC, which elaborates once per process: call it once per process.
/// Throws WorkloadError when the network cannot run on the chip.
[[nodiscard]] Result evaluate(const ChipSpec& chip, const Network& network,
                              const EvaluateOptions& options = {});

/// The same for a program of that network that is there already, sound or not: what it computes is
/// compared, whoever wrote it.
[[nodiscard]] Result evaluate_program(const ChipSpec& chip, const Network& network,
                                      const Program& program, const EvaluateOptions& options = {});

/// Area, energy and cost of a run whose counters are there, as far as its chip is described.
void add_figures_of_silicon(Result& result);

}  // namespace systole
