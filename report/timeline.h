#pragma once

#include <functional>
#include <string_view>

#include "arch/chip_spec.h"
#include "arch/isa/program.h"
#include "arch/trace.h"

namespace systole {

/// Takes text piece by piece.
using TextSink = std::function<void(std::string_view)>;

/// Programs of more instructions than this get a brief timeline: slices without operands and the
/// cycle in which an instruction was taken (`systole compile` prints the operands, by the index
/// that each slice has), and what was not busy in the work as arguments instead of slices inside.
/// So files stay below 50 MB up to about 200,000 instructions.
inline constexpr std::int64_t kFullDetailInstructions = 100'000;

/// Counters have at most this many samples (of DRAM traffic: twice as many, reads and writes).
inline constexpr std::int64_t kTimelineSamples = 8192;

/// Writes the course of a run as JSON in the Trace Event Format, which ui.perfetto.dev and
/// chrome://tracing open. docs/timeline.md says what each track, slice and counter means.
///
/// Slices are pairs of events `B` and `E` with a time each, rather than events `X` with a duration:
/// readers that cut times to nanoseconds then cut equal moments alike, and what follows or nests in
/// cycles still does so in their units. Times are microseconds, exact to the femtosecond: cycle
/// * period of the core clock. Memory: a buffer of fixed size, the counters' samples, and the
/// pieces of the unified buffer that differ in history; the text itself is never held whole.
/// Format: "Trace Event Format", Chromium project (docs.google.com, document
/// 1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU), as of 2026.
void write_timeline(const ChipSpec& chip, const Program& program, const RunTrace& trace,
                    const TextSink& sink);

}  // namespace systole
