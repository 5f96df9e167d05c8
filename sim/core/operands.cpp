#include "sim/core/operands.h"

#include <algorithm>
#include <string_view>

#include <boost/container/small_vector.hpp>
#include <fmt/format.h>

#include "arch/diag/error.h"
#include "arch/isa/program_operands.h"

namespace systole {

namespace {

template <class... Arguments>
void require(bool holds, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  if (!holds) {
    throw InternalError(fmt::format(format, std::forward<Arguments>(arguments)...));
  }
}

void require_rows(std::string_view memory, std::int64_t size, std::int64_t address,
                  const RowBlock& block) {
  require(block.rows > 0 && block.row_bytes > 0, "{} rows of {} bytes", block.rows,
          block.row_bytes);
  const std::int64_t last = address + (block.rows - 1) * block.pitch;
  const std::int64_t begin = std::min(address, last);
  const std::int64_t end = std::max(address, last) + block.row_bytes;
  require(begin >= 0 && end <= size, "{} bytes {}..{} are outside 0..{}", memory, begin, end, size);
}

class OperandCheck {
  /// Whether the stages before one make integers.
  using Before = boost::container::small_vector<bool, 32>;

 public:
  OperandCheck(const ChipSpec& chip, const Program& program, EngineId engine)
      : chip_(chip), program_(program), engine_(engine) {}

  template <class Kind>
  void operator()(const Kind& operation) const {
    check(operation);
    for_each_operand(operation, engine_.kind, [this](const OperandUse& use) { require_use(use); });
  }

 private:
  // What an operation asks for beside the places of its operands; one overload for each.
  void check(const Transfer& transfer) const {
    require(engine_.kind == EngineKind::Host ||
                transfer.to_buffer == (engine_.kind == EngineKind::DmaIn),
            "transfer in the wrong direction");
  }
  void check(const LoadTile& load) const {
    require_tile(load.rows, load.cols);
    require(load.padding >= 0 && (load.padding == 0 || load.pitch == 0) &&
                bytes_of(load.type, load.rows * load.cols) + load.padding <=
                    bytes_of(load.type, chip_.matrix.rows * chip_.matrix.cols),
            "{} bytes of padding behind a tile of {}", load.padding, load.bytes());
    require(load.from == TileSource::Dram || chip_.weight_fifo.from_buffer,
            "no tiles come from the unified buffer");
    require(!load.transposed || (chip_.weight_fifo.transpose && bits_of(load.type) % 8 == 0),
            "no tile of {} is transposed", name_of(load.type));
    require_zero_point(load.type, load.zero_point);
    check_conversion(load, *load.conversion);
  }
  void check_conversion(const LoadTile& load, const TileConversion& conversion) const {
    if (!conversion.converts()) {
      return;
    }
    require(chip_.weight_fifo.converts(load.type) && is_float(conversion.to),
            "no tile of {} is converted to {}", name_of(load.type), name_of(conversion.to));
    require(conversion.group_rows == 0 ||
                (conversion.group_rows > 0 && conversion.first_rows >= 1 &&
                 conversion.first_rows <= std::min(conversion.group_rows, load.rows) &&
                 load.pitch == 0 && !load.transposed),
            "scales of groups of {} rows, the first of {}", conversion.group_rows,
            conversion.first_rows);
  }
  void check(const Fold& fold) const {
    require_tile(fold.rows, fold.cols);
    require_entries(fold.accumulator, fold.count);
    require_zero_point(fold.activation_type, fold.zero_point);
  }
  void check(const RowLoop& loop) const {
    require(!loop.stages().empty(), "a row loop without stages");
    Before integers;  // by stage
    for (const Stage& stage : loop.stages()) {
      require_operand(read_of(stage, loop), loop);
      integers.push_back(
          std::visit([&](const auto& any) { return integers_of(any, loop, integers); }, stage));
    }
    const Store& to = loop.body->to;
    require(!integers.back() || !is_float(to.type), "integers to {}", name_of(to.type));
    require(to.type == DataType::Int8 || is_float(to.type), "results of type {}", name_of(to.type));
    require(to.low <= to.high, "clamp to {}..{}", to.low, to.high);
    const auto tensors = static_cast<TensorId>(program_.tensors.size());
    require(loop.out.tensor >= kNoTensor && loop.out.tensor < tensors, "tensor {} of {}",
            loop.out.tensor, tensors);
  }

