#include "sim/core/operands.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "arch/diag/error.h"

namespace systole {

namespace {

template <class... Arguments>
void require(bool holds, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  if (!holds) {
    throw InternalError(fmt::format(format, std::forward<Arguments>(arguments)...));
  }
}

struct Rows {
  std::int64_t count = 1;
  std::int64_t bytes = 0;  // of each
  std::int64_t pitch = 0;
};

void require_rows(std::string_view memory, std::int64_t size, std::int64_t address,
                  const Rows& rows) {
  require(rows.count > 0 && rows.bytes > 0, "{} rows of {} bytes", rows.count, rows.bytes);
  const std::int64_t last = address + (rows.count - 1) * rows.pitch;
  const std::int64_t begin = std::min(address, last);
  const std::int64_t end = std::max(address, last) + rows.bytes;
  require(begin >= 0 && end <= size, "{} bytes {}..{} are outside 0..{}", memory, begin, end, size);
}

class OperandCheck {
 public:
  OperandCheck(const ChipSpec& chip, const Program& program, EngineId engine)
      : chip_(chip), program_(program), engine_(engine) {}

  void operator()(const Transfer& transfer) const {
    require_buffer(transfer.buffer, {transfer.rows, transfer.row_bytes, transfer.buffer_pitch});
    const Rows far{transfer.rows, transfer.row_bytes, transfer.far_pitch};
    if (engine_.kind == EngineKind::Host) {
      require_rows("host memory", program_.host_bytes, transfer.far.address, far);
    } else {
      require(transfer.to_buffer == (engine_.kind == EngineKind::DmaIn),
              "transfer in the wrong direction");
      require_rows("DRAM", program_.dram_bytes, transfer.far.address, far);
    }
  }
  void operator()(const LoadTile& load) const {
    require_tile(load.rows, load.cols);
    const Rows runs{load.runs(), load.run_bytes(), load.pitch};
    switch (load.from) {
      case TileSource::Dram:
        require_rows("DRAM", program_.dram_bytes, load.source.address, runs);
        break;
      case TileSource::Buffer:
        require(chip_.weight_fifo.from_buffer, "no tiles come from the unified buffer");
        require_buffer(load.source, runs);
        break;
    }
    require(!load.transposed || (chip_.weight_fifo.transpose && bits_of(load.type) % 8 == 0),
            "no tile of {} is transposed", name_of(load.type));
    require_zero_point(load.type, load.zero_point);
  }
  void operator()(const Fold& fold) const {
    require_tile(fold.rows, fold.cols);
    require_entries(fold.accumulator, fold.count);
    require_zero_point(fold.activation_type, fold.zero_point);
  }
  void operator()(const Requantize& requantize) const {
    require_entries(requantize.accumulator, requantize.rows);
    require(requantize.cols <= chip_.matrix.cols, "{} columns of {}", requantize.cols,
            chip_.matrix.cols);
    require_buffer(requantize.bias, {1, requantize.cols * bytes_of(DataType::Int32), 0});
    require_lookup(requantize.lookup);
    require(requantize.to.type == DataType::Int8, "int32 sums to {}", name_of(requantize.to.type));
    require_destination(requantize.to, requantize.rows, requantize.cols);
  }
  void operator()(const Rescale& rescale) const {
    require_buffer(rescale.in, {rescale.rows, row_bytes(rescale), rescale.in_pitch});
    require_lookup(rescale.lookup);
    require_destination(rescale.to, rescale.rows, rescale.cols);
  }
  void operator()(const Add& add) const {
    require_buffer(add.a, {add.rows, row_bytes(add), add.a_pitch});
    require_buffer(add.b, {add.rows, row_bytes(add), add.b_pitch});
    require_destination(add.to, add.rows, add.cols);
  }
  void operator()(const Pool& pool) const {
    require_destination(pool.to, pool.count, pool.window.channels);
  }
  void operator()(const Softmax& softmax) const {
    require_buffer(softmax.in, {softmax.rows, row_bytes(softmax), softmax.in_pitch});
    if (!is_float(softmax.to.type)) {
      require_buffer(softmax.table, {1, kSoftmaxTableBytes, 0});
    }
    require_destination(softmax.to, softmax.rows, softmax.cols);
  }
  void operator()(const Convert& convert) const {
    require_entries(convert.accumulator, convert.rows);
    require(convert.cols <= chip_.matrix.cols, "{} columns of {}", convert.cols, chip_.matrix.cols);
    require_buffer(convert.bias, {1, convert.cols * bytes_of(DataType::Fp32), 0});
    require(is_float(convert.to.type), "fp32 sums to {}", name_of(convert.to.type));
    require_destination(convert.to, convert.rows, convert.cols);
  }
  void operator()(const RowLoop& loop) const {
    require(!loop.stages.empty(), "a row loop without stages");
    std::int64_t before = 0;
    for (const Stage& stage : loop.stages) {
      std::visit([&](const auto& any) { require_stage(any, loop, before); }, stage);
      ++before;
    }
    require_destination(loop.to, loop.rows, result_cols(loop));
  }

