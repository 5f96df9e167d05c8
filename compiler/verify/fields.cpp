#include "compiler/verify/fields.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "arch/isa/limits.h"
#include "compiler/verify/stages.h"

namespace systole::verification {

namespace {

constexpr std::int64_t kLargestCount = (std::int64_t{1} << 31) - 1;
constexpr std::int64_t kLargestAddress = std::int64_t{1} << 48;
constexpr std::int64_t kLargestShift = 62;

/// Of a field: put together where a message needs it, and not before.
class FieldName {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): most are one word
  constexpr FieldName(const char* name) : owner_(name) {}
  // NOLINTNEXTLINE(google-explicit-constructor): as above
  constexpr FieldName(std::string_view name) : owner_(name) {}
  constexpr FieldName(std::string_view owner, std::string_view part) : owner_(owner), part_(part) {}

  [[nodiscard]] std::string text() const {
    return part_.empty() ? std::string(owner_) : fmt::format("{} {}", owner_, part_);
  }

 private:
  std::string_view owner_;
  std::string_view part_;
};

/// Keeps the first rule that is broken; every check returns whether it holds, for use with &&.
class Rules {
 public:
  [[nodiscard]] const std::string& broken() const { return broken_; }

  bool within(const FieldName& name, std::int64_t value, std::int64_t low, std::int64_t high) {
    return (value >= low && value <= high) ||
           fail(low == high
                    ? fmt::format("{} is {}, expected {}", name.text(), value, low)
                    : fmt::format("{} is {}, expected {}..{}", name.text(), value, low, high));
  }
  bool count(const FieldName& name, std::int64_t value) {
    return within(name, value, 1, kLargestCount);
  }
  bool step(const FieldName& name, std::int64_t value) { return within(name, value, 1, kMaxSize); }
  bool address(const FieldName& name, std::int64_t value) {
    return within(name, value, 0, kLargestAddress);
  }
  bool index(const FieldName& name, std::int64_t value, std::size_t size) {
    return (value >= 0 && static_cast<std::size_t>(value) < size) ||
           fail(fmt::format("{} is {}, but the program has {} of them", name.text(), value, size));
  }
  /// Rows must not overlap each other; a lone row has no pitch.
  bool pitch(const FieldName& name, std::int64_t value, std::int64_t rows, std::int64_t row_bytes) {
    return rows == 1 || within(name, value, row_bytes, kLargestCount);
  }
  bool fail(std::string message) {
    if (broken_.empty()) {
      broken_ = std::move(message);
    }
    return false;
  }

 private:
  std::string broken_;
};

bool check_tensor(Rules& rules, const ProgramTensor& tensor) {
  const std::int64_t elements = kLargestAddress / bytes_of(DataType::Int32);
  return rules.count("channels", tensor.channels) &&
         rules.within("pixels", tensor.pixels, 1, elements / tensor.channels) &&
         rules.address("home", tensor.home) &&
         (tensor.io == IoMemory::Host || tensor.role == TensorRole::Input ||
          tensor.role == TensorRole::Output ||
          rules.fail(fmt::format("io is {}, expected host for what is no input and no output",
                                 name_of(tensor.io))));
}

/// Of a tile that is a part of a tensor.
bool check_walk(Rules& rules, const Program& program, const WeightTile& tile) {
  if (!rules.index("tensor", tile.tensor, program.tensors.size())) {
    return false;
  }
  const DataType type = program.tensors[static_cast<std::size_t>(tile.tensor)].type;
  return rules.within("dram_address", tile.dram_address, 0, 0) &&
         rules.address("offset", tile.offset) &&
         rules.pitch("pitch", tile.pitch, 2,
                     bytes_of(type, tile.transposed ? tile.rows : tile.cols));
}

bool check_tile(Rules& rules, const ChipSpec& chip, const Program& program,
                const WeightTile& tile) {
  return rules.index("layer", tile.layer, program.layers.size()) &&
         rules.within("rows", tile.rows, 1, chip.matrix.rows) &&
         rules.within("cols", tile.cols, 1, chip.matrix.cols) &&
         rules.within("k_first", tile.k_first, 0, kLargestCount) &&
         rules.within("n_first", tile.n_first, 0, kLargestCount) &&
         rules.within("zeros", tile.zeros, 0,
                      tile.tensor == kNoTensor ? tile.rows * tile.cols - 1 : 0) &&
         (tile.tensor == kNoTensor ? rules.address("dram_address", tile.dram_address)
                                   : check_walk(rules, program, tile));
}

bool check_memories(Rules& rules, const ChipSpec& chip, const Program& program) {
  const EngineSet engines = chip.engines();
  return rules.within("cores", program.engines().cores, engines.cores, engines.cores) &&
         rules.within("matrix_units", program.engines().matrix_units, engines.matrix_units,
                      engines.matrix_units) &&
         rules.count("batch", program.batch) &&
         rules.within("dram_bytes", program.dram_bytes, 0, chip.dram.capacity.count()) &&
         rules.address("host_bytes", program.host_bytes);
}

class InstructionRules {
 public:
  InstructionRules(const ChipSpec& chip, const Program& program, Place place, Rules& rules)
      : chip_(chip),
        program_(program),
        place_(place),
        instruction_(instruction_at(program, place)),
        rules_(rules) {}