  // What a stage asks for by itself, and whether it makes integers; one overload for each.
  bool integers_of(const LoadStage& load, const RowLoop& /*loop*/, const Before& /*before*/) const {
    require(load.type == DataType::Int8 || is_float(load.type), "a row of {}", name_of(load.type));
    require(!load.integer || load.type == DataType::Int8, "integers of {}", name_of(load.type));
    return load.integer;
  }
  bool integers_of(const SumsStage& sums, const RowLoop& loop, const Before& /*before*/) const {
    require(sums.type == DataType::Int32 || sums.type == DataType::Fp32, "sums of {}",
            name_of(sums.type));
    require(loop.cols <= chip_.matrix.cols, "{} columns of {}", loop.cols, chip_.matrix.cols);
    return sums.type == DataType::Int32;
  }
  bool integers_of(const WindowStage& walk, const RowLoop& loop, const Before& /*before*/) const {
    require(walk.type == DataType::Int8 || is_float(walk.type), "a window of {}",
            name_of(walk.type));
    require(walk.window.channels == loop.cols, "a window of {} channels in rows of {}",
            walk.window.channels, loop.cols);
    return !is_float(walk.type);
  }
  bool integers_of(const NumberStage& /*number*/, const RowLoop& /*loop*/,
                   const Before& /*before*/) const {
    return false;
  }
  bool integers_of(const PairStage& pair, const RowLoop& /*loop*/, const Before& before) const {
    const bool integers = kind_of(pair.a, before);
    require_kind(pair.b, before, integers);
    require(!integers || pair.kind != PairKind::Divide, "a quotient of integers");
    return integers;
  }
  bool integers_of(const FunctionStage& function, const RowLoop& /*loop*/,
                   const Before& before) const {
    return require_kind(function.of, before, false);
  }
  bool integers_of(const ReduceStage& reduce, const RowLoop& /*loop*/, const Before& before) const {
    return kind_of(reduce.of, before);
  }
  bool integers_of(const MaskStage& mask, const RowLoop& loop, const Before& before) const {
    require(loop.first >= 0 && mask.period > 0, "a mask from row {} of {}", loop.first,
            mask.period);
    return require_kind(mask.of, before, false);
  }
  bool integers_of(const ScaleStage& scale, const RowLoop& /*loop*/, const Before& before) const {
    if (scale.divisor != kNoStage) {
      require_kind(scale.divisor, before, true);
    }
    return require_kind(scale.of, before, true);
  }
  bool integers_of(const ClampStage& clamp, const RowLoop& /*loop*/, const Before& before) const {
    require(clamp.low <= clamp.high, "clamp to {}..{}", clamp.low, clamp.high);
    return require_kind(clamp.of, before, true);
  }
  bool integers_of(const LookupStage& lookup, const RowLoop& /*loop*/, const Before& before) const {
    require(lookup.type == DataType::Int8 || lookup.type == DataType::Int32, "a table of {}",
            name_of(lookup.type));
    return require_kind(lookup.of, before, true);
  }
  bool integers_of(const RoundStage& round, const RowLoop& /*loop*/, const Before& before) const {
    require(is_float(round.type), "reals rounded to {}", name_of(round.type));
    return require_kind(round.of, before, false);
  }
  bool integers_of(const ColumnScaleStage& scale, const RowLoop& /*loop*/,
                   const Before& before) const {
    return require_kind(scale.of, before, true);
  }

  static bool kind_of(std::int32_t stage, const Before& before) {
    require(stage >= 0 && static_cast<std::size_t>(stage) < before.size(),
            "stage {} of the {} before it", stage, before.size());
    return before[static_cast<std::size_t>(stage)];
  }
  static bool require_kind(std::int32_t stage, const Before& before, bool integers) {
    require(kind_of(stage, before) == integers, "stage {} makes {}", stage,
            integers ? "reals" : "integers");
    return integers;
  }

  static void require_operand(const StageRead& read, const RowLoop& loop) {
    require(
        read.what == StageRead::What::Nothing ||
            (read.operand >= 0 && static_cast<std::size_t>(read.operand) < loop.operands.size()),
        "operand {} of {}", read.operand, loop.operands.size());
  }