 private:
  void require_stage(const LoadStage& load, const RowLoop& loop, std::int64_t /*before*/) const {
    require(load.type == DataType::Int8 || is_float(load.type), "a row of {}", name_of(load.type));
    require_buffer(load.from, {load.pitch == 0 ? 1 : loop.rows,
                               bytes_of(load.type, load.single ? 1 : loop.cols), load.pitch});
  }
  static void require_stage(const NumberStage& /*number*/, const RowLoop& /*loop*/,
                            std::int64_t /*before*/) {}
  static void require_stage(const PairStage& pair, const RowLoop& /*loop*/, std::int64_t before) {
    require_before(pair.a, before);
    require_before(pair.b, before);
  }
  static void require_stage(const FunctionStage& function, const RowLoop& /*loop*/,
                            std::int64_t before) {
    require_before(function.of, before);
  }
  static void require_stage(const ReduceStage& reduce, const RowLoop& /*loop*/,
                            std::int64_t before) {
    require_before(reduce.of, before);
  }
  static void require_stage(const MaskStage& mask, const RowLoop& /*loop*/, std::int64_t before) {
    require_before(mask.of, before);
    require(mask.first >= 0 && mask.period > 0, "a mask from row {} of {}", mask.first,
            mask.period);
  }
  static void require_before(std::int32_t stage, std::int64_t before) {
    require(stage >= 0 && stage < before, "stage {} of the {} before it", stage, before);
  }

  template <class Rowwise>
  static std::int64_t row_bytes(const Rowwise& operation) {
    return bytes_of(operation.to.type, operation.cols);
  }
  void require_buffer(const Operand& operand, const Rows& rows) const {
    require_rows("unified buffer", chip_.buffer.capacity.count(), operand.address, rows);
  }
  void require_lookup(const Operand& lookup) const {
    if (lookup.tensor != kNoTensor) {
      require_buffer(lookup, {1, kLookupBytes, 0});
    }
  }
  void require_destination(const Destination& to, std::int64_t rows, std::int64_t cols) const {
    require(to.type == DataType::Int8 || is_float(to.type), "results of type {}", name_of(to.type));
    require(to.low <= to.high, "clamp to {}..{}", to.low, to.high);
    require_buffer(to.out, {rows, bytes_of(to.type, cols), to.pitch});
    const auto tensors = static_cast<TensorId>(program_.tensors.size());
    require(to.out.tensor >= kNoTensor && to.out.tensor < tensors, "tensor {} of {}", to.out.tensor,
            tensors);
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

bool can_execute(EngineId engine, std::size_t kind) {
  switch (engine.kind) {
    case Engine::Host:
    case Engine::DmaIn:
    case Engine::DmaOut:
      return kind == kKindOf<Transfer>;
    case Engine::Weights:
      return kind == kKindOf<LoadTile>;
    case Engine::Matrix:
      return kind == kKindOf<Fold>;
    case Engine::Vector:
      return kind != kKindOf<Transfer> && kind != kKindOf<LoadTile> && kind != kKindOf<Fold>;
  }
  return false;
}

void require_kind(EngineId engine, std::size_t kind) {
  require(can_execute(engine, kind), "{} cannot execute operation kind {}", name_of(engine), kind);
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