  bool check() {
    return rules_.index("layer", instruction_.layer(), program_.layers.size()) && check_layer() &&
           check_engine() && check_semaphores() && instruction_.visit(*this);
  }

  bool operator()(const Transfer& transfer) {
    return check_direction(transfer) && rules_.count("rows", transfer.rows) &&
           rules_.count("row_bytes", transfer.row_bytes) &&
           rules_.pitch("far_pitch", transfer.far_pitch, transfer.rows, transfer.row_bytes) &&
           rules_.pitch("buffer_pitch", transfer.buffer_pitch, transfer.rows, transfer.row_bytes) &&
           check_operand("far", transfer.far) && check_operand("buffer", transfer.buffer) &&
           ((transfer.far.tensor == transfer.buffer.tensor &&
             transfer.far.offset == transfer.buffer.offset) ||
            rules_.fail(fmt::format("far is byte {} of {}, but buffer is byte {} of {}",
                                    transfer.far.offset, tensor_name(transfer.far),
                                    transfer.buffer.offset, tensor_name(transfer.buffer))));
  }

  bool operator()(const LoadTile& load) {
    if (!check_tile_index(load.tile)) {
      return false;
    }
    const WeightTile& tile = tile_at(load.tile);
    return rules_.within("rows", load.rows, tile.rows, tile.rows) &&
           rules_.within("cols", load.cols, tile.cols, tile.cols) &&
           rules_.within("transposed", load.transposed ? 1 : 0, tile.transposed ? 1 : 0,
                         tile.transposed ? 1 : 0) &&
           check_zero_point(load.type, load.zero_point) && check_conversion(load) &&
           (tile.tensor == kNoTensor ? check_parameters(load, tile) : check_part(load, tile));
  }

  bool operator()(const Fold& fold) {
    if (!check_tile_index(fold.tile)) {
      return false;
    }
    const WeightTile& tile = tile_at(fold.tile);
    const Window& window = *fold.window;
    const std::int64_t reduction = window.kernel_rows * window.kernel_cols * window.channels;
    // Where images are channels a window is one image's part of the reduction.
    const bool is_part = window.channels == 1 && reduction > 0 &&
                         window.image_pitch == bytes_of(fold.activation_type, 1);
    const std::int64_t k_first = is_part ? fold.k_first % reduction : fold.k_first;
    return rules_.within("rows", fold.rows, tile.rows, tile.rows) &&
           rules_.within("cols", fold.cols, tile.cols, tile.cols) &&
           rules_.within("k_first", fold.k_first, tile.k_first, tile.k_first) && check_kind(fold) &&
           check_window(window, fold.first, fold.count, fold.activation_type) &&
           rules_.within("k_first + rows", k_first + fold.rows, 1, reduction) &&
           check_entries(fold.accumulator, fold.count) && check_array(fold) &&
           check_zero_point(fold.activation_type, fold.zero_point) && check_activations(fold);
  }