  /// Windows are not looked at: runs with data check each of their reads.
  void require_use(const OperandUse& use) const {
    if (use.part) {
      return;
    }
    const std::int64_t address = use.where.address;
    switch (use.memory) {
      case Memory::Buffer:
        require_rows("unified buffer", chip_.buffer.capacity.count(), address, use.block);
        break;
      case Memory::Accumulators:
        require_entries(address, use.block.row_bytes);
        break;
      case Memory::Dram:
        require_rows("DRAM", program_.dram_bytes, address, use.block);
        break;
      case Memory::Host:
        require_rows("host memory", program_.host_bytes, address, use.block);
        break;
    }
  }

  void require_tile(std::int64_t rows, std::int64_t cols) const {
    require(rows > 0 && cols > 0 && rows <= chip_.matrix.rows && cols <= chip_.matrix.cols,
            "tile of {} x {} on an array of {} x {}", rows, cols, chip_.matrix.rows,
            chip_.matrix.cols);
  }
  static void require_zero_point(DataType type, std::int32_t zero_point) {
    require(zero_point == 0 || (type == DataType::Int8 && zero_point >= -128 && zero_point <= 127),
            "{} with zero point {}", name_of(type), zero_point);
  }
  /// Of the engine's own unit; of the vector unit's operands those of any one.
  void require_entries(std::int64_t first, std::int64_t count) const {
    require(count > 0, "{} rows", count);
    const std::int64_t entries = chip_.accumulators.entries;
    const std::int64_t unit =
        engine_.kind == EngineKind::Matrix
            ? engine_.unit
            : std::clamp<std::int64_t>(first / entries, 0, chip_.matrix.count - 1);
    require(first >= unit * entries && first <= (unit + 1) * entries - count,
            "accumulators {}..{} are outside {}..{}", first, first + count, unit * entries,
            (unit + 1) * entries);
  }

  const ChipSpec& chip_;
  const Program& program_;
  EngineId engine_;
};

void require_kind(EngineId engine, std::size_t kind) {
  require((executed_by(engine.kind) >> kind & 1) != 0, "{} cannot execute operation kind {}",
          name_of(engine), kind);
}

void check_semaphores(const Program& program, EngineId engine,
                      const StreamInstruction& instruction) {
  const auto semaphore = [&](const SemaphoreUse& use) {
    const auto index = static_cast<std::size_t>(use.semaphore);
    require(index < program.semaphores.size(), "semaphore {} of {}", use.semaphore,
            program.semaphores.size());
    return program.semaphores[index];
  };
  for (const SemaphoreUse& use : instruction.waits()) {
    const EngineId to = semaphore(use).to;
    require(to == engine, "waits for semaphore {}, which is for {}", use.semaphore, name_of(to));
  }
  for (const SemaphoreUse& use : instruction.signals()) {
    const EngineId from = semaphore(use).from;
    require(from == engine, "signals semaphore {}, which is from {}", use.semaphore, name_of(from));
  }
}

void check_instruction(const ChipSpec& chip, const Program& program, EngineId engine,
                       const StreamInstruction& instruction) {
  require_kind(engine, instruction.kind());
  instruction.visit(OperandCheck(chip, program, engine));
  check_semaphores(program, engine, instruction);
}

}  // namespace

void check_operation(EngineId engine, const Operation& operation) {
  require_kind(engine, operation.index());
}

void check_operands(const ChipSpec& chip, const Program& program, EngineId engine,
                    const Operation& operation) {
  std::visit(OperandCheck(chip, program, engine), operation);
}

void check_program(const ChipSpec& chip, const Program& program) {
  require(program.engines() == chip.engines(),
          "a program for {} cores with {} matrix units each, on a chip of {} with {}",
          program.engines().cores, program.engines().matrix_units, chip.cores, chip.matrix.count);
  for (const EngineId engine : program.engines()) {
    const Stream& stream = program.stream(engine);
    for (std::size_t i = 0; i < stream.size(); ++i) {
      const auto layer = static_cast<std::size_t>(stream[i].layer());
      require(layer < program.layers.size(), "{} instruction {}: layer {} of {}", name_of(engine),
              i, stream[i].layer(), program.layers.size());
      try {
        check_instruction(chip, program, engine, stream[i]);
      } catch (const InternalError& error) {
        throw InternalError(fmt::format("{} instruction {} ({}): {}", name_of(engine), i,
                                        program.layers[layer].name, error.what()));
      }
    }
  }
}

}  // namespace systole
