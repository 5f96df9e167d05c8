#pragma once

#include <optional>

#include "arch/counter_rows.h"
#include "silicon/cost/cost_rows.h"
#include "silicon/energy/energy_rows.h"
#include "silicon/fpga/fpga_power.h"
#include "study/advice.h"
#include "study/limits.h"
#include "study/result.h"
#include "study/run_figures.h"
#include "study/training.h"

namespace systole {

// The tables of what a run adds to its counters (arch/figure_rows.h).

template <>
inline constexpr auto kFigureRows<Roofline> = std::tuple{
    figure("compute_cycles", &Roofline::compute, "cycles", "compute bound"),
    figure("memory_cycles", &Roofline::memory, "cycles", "memory bound"),
    derived<Roofline>(
        "cycles", [](const Roofline& roofline) { return roofline.cycles(); }, "cycles",
        "the larger of the two"),
    derived<Roofline>(
        "bound", [](const Roofline& roofline) { return roofline.bound(); }, "",
        "`compute`, `dram` or `none`: which one it is"),
};
static_assert(rows_are_complete<Roofline>());

template <>
inline constexpr auto kFigureRows<RunRoofline> = std::tuple{
    kept("bounds", &RunRoofline::bounds),
    derived<RunRoofline>(
        "compute_cycles", [](const RunRoofline& roofline) { return roofline.bounds.compute; },
        "cycles", "compute bound of all layers"),
    derived<RunRoofline>(
        "memory_cycles", [](const RunRoofline& roofline) { return roofline.bounds.memory; },
        "cycles", "memory bound of the compulsory bytes"),
    derived<RunRoofline>(
        "cycles", [](const RunRoofline& roofline) { return roofline.bounds.cycles(); }, "cycles",
        "the larger of the two"),
    derived<RunRoofline>(
        "bound", [](const RunRoofline& roofline) { return roofline.bounds.bound(); }, "",
        "`compute`, `dram` or `none`: which one it is"),
    figure("compulsory_dram_bytes", &RunRoofline::compulsory_bytes, "bytes",
           "every weight and bias once, states that products read"),
    figure("fraction", &RunRoofline::fraction, "",
           "roofline cycles over elapsed cycles; `null` where nothing bounds"),
};
static_assert(rows_are_complete<RunRoofline>());

template <>
inline constexpr auto kFigureRows<RunFigures> = std::tuple{
    figure("cycles", &RunFigures::cycles, "cycles", "elapsed"),
    figure("seconds", &RunFigures::seconds, "s", "elapsed"),
    figure("inferences_per_second", &RunFigures::inferences_per_second, "1/s",
           "batch over seconds"),
    figure("macs", &RunFigures::macs, "MACs",
           "multiply-accumulates of the whole batch, zeros of padding included"),
    figure("utilisation", &RunFigures::utilisation, "",
           "useful MACs over MAC slots of the elapsed cycles"),
    figure("tops", &RunFigures::tops, "TOPS", "achieved operations, two per MAC"),
    figure("peak_tops", &RunFigures::peak_tops, "TOPS", "the chip's, of the network's operands"),
    figure("roofline", &RunFigures::roofline, "", "lower bounds"),
    figure("bound_cycles", &RunFigures::bound_cycles, "cycles", "that no mapping beats"),
    figure("bound_by", &RunFigures::bound_by, "",
           "what they are spent on: `compute`, `dram`, `vector`, `host` or `none`"),
    figure("distance", &RunFigures::distance, "",
           "elapsed cycles over these; `null` where nothing bounds"),
    figure_by<TimePart>("time", &RunFigures::time, "cycles",
                        "of the matrix units on average, by what they are spent on; together "
                        "`cycles`"),
    figure_by<TimePart>("beyond_bound", &RunFigures::beyond, "cycles",
                        "of these what is beyond `bound_cycles`"),
    figure("inherent_distance", &RunFigures::inherent_distance, "",
           "with what is inherent beyond the bound alone: `least`, `edges`, `fill_and_drain`, "
           "`late_weights`"),
    figure("bound_dram_bytes", &RunFigures::bound_dram_bytes, "bytes",
           "that no mapping does without"),
    figure("bound_joules", &RunFigures::bound_joules, "J",
           "that no mapping does without; `null` for a chip without a technology"),
};
static_assert(rows_are_complete<RunFigures>());

template <>
inline constexpr auto kFigureRows<PhaseRun> = std::tuple{
    figure("context", &PhaseRun::context, "tokens",
           "that the last token attends to, itself included"),
    figure("tokens", &PhaseRun::tokens, "tokens", "of all sequences that the run computes"),
    figure("cycles", &PhaseRun::cycles, "cycles", "elapsed"),
    figure("seconds", &PhaseRun::seconds, "s", "elapsed"),
    figure("bound", &PhaseRun::bound, "", "the kind of engine with the most busy cycles"),
    figure("roofline_fraction", &PhaseRun::roofline, "", "roofline cycles over elapsed cycles"),
    figure("dram_utilisation", &PhaseRun::dram, "", "DRAM bytes a second over the peak"),
};
static_assert(rows_are_complete<PhaseRun>());

template <>
inline constexpr auto kFigureRows<Generation> = std::tuple{
    kept("prompt", &Generation::prompt),   kept("generated", &Generation::generated),
    kept("prefill", &Generation::prefill), kept("steps", &Generation::steps),
    kept("error", &Generation::error),
};
static_assert(rows_are_complete<Generation>());

template <>
inline constexpr auto kFigureRows<LanguageFigures> = std::tuple{
    figure("phase", &LanguageFigures::phase, "", "`prefill`, `decode` or `generate`"),
    figure("prompt", &LanguageFigures::prompt, "tokens", "of a sequence"),
    figure("generated", &LanguageFigures::generated, "tokens", "of a sequence"),
    figure("context", &LanguageFigures::context, "tokens", "that the last token attends to"),
    figure("prefill_seconds", &LanguageFigures::prefill_seconds, "s", "of the prompt"),
    figure("decode_seconds", &LanguageFigures::decode_seconds, "s", "of all steps"),
    figure("tokens_per_second", &LanguageFigures::tokens_per_second, "1/s",
           "of all sequences; of a generation those generated over the whole time"),
    figure("time_to_first_token", &LanguageFigures::time_to_first_token, "s", "that of the prompt"),
    figure("time_per_output_token", &LanguageFigures::time_per_output_token, "s",
           "of a step; of a generation the mean"),
    figure("weight_bytes", &LanguageFigures::weight_bytes, "bytes", "of all parameters"),
    figure("cache_bytes", &LanguageFigures::cache_bytes, "bytes",
           "of keys and values of all sequences at the end"),
    figure("cache_bytes_per_token", &LanguageFigures::cache_bytes_per_token, "bytes",
           "of one token of a sequence"),
    figure("prefill", &LanguageFigures::prefill, "", "the prompt's run"),
    figure("decode", &LanguageFigures::decode, "", "the last step's run"),
    figure("steps", &LanguageFigures::steps, "", "of a generation: those simulated"),
    figure("step_error", &LanguageFigures::step_error, "",
           "farthest that a simulated step was off the line between its neighbours"),
};
static_assert(rows_are_complete<LanguageFigures>());

template <>
inline constexpr auto kFigureRows<EndOnDevice> = std::tuple{
    figure("device", &EndOnDevice::device, "", "as in configs/devices"),
    figure("kind", &EndOnDevice::kind, "", "`cpu` or `gpu`"),
    figure("type", &EndOnDevice::type, "", "of its products"),
    figure("calibrated", &EndOnDevice::calibrated, "",
           "whether its family has a measurement of its own"),
    figure("step_seconds", &EndOnDevice::step_seconds, "s", "of one step, modelled"),
    figure("seconds", &EndOnDevice::seconds, "s", "of all steps"),
    figure("joules", &EndOnDevice::joules, "J", "of these"),
    figure("dollars", &EndOnDevice::dollars, "USD", "of these, owned"),
    figure("rented_dollars", &EndOnDevice::rented_dollars, "USD",
           "of these, rented; `null` where no price is known"),
    figure("error", &EndOnDevice::error, "", "why there are none"),
};
static_assert(rows_are_complete<EndOnDevice>());

template <>
inline constexpr auto kFigureRows<TrainingFigures> = std::tuple{
    figure("step_seconds", &TrainingFigures::step_seconds, "s", "of one step"),
    figure("forward_share", &TrainingFigures::forward_share, "",
           "of the step's cycles, the loss included"),
    figure("backward_share", &TrainingFigures::backward_share, "", "of the same"),
    figure("update_share", &TrainingFigures::update_share, "", "of the same"),
    figure("samples_per_second", &TrainingFigures::samples_per_second, "1/s", "batch over seconds"),
    figure("tokens_per_second", &TrainingFigures::tokens_per_second, "1/s",
           "of all sequences; `null` of what has none"),
    figure("mfu", &TrainingFigures::mfu, "",
           "products that the network asks for over what the peak does in the step's time"),
    figure("hfu", &TrainingFigures::hfu, "",
           "all products of the step in place of them, those computed again and zeros too"),
    figure("mfu_6nd", &TrainingFigures::mfu_6nd, "",
           "6 times parameters times tokens (or samples) in place of the products"),
    figure("forward_factor", &TrainingFigures::forward_factor, "",
           "products of the step over those of the network alone"),
    figure("parameters", &TrainingFigures::parameters, "", "numbers that are trained"),
    figure("state_bytes", &TrainingFigures::state_bytes, "bytes",
           "of fp32 masters, bf16 copies and moments"),
    figure("joules_per_step", &TrainingFigures::joules_per_step, "J",
           "`null` for a chip without a technology"),
    figure("dollars_per_step", &TrainingFigures::dollars_per_step, "USD",
           "of a chip that is owned; `null` for one without prices"),
    figure("first_loss", &TrainingFigures::first_loss, "", "of the steps that carried numbers"),
    figure("last_loss", &TrainingFigures::last_loss, "", "of the same"),
    figure("losses", &TrainingFigures::losses, "", "by step"),
    figure("end_samples", &TrainingFigures::end_samples, "", "to train to the end"),
    figure("end_steps", &TrainingFigures::end_steps, "", "of these, whole ones"),
    figure("end_seconds", &TrainingFigures::end_seconds, "s", "of these"),
    figure("end_joules", &TrainingFigures::end_joules, "J", "of these"),
    figure("end_dollars", &TrainingFigures::end_dollars, "USD",
           "of these, of a chip that is owned"),
    figure("end_rented_dollars", &TrainingFigures::end_rented_dollars, "USD",
           "of one that is rented; `null` where no price is known"),
    figure("end_built_dollars", &TrainingFigures::end_built_dollars, "USD",
           "of one that is designed and made in the volume of its file"),
    figure("end_devices", &TrainingFigures::end_devices, "", "the same steps on CPUs and GPUs"),
};
static_assert(rows_are_complete<TrainingFigures>());

template <>
inline constexpr auto kFigureRows<LayerDram> = std::tuple{
    figure("read_bytes", &LayerDram::read_bytes, "bytes", "that the layer asked for"),
    figure("write_bytes", &LayerDram::write_bytes, "bytes", "the same"),
};
static_assert(rows_are_complete<LayerDram>());

template <>
inline constexpr auto kFigureRows<LayerHost> = std::tuple{
    figure("bytes", &LayerHost::bytes, "bytes", "over the host link, both directions"),
};
static_assert(rows_are_complete<LayerHost>());

template <>
inline constexpr auto kFigureRows<LayerReport> = std::tuple{
    figure("name", &LayerReport::name, "", "as in the network's file"),
    figure("kind", &LayerReport::kind, "", "the same"),
    figure("output_shape", &LayerReport::output_shape, "elements",
           "batch, rows, columns, channels"),
    figure("view", &LayerReport::view, "", "no engine had an instruction of the layer"),
    figure("fused", &LayerReport::fused, "",
           "the layer before computes it, on the way out of the accumulators"),
    figure("macs", &LayerReport::macs, "MACs", "of the whole batch"),
    figure("cycles", &LayerReport::cycles, "cycles", "active"),
    figure("exposed_cycles", &LayerReport::exposed_cycles, "cycles", "add up to `total.cycles`"),
    figure("first_start", &LayerReport::first_start, "cycle",
           "in which its first instruction began to work"),
    figure("last_end", &LayerReport::last_end, "cycle", "in which its last result became visible"),
    figure("seconds", &LayerReport::seconds, "s", "of `cycles`"),
    figure("utilisation", &LayerReport::utilisation, "", "useful MACs over MAC slots of `cycles`"),
    figure("bound", &LayerReport::bound, "", "`compute`, `dram`, `vector`, `host` or `none`"),
    figure("roofline", &LayerReport::roofline, "cycles",
           "with the DRAM bytes that the layer moved"),
    figure("bound_cycles", &LayerReport::bound_cycles, "cycles",
           "that no mapping of its products beats; 0 without any"),
    figure("distance", &LayerReport::distance, "",
           "`cycles` over these; `null` of a view and without products"),
    figure_by<TimePart>("time", &LayerReport::time, "cycles",
                        "of the matrix units on average, by what they are spent on; together "
                        "`cycles`"),
    figure_by<TimePart>("beyond_bound", &LayerReport::beyond, "cycles",
                        "of these what is beyond `bound_cycles`"),
    figure("inherent_distance", &LayerReport::inherent_distance, "",
           "with what is inherent beyond the bound alone; `null` as `distance`"),
    figure("main_engine", &LayerReport::main_engine, "",
           "whose waits `stalls` lists; `null` for a view"),
    figure_by<EngineKind>("busy", &LayerReport::busy, "cycles", "of each engine for the layer"),
    figure_by<Cause>("stalls", &LayerReport::stalls, "cycles",
                     "of the main engine; every cause but `busy`"),
    figure("largest_stall", &LayerReport::largest_stall, "",
           "of these; `null` where it never waited"),
    figure("largest_stall_cycles", &LayerReport::largest_stall_cycles, "cycles", "its cycles"),
    figure("dram", &LayerReport::dram, "bytes", "that the layer asked for"),
    figure("host", &LayerReport::host, "bytes", "over the host link"),
    figure("joules", &LayerReport::joules, "J",
           "energy of the layer; `null` for a chip without a technology"),
};
static_assert(rows_are_complete<LayerReport>());

template <>
inline constexpr auto kFigureRows<MatrixShare> = std::tuple{
    figure("name", &MatrixShare::name, "", "as in the text report"),
    kept("meaning", &MatrixShare::meaning),
    figure("cycles", &MatrixShare::cycles, "cycles", "of the matrix unit"),
    kept("tenths_of_percent", &MatrixShare::tenths_of_percent),
    derived<MatrixShare>(
        "percent",
        [](const MatrixShare& share) {
          return static_cast<double>(share.tenths_of_percent) / 10.0;
        },
        "%", "one decimal; together 100.0"),
};
static_assert(rows_are_complete<MatrixShare>());

template <>
inline constexpr auto kFigureRows<DramRates> = std::tuple{
    figure("bytes_per_second", &DramRates::bytes_per_second, "bytes/s",
           "read and written bytes over elapsed seconds"),
    figure("peak_bytes_per_second", &DramRates::peak_bytes_per_second, "bytes/s",
           "of all data buses"),
    figure("utilisation", &DramRates::utilisation, "", "of the two before"),
    figure("row_hit_rate", &DramRates::row_hit_rate, "", "row hits over all bursts"),
};
static_assert(rows_are_complete<DramRates>());

template <>
inline constexpr auto kFigureRows<SourceFile> = std::tuple{
    figure("file", &SourceFile::file, "", "where it was read"),
    figure("shipped", &SourceFile::shipped, "", "whether it ships"),
    figure("replaces_shipped", &SourceFile::replaces_shipped, "",
           "whether it stands before one that does"),
    kept("hash", &SourceFile::hash),
    derived<SourceFile>(
        "xxh128",
        [](const SourceFile& source) {
          return source.hash.empty() ? std::nullopt : std::optional(source.hash);
        },
        "", "hash of its bytes"),
};
static_assert(rows_are_complete<SourceFile>());

template <>
inline constexpr auto kFigureRows<Provenance> = std::tuple{
    figure("version", &Provenance::version, "", "of `systole`"),
    figure("seed", &Provenance::seed, "", "of generated weights and inputs"),
    figure("chip", &Provenance::chip, "", "its file"),
    figure("network", &Provenance::network, "", "its file"),
};
static_assert(rows_are_complete<Provenance>());

template <>
inline constexpr auto kFigureRows<Mismatch> = std::tuple{
    kept("tensor", &Mismatch::tensor),   kept("batch", &Mismatch::batch),
    kept("row", &Mismatch::row),         kept("col", &Mismatch::col),
    kept("channel", &Mismatch::channel), kept("expected", &Mismatch::expected),
    kept("actual", &Mismatch::actual),   kept("missing", &Mismatch::missing),
};
static_assert(rows_are_complete<Mismatch>());

template <>
inline constexpr auto kFigureRows<TensorError> = std::tuple{
    kept("elements", &TensorError::elements), kept("mean", &TensorError::mean),
    kept("worst", &TensorError::worst),       kept("worst_at", &TensorError::worst_at),
    kept("largest", &TensorError::largest),   kept("sqnr_db", &TensorError::sqnr_db),
};
static_assert(rows_are_complete<TensorError>());

template <>
inline constexpr auto kFigureRows<Shape> = std::tuple{
    kept("batch", &Shape::batch),
    kept("rows", &Shape::rows),
    kept("cols", &Shape::cols),
    kept("channels", &Shape::channels),
};
static_assert(rows_are_complete<Shape>());

template <>
inline constexpr auto kFigureRows<ComparedTensor> = std::tuple{
    kept("tensor", &ComparedTensor::tensor), kept("file", &ComparedTensor::file),
    kept("shape", &ComparedTensor::shape),   kept("error", &ComparedTensor::error),
    kept("top1", &ComparedTensor::top1),     kept("passed", &ComparedTensor::passed),
};
static_assert(rows_are_complete<ComparedTensor>());

template <>
inline constexpr auto kFigureRows<UserComparison> = std::tuple{
    derived<UserComparison>(
        "passed", [](const UserComparison& comparison) { return comparison.passed(); }, "",
        "every tensor within the tolerance"),
    kept("directory", &UserComparison::directory),
    figure("tolerance", &UserComparison::tolerance, "", "of a tensor's largest number"),
    kept("tensors", &UserComparison::tensors),
    kept("ignored", &UserComparison::ignored),
};
static_assert(rows_are_complete<UserComparison>());

template <>
inline constexpr auto kFigureRows<TensorQuality> = std::tuple{
    kept("tensor", &TensorQuality::tensor),
    kept("elements", &TensorQuality::elements),
    kept("saturated", &TensorQuality::saturated),
    kept("clipped_weights", &TensorQuality::clipped_weights),
    kept("error", &TensorQuality::error),
};
static_assert(rows_are_complete<TensorQuality>());

template <>
inline constexpr auto kFigureRows<CheckResult> = std::tuple{
    derived<CheckResult>(
        "passed", [](const CheckResult& check) { return check.passed(); }, "",
        "compared something, and nothing differed"),
    figure("tensors", &CheckResult::tensors, "", "compared"),
    figure("elements", &CheckResult::elements, "", "compared"),
    figure("mismatches", &CheckResult::mismatches, "", "different"),
    kept("first", &CheckResult::first),
    kept("quality", &CheckResult::quality),
};
static_assert(rows_are_complete<CheckResult>());

template <>
inline constexpr auto kFigureRows<Advice> = std::tuple{
    figure("cause", &Advice::cause, "", "that the matrix unit waited for"),
    figure("share", &Advice::share, "", "of the elapsed cycles"),
    figure("reason", &Advice::reason, "", "what was wanted and what was there"),
    figure("keys", &Advice::keys, "", "of the chip's file"),
};
static_assert(rows_are_complete<Advice>());

template <>
inline constexpr auto kFigureRows<FpgaResources> = std::tuple{
    figure("multipliers", &FpgaResources::multipliers, "", "DSP slices, or tensor blocks"),
    figure("block_memories", &FpgaResources::block_memories, "", "of the small kind"),
    figure("large_memories", &FpgaResources::large_memories, "", "of the large kind"),
    figure("luts", &FpgaResources::luts, "", "look-up tables"),
    figure("flip_flops", &FpgaResources::flip_flops, "", "registers"),
};
static_assert(rows_are_complete<FpgaResources>());

template <>
inline constexpr auto kFigureRows<FpgaPower> = std::tuple{
    derived<FpgaPower>(
        "total", [](const FpgaPower& power) { return power.total(); }, "W", "all parts"),
    figure("static", &FpgaPower::static_watts, "W", "of the whole card, clocks stopped"),
    figure("fabric", &FpgaPower::fabric, "W", "used LUTs, busy or not"),
    figure("products", &FpgaPower::multiply, "W", "of the multipliers"),
    figure("memories", &FpgaPower::memory, "W", "on chip"),
    figure("dram", &FpgaPower::dram, "W", "devices and interface"),
};
static_assert(rows_are_complete<FpgaPower>());

}  // namespace systole