  bool operator()(const RowLoop& loop) {
    if (!rules_.count("rows", loop.rows) || !rules_.count("cols", loop.cols) ||
        !rules_.within("first", loop.first, 0, kLargestCount)) {
      return false;
    }
    const StageCheck stages = check_stages(loop);
    if (!stages.broken.empty()) {
      return rules_.fail(stages.broken);
    }
    const std::vector<Stage>& body = loop.body->stages;
    return std::all_of(body.begin(), body.end(),
                       [&](const Stage& stage) {
                         return std::visit([&](const auto& any) { return check_stage(loop, any); },
                                           stage);
                       }) &&
           check_store(loop, stages);
  }

 private:
  // What a stage asks for by itself; one overload for each.

  /// Rows of elements, or one for all rows where there is no pitch.
  bool check_stage(const RowLoop& loop, const LoadStage& load) {
    const std::int64_t cols = load.single ? 1 : loop.cols;
    const bool exact = is_float(load.type) || load.integer;
    return (load.type == DataType::Int8 || is_float(load.type) ||
            rules_.fail(fmt::format("load is of type {}, expected int8 or a floating type",
                                    systole::name_of(load.type)))) &&
           (!load.integer || !is_float(load.type) ||
            rules_.fail(fmt::format("load makes integers, but the type is {}",
                                    systole::name_of(load.type)))) &&
           check_operand_index(loop, load.operand) &&
           check_block("load", operand_of(loop, load.operand), load.pitch,
                       load.pitch == 0 ? 1 : loop.rows, cols, load.type) &&
           rules_.within("load zero_point", load.zero_point, is_float(load.type) ? 0 : -128,
                         is_float(load.type) ? 0 : 127) &&
           check_number("load scale", load.scale, exact) &&
           (!load.swapped || cols % 2 == 0 ||
            rules_.fail(
                fmt::format("load of {} swapped elements, expected an even number", cols))) &&
           rules_.within("load multiplier", load.multiplier, load.integer ? 0 : 1,
                         load.integer ? kLargestCount : 1);
  }
  bool check_stage(const RowLoop& loop, const SumsStage& sums) {
    return (sums.type == DataType::Int32 || sums.type == DataType::Fp32 ||
            rules_.fail(fmt::format("sums are of type {}, expected int32 or fp32",
                                    systole::name_of(sums.type)))) &&
           check_entries(loop.accumulator, loop.rows) &&
           rules_.within("cols", loop.cols, 1, chip_.matrix.cols) &&
           (sums.bias == kNoOperand || (check_operand_index(loop, sums.bias) &&
                                        check_operand("bias", operand_of(loop, sums.bias))));
  }
  bool check_stage(const RowLoop& loop, const WindowStage& walk) {
    if (!check_operand_index(loop, walk.operand)) {
      return false;
    }
    Window window = walk.window;
    window.source = operand_of(loop, walk.operand);
    const bool averages = walk.kind == PoolKind::Average;
    return (walk.window.source == Operand{} ||
            rules_.fail("window has a source of its own beside the operand")) &&
           (walk.type == DataType::Int8 || is_float(walk.type) ||
            rules_.fail(fmt::format("window is of type {}, expected int8 or a floating type",
                                    systole::name_of(walk.type)))) &&
           check_window(window, loop.first, loop.rows, walk.type) &&
           rules_.within("channels", window.channels, loop.cols, loop.cols) &&
           check_type("window source", window.source, walk.type) && check_scale(walk.scale) &&
           (is_float(walk.type) ? check_absent("window zero_point", walk.zero_point, walk.type) &&
                                      check_absent("window scale", walk.scale.multiplier, walk.type)
                                : rules_.within("window zero_point", walk.zero_point, -128, 127)) &&
           (averages || !walk.count_padding || rules_.fail("a maximum does not count padding"));
  }
  bool check_stage(const RowLoop& loop, const LookupStage& lookup) {
    return (lookup.type == DataType::Int8 || lookup.type == DataType::Int32 ||
            rules_.fail(fmt::format("table is of type {}, expected int8 or int32",
                                    systole::name_of(lookup.type)))) &&
           check_operand_index(loop, lookup.table) &&
           check_operand("table", operand_of(loop, lookup.table));
  }
  bool check_stage(const RowLoop& loop, const ColumnScaleStage& scale) {
    return check_operand_index(loop, scale.factors) &&
           check_operand("factors", operand_of(loop, scale.factors));
  }
  bool check_stage(const RowLoop& /*loop*/, const ScaleStage& scale) {
    return check_scale(scale.scale);
  }
  bool check_stage(const RowLoop& /*loop*/, const RoundStage& round) {
    return is_float(round.type) ||
           rules_.fail(fmt::format("round is to type {}, expected a floating type",
                                   systole::name_of(round.type)));
  }
  // check_stages has seen to what these name.
  static bool check_stage(const RowLoop& /*loop*/, const NumberStage& /*number*/) { return true; }
  static bool check_stage(const RowLoop& /*loop*/, const PairStage& /*pair*/) { return true; }
  static bool check_stage(const RowLoop& /*loop*/, const FunctionStage& /*function*/) {
    return true;
  }
  static bool check_stage(const RowLoop& /*loop*/, const ReduceStage& /*reduce*/) { return true; }
  static bool check_stage(const RowLoop& /*loop*/, const MaskStage& /*mask*/) { return true; }
  static bool check_stage(const RowLoop& /*loop*/, const ClampStage& /*clamp*/) { return true; }

  bool check_operand_index(const RowLoop& loop, std::int32_t index) {
    return rules_.index("operand", index, loop.operands.size());
  }
  static const Operand& operand_of(const RowLoop& loop, std::int32_t index) {
    return loop.operands[static_cast<std::size_t>(index)];
  }

  /// A positive number; 1 where the type is floating and nothing is scaled.
  bool check_number(std::string_view name, float value, bool one) {
    return (one ? value == 1 : value > 0 && !std::isinf(value)) ||
           rules_.fail(
               fmt::format("{} is {}, expected {}", name, value, one ? "1" : "a positive number"));
  }

  bool check_layer() {
    const ProgramLayer& layer = program_.layers[static_cast<std::size_t>(instruction_.layer())];
    return !layer.fused ||
           rules_.fail(fmt::format("layer is {}, which is fused and has no instructions",
                                   instruction_.layer()));
  }

  bool check_engine() {
    const EngineKind engine = place_.engine.kind;
    return instruction_.visit([&](const auto& any) { return is_of(engine, any); }) ||
           rules_.fail("the engine does not execute this operation");
  }
  static bool is_of(EngineKind engine, const Transfer& /*transfer*/) {
    return engine == EngineKind::Host || engine == EngineKind::DmaIn ||
           engine == EngineKind::DmaOut;
  }
  static bool is_of(EngineKind engine, const LoadTile& /*load*/) {
    return engine == EngineKind::Weights;
  }
  static bool is_of(EngineKind engine, const Fold& /*fold*/) {
    return engine == EngineKind::Matrix;
  }
  static bool is_of(EngineKind engine, const RowLoop& /*loop*/) {
    return engine == EngineKind::Vector;
  }

  bool check_semaphores() {
    for (const SemaphoreUse& use : instruction_.waits()) {
      if (!check_use("wait", use, &Semaphore::to)) {
        return false;
      }
    }
    for (const SemaphoreUse& use : instruction_.signals()) {
      if (!check_use("signal", use, &Semaphore::from)) {
        return false;
      }
    }
    return true;
  }

  bool check_use(std::string_view what, const SemaphoreUse& use, EngineId Semaphore::*side) {
    if (!rules_.index("semaphore", use.semaphore, program_.semaphores.size()) ||
        !rules_.count({what, "count"}, use.count)) {
      return false;
    }
    const EngineId owner = program_.semaphores[static_cast<std::size_t>(use.semaphore)].*side;
    return owner == place_.engine ||
           rules_.fail(fmt::format("{} of semaphore {} belongs to {}", what, use.semaphore,
                                   systole::name_of(owner)));
  }

  bool check_direction(const Transfer& transfer) {
    const bool wrong = (place_.engine.kind == EngineKind::DmaIn && !transfer.to_buffer) ||
                       (place_.engine.kind == EngineKind::DmaOut && transfer.to_buffer);
    return !wrong || rules_.fail(fmt::format("to_buffer is {}", transfer.to_buffer));
  }

  [[nodiscard]] const WeightTile& tile_at(std::int32_t tile) const {
    return program_.tiles[static_cast<std::size_t>(tile)];
  }

  bool check_tile_index(std::int32_t index) {
    return rules_.index("tile", index, program_.tiles.size()) &&
           (tile_at(index).layer == instruction_.layer() ||
            rules_.fail(
                fmt::format("tile {} belongs to layer '{}'", index,
                            program_.layers[static_cast<std::size_t>(tile_at(index).layer)].name)));
  }

  /// Weights lie in DRAM, packed, and on some chips padded to the array.
  bool check_parameters(const LoadTile& load, const WeightTile& tile) {
    const std::int64_t whole = bytes_of(load.type, chip_.matrix.rows * chip_.matrix.cols);
    const std::int64_t padding =
        chip_.weight_fifo.whole_tiles ? whole - bytes_of(load.type, tile.rows * tile.cols) : 0;
    return check_source(load, TileSource::Dram) &&
           rules_.within("padding", load.padding, padding, padding) &&
           rules_.within("source tensor", load.source.tensor, kNoTensor, kNoTensor) &&
           rules_.within("pitch", load.pitch, 0, 0) &&
           rules_.within("source address", load.source.address, tile.dram_address,
                         tile.dram_address);
  }

  /// Elements that become others on their way.
  bool check_conversion(const LoadTile& load) {
    const TileConversion& conversion = *load.conversion;
    if (conversion == TileConversion{}) {
      return true;
    }
    const bool groups = conversion.group_rows != 0;
    return (chip_.weight_fifo.converts(load.type) ||
            rules_.fail(fmt::format("the way into the array converts no {}",
                                    systole::name_of(load.type)))) &&
           (conversion.to == DataType::Bf16 || conversion.to == DataType::Fp16 ||
            rules_.fail(fmt::format("elements are converted to {}, expected bf16 or fp16",
                                    systole::name_of(conversion.to)))) &&
           check_number("conversion scale", conversion.scale, groups) &&
           (!groups ||
            rules_.within("conversion group_rows", conversion.group_rows, 1, kLargestCount)) &&
           rules_.within("conversion first_rows", conversion.first_rows, groups ? 1 : 0,
                         groups ? std::min(conversion.group_rows, load.rows) : 0) &&
           (!groups || program_.tiles[static_cast<std::size_t>(load.tile)].tensor == kNoTensor ||
            rules_.fail("scales of groups come with weights alone"));
  }

  /// A part of a tensor, where the chip can take it from.
  bool check_part(const LoadTile& load, const WeightTile& tile) {
    const std::int64_t runs = load.transposed ? load.cols : load.rows;
    const std::int64_t bytes = bytes_of(load.type, load.transposed ? load.rows : load.cols);
    return (chip_.weight_fifo.from_buffer || check_source(load, TileSource::Dram)) &&
           (!load.transposed || chip_.weight_fifo.transpose ||
            rules_.fail("the chip transposes no tile")) &&
           rules_.within("padding", load.padding, 0, 0) &&
           rules_.within("source tensor", load.source.tensor, tile.tensor, tile.tensor) &&
           rules_.within("source offset", load.source.offset, tile.offset, tile.offset) &&
           rules_.address("source", load.source.address) &&
           check_type("source", load.source, load.type) &&
           rules_.pitch("pitch", load.pitch, std::max<std::int64_t>(runs, 2), bytes);
  }

  bool check_source(const LoadTile& load, TileSource expected) {
    return load.from == expected ||
           rules_.fail(fmt::format("the tile comes from {}, expected {}",
                                   systole::name_of(load.from), systole::name_of(expected)));
  }

  /// Taken from int8 alone.
  bool check_zero_point(DataType type, std::int32_t zero_point) {
    return type == DataType::Int8 ? rules_.within("zero_point", zero_point, -128, 127)
                                  : check_absent("zero_point", zero_point, type);
  }

  /// A matrix unit writes accumulators of its own; the vector unit reads those of one.
  bool check_entries(std::int64_t first, std::int64_t count) {
    const std::int64_t entries = chip_.accumulators.entries;
    const bool folds = place_.engine.kind == EngineKind::Matrix;
    if (!folds && !rules_.within("accumulator", first, 0, chip_.matrix.count * entries - 1)) {
      return false;
    }
    const std::int64_t lowest = (folds ? place_.engine.unit : first / entries) * entries;
    return rules_.within("accumulator", first, lowest, lowest + entries - 1) &&
           rules_.within("accumulator entries", count, 1, entries) &&
           rules_.within("last accumulator", first + count - 1, lowest, lowest + entries - 1);
  }

  /// What the activations are: padding must be a number of their type, and the runs of channels of
  /// int4, of which two share a byte, begin with whole bytes.
  bool check_activations(const Fold& fold) {
    const DataType type = fold.activation_type;
    const Window& window = *fold.window;
    if (!check_type("window source", window.source, type)) {
      return false;
    }
    if (is_float(type)) {
      return rules_.within("pad_value", window.pad_value, 0, 0);
    }
    return type != DataType::Int4 ||
           (rules_.within("pad_value", window.pad_value, -8, 7) &&
            check_even("channels", window.channels) && check_even("k_first", fold.k_first));
  }

  bool check_even(std::string_view name, std::int64_t value) {
    return value % 2 == 0 ||
           rules_.fail(fmt::format("{} is {}, expected an even number: two int4 share a byte", name,
                                   value));
  }

  /// What the array can multiply.
  bool check_kind(const Fold& fold) {
    const std::optional<MacKind> kind = mac_kind(fold.activation_type, fold.weight_type);
    return (kind && chip_.matrix.supports(*kind)) ||
           rules_.fail(fmt::format("the matrix unit does not multiply {} x {}",
                                   systole::name_of(fold.activation_type),
                                   systole::name_of(fold.weight_type)));
  }

  /// What the array can hold.
  bool check_array(const Fold& fold) {
    const MatrixUnitSpec& matrix = chip_.matrix;
    switch (matrix.dataflow) {
      case Dataflow::WeightStationary:
        return check_drain(fold);
      case Dataflow::InputStationary:  // each column holds the activations of one output position
        return rules_.within("count", fold.count, 1, matrix.cols) && check_drain(fold);
      case Dataflow::OutputStationary:  // each row holds the sums of one output position
        return rules_.within("count", fold.count, 1, matrix.rows) &&
               (fold.drain || !fold.accumulate ||
                rules_.fail("adds to accumulators, but its sums stay in the array"));
    }
    return false;
  }

  bool check_drain(const Fold& fold) {
    return fold.drain || rules_.fail(fmt::format("drain is false, but the array is {}",
                                                 systole::name_of(chip_.matrix.dataflow)));
  }

  bool check_operand(std::string_view name, const Operand& operand) {
    return rules_.index({name, "tensor"}, operand.tensor, program_.tensors.size()) &&
           rules_.address(name, operand.address) &&
           rules_.within("offset", operand.offset, 0, kLargestAddress);
  }

  /// Of elements of `type`, which the tensor must hold.
  bool check_block(std::string_view name, const Operand& operand, std::int64_t pitch,
                   std::int64_t rows, std::int64_t cols, DataType type) {
    return rules_.count("rows", rows) && rules_.count("cols", cols) &&
           check_operand(name, operand) &&
           rules_.pitch({name, "pitch"}, pitch, rows, bytes_of(type, cols)) &&
           check_type(name, operand, type);
  }

  /// What belongs to int8 alone has its default beside a floating type.
  bool check_absent(std::string_view name, std::int64_t value, DataType type) {
    return value == 0 || rules_.fail(fmt::format("{} is given, but the type is {}", name,
                                                 systole::name_of(type)));
  }

  bool check_store(const RowLoop& loop, const StageCheck& stages) {
    const Store& to = loop.body->to;
    const std::int64_t cols = stages.result == Made::Row ? loop.cols : 1;
    const std::int64_t row_bytes = bytes_of(to.type, cols);
    return (!stages.integers || !is_float(to.type) ||
            rules_.fail(fmt::format("type is {}, but the numbers are integers",
                                    systole::name_of(to.type)))) &&
           check_number("steps", to.steps, is_float(to.type) || stages.integers) &&
           check_operand("to", loop.out) &&
           (is_float(to.type) ? check_real(to) : check_integer(to)) &&
           rules_.pitch("to pitch", to.pitch, loop.rows, row_bytes) &&
           rules_.within("end of to", loop.out.address + (loop.rows - 1) * to.pitch + row_bytes, 0,
                         chip_.buffer.capacity.count()) &&
           check_type("to", loop.out, to.type);
  }

  bool check_real(const Store& to) {
    return check_absent("zero_point", to.zero_point, to.type) &&
           (to.low <= to.high ||
            rules_.fail(
                fmt::format("low is {}, expected a number up to high, {}", to.low, to.high)));
  }

  bool check_integer(const Store& to) {
    const std::int32_t lowest = -128;
    const std::int32_t highest = 127;
    return (to.type == DataType::Int8 ||
            rules_.fail(fmt::format("type is {}, expected int8 or a floating type",
                                    systole::name_of(to.type)))) &&
           check_limit("low", to.low, lowest, highest) &&
           check_limit("high", to.high,
                       std::isinf(to.low) ? lowest : static_cast<std::int32_t>(to.low), highest) &&
           (to.function == RealFunction::None ||
            rules_.fail(fmt::format("function is {}, but the type is int8",
                                    systole::name_of(to.function))));
  }

  /// A limit that is not given is infinite: -inf of `low`, inf of `high`.
  bool check_limit(std::string_view name, float value, std::int32_t low, std::int32_t high) {
    const bool absent = std::isinf(value) && (value < 0) == (name == "low");
    const bool whole = std::trunc(value) == value;
    return absent ||
           (whole && value >= static_cast<float>(low) && value <= static_cast<float>(high)) ||
           rules_.fail(fmt::format("{} is {}, expected {}..{}", name, value, low, high));
  }

  /// The elements of the tensor must be what the instruction takes them for.
  bool check_type(std::string_view name, const Operand& operand, DataType type) {
    const DataType declared = program_.tensors[static_cast<std::size_t>(operand.tensor)].type;
    return declared == type || rules_.fail(fmt::format("{} is of type {}, but {} holds {}", name,
                                                       systole::name_of(type), tensor_name(operand),
                                                       systole::name_of(declared)));
  }

  bool check_scale(const FixedPoint& scale) {
    return rules_.within("scale multiplier", scale.multiplier, 0, kLargestCount) &&
           rules_.within("scale shift", scale.shift, 0, kLargestShift);
  }

  bool check_window(const Window& window, std::int64_t first, std::int64_t count, DataType type) {
    return check_operand("window source", window.source) && check_extents(window) &&
           check_steps(window) && check_pitches(window, type) && rules_.count("count", count) &&
           rules_.within("first", first, 0, kLargestCount) && check_images(window, first, count);
  }

  bool check_extents(const Window& window) {
    return rules_.count("in_rows", window.in_rows) && rules_.count("in_cols", window.in_cols) &&
           rules_.within("first_in_row", window.first_in_row, 0, window.in_rows - 1) &&
           rules_.count("channels", window.channels) && rules_.count("out_rows", window.out_rows) &&
           rules_.count("out_cols", window.out_cols) &&
           rules_.within("first_out_row", window.first_out_row, 0, kLargestCount);
  }

  bool check_steps(const Window& window) {
    return rules_.step("kernel_rows", window.kernel_rows) &&
           rules_.step("kernel_cols", window.kernel_cols) &&
           rules_.step("stride_rows", window.stride_rows) &&
           rules_.step("stride_cols", window.stride_cols) &&
           rules_.step("dilation_rows", window.dilation_rows) &&
           rules_.step("dilation_cols", window.dilation_cols) &&
           rules_.within("pad_top", window.pad_top, 0, kMaxSize) &&
           rules_.within("pad_left", window.pad_left, 0, kMaxSize) &&
           rules_.within("pad_value", window.pad_value, -128, 127);
  }

  bool check_pitches(const Window& window, DataType type) {
    return rules_.within("image_pitch", window.image_pitch, 0, kLargestCount) &&
           rules_.within("row_pitch", window.row_pitch, 0, kLargestCount) &&
           (window.in_cols == 1 || rules_.within("pixel_pitch", window.pixel_pitch,
                                                 bytes_of(type, window.channels), kLargestCount));
  }

  /// Also keeps the products of the addresses small.
  bool check_images(const Window& window, std::int64_t first, std::int64_t count) {
    const std::int64_t images = (first + count - 1) / (window.out_rows * window.out_cols);
    const std::int64_t capacity = chip_.buffer.capacity.count();
    return rules_.within("last image x image_pitch", images * window.image_pitch, 0, capacity) &&
           rules_.within("in_cols x pixel_pitch", window.in_cols * window.pixel_pitch, 0,
                         kLargestAddress) &&
           rules_.within("in_rows x row_pitch", window.in_rows * window.row_pitch, 0,
                         kLargestAddress);
  }

  [[nodiscard]] std::string tensor_name(const Operand& operand) const {
    return name_of(program_, Label::of_tensor(operand.tensor));
  }

  const ChipSpec& chip_;
  const Program& program_;
  Place place_;
  StreamInstruction instruction_;
  Rules& rules_;
};

}  // namespace

std::optional<std::string> check_tables(const ChipSpec& chip, const Program& program) {
  Rules rules;
  if (!check_memories(rules, chip, program)) {
    return fmt::format("program: {}", rules.broken());
  }
  if (!program.layers.empty() && program.layers.front().fused) {
    return fmt::format("layer '{}': is fused, but no layer is before it",
                       program.layers.front().name);
  }
  for (const ProgramTensor& tensor : program.tensors) {
    if (!check_tensor(rules, tensor)) {
      return fmt::format("tensor '{}': {}", tensor.name, rules.broken());
    }
  }
  for (const WeightTile& tile : program.tiles) {
    if (!check_tile(rules, chip, program, tile)) {
      return fmt::format("tile {}: {}", &tile - program.tiles.data(), rules.broken());
    }
  }
  return {};
}

std::optional<std::string> check_fields(const ChipSpec& chip, const Program& program, Place place) {
  Rules rules;
  if (!InstructionRules(chip, program, place, rules).check()) {
    return fmt::format("{}: {}", name_of(program, place), rules.broken());
  }
  return {};
}

}  // namespace systole::verification
