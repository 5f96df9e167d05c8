#include "arch/isa/program_text.h"

#include <bit>
#include <chrono>
#include <cmath>
#include <random>

#include <gmock/gmock.h>

#include "arch/diag/error.h"
#include "arch/isa/program_fields.h"
#include "arch/isa/recipes.h"
#include "tests/compiler/verify/support/two_layer_program.h"

namespace systole {
namespace {

using ::testing::HasSubstr;
using testing::two_layer_program;

/// Fills every field of a program's structs with random values, by the same table as the text.
class RandomProgram {
 public:
  explicit RandomProgram(std::uint64_t seed) : random_(seed) {}

  Program make() {
    fill(program_);
    grow(program_.layers);
    program_.streams =
        PerEngine<Stream>(EngineSet{.cores = 1 + index(3), .matrix_units = 1 + index(4)});
    grow(program_.tensors);
    grow(program_.tiles);
    grow(program_.semaphores);
    for (const EngineId engine : program_.engines()) {
      for (std::size_t left = below(4); left > 0; --left) {
        Instruction instruction;
        fill(instruction);
        instruction.operation = operation(below(kOperationNames.size()));
        program_.stream(engine).push_back(instruction);
      }
    }
    return program_;
  }

 private:
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }

  template <class Row>
  void grow(std::vector<Row>& rows) {
    const std::size_t count = 1 + below(4);
    for (std::size_t index = 0; index < count; ++index) {
      Row row;
      fill(row);
      rows.push_back(row);
    }
  }

  template <HasFields Struct>
  void fill(Struct& object) {
    std::apply([&](const auto&... field) { (this->fill_field(field, object), ...); },
               kFields<Struct>);
  }

  template <class Struct, class Value>
  void fill_field(const Field<Struct, Value>& field, Struct& object) {
    if (below(4) == 0) {
      return;  // stays at its default
    }
    fill(object.*field.member);
    if constexpr (std::is_same_v<Value, std::int32_t>) {
      if (field.index != IndexInto::Nothing) {
        object.*field.member = index(field.index == IndexInto::Layers ? program_.layers.size()
                                                                      : program_.tiles.size());
      }
    }
  }

  std::int32_t index(std::size_t size) { return static_cast<std::int32_t>(below(size)); }

  template <std::integral Integer>
  void fill(Integer& integer) {
    switch (below(4)) {
      case 0:
        integer = std::numeric_limits<Integer>::min();
        break;
      case 1:
        integer = std::numeric_limits<Integer>::max();
        break;
      default:
        integer = static_cast<Integer>(random_());
    }
  }
  void fill(float& real) {
    do {
      real = std::bit_cast<float>(static_cast<std::uint32_t>(random_()));
    } while (std::isnan(real));
  }
  void fill(bool& flag) { flag = below(2) == 0; }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void fill(Enum& choice) { choice = kEnumNames<Enum>[below(kEnumNames<Enum>.size())].first; }
  void fill(EngineId& engine) { engine = program_.engines().at(below(program_.engines().size())); }
  void fill(std::string& name) {
    name.resize(below(6));
    for (char& character : name) {
      character = static_cast<char>(random_());
    }
  }
  void fill(Operand& operand) {
    fill(operand.address);
    fill(operand.offset);
    operand.tensor = below(4) == 0 ? kNoTensor : index(program_.tensors.size());
  }
  void fill(SharedBody& body) {
    RowBody filled;
    fill(filled);
    body = filled;
  }
  void fill(OperandList& operands) {
    for (std::size_t count = 1 + below(3); count > 0; --count) {
      Operand operand;
      fill(operand);
      operands.push_back(operand);
    }
  }
  void fill(std::vector<Stage>& stages) {
    for (std::size_t count = 1 + below(5); count > 0; --count) {
      const std::size_t chosen = below(std::variant_size_v<Stage>);
      [&]<std::size_t... I>(std::index_sequence<I...>) {
        ((I == chosen ? void(stages.emplace_back(std::in_place_index<I>)) : void()), ...);
      }
      (std::make_index_sequence<std::variant_size_v<Stage>>{});
      std::visit([&](auto& stage) { this->fill(stage); }, stages.back());
    }
  }
  void fill(Shared<Window>& window) { fill(window.edit()); }
  void fill(Shared<TileConversion>& conversion) { fill(conversion.edit()); }
  void fill(FixedPoint& scale) {
    fill(scale.multiplier);
    fill(scale.shift);
  }
  void fill(std::vector<SemaphoreUse>& uses) {
    uses.resize(below(3));
    for (SemaphoreUse& use : uses) {
      use.semaphore = index(program_.semaphores.size());
      fill(use.count);
    }
  }

  template <std::size_t I = 0>
  Operation operation(std::size_t kind) {
    if constexpr (I < kOperationNames.size()) {
      if (kind != I) {
        return operation<I + 1>(kind);
      }
      std::variant_alternative_t<I, Operation> result;
      fill(result);
      return result;
    } else {
      return Transfer{};
    }
  }

  std::mt19937_64 random_;
  Program program_;
};

TEST(ProgramText, ReadsBackEqual) {
  const Program program = two_layer_program();
  EXPECT_EQ(parse_program(print_program(program), "p"), program);
}

TEST(ProgramText, ReadsBackEqualForRandomPrograms) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const Program program = RandomProgram(seed).make();
    const std::string text = print_program(program);
    ASSERT_EQ(parse_program(text, "p"), program) << "seed " << seed << "\n" << text;
  }
}

TEST(ProgramText, SaysOneThingALine) {
  const std::string text = print_program(two_layer_program());
  EXPECT_THAT(text, HasSubstr("program 1 network=\"two layers\" chip=\"small\" batch=1 "
                              "dram_bytes=144 host_bytes=35\n"));
  EXPECT_THAT(text, HasSubstr("\nlayer 0 name=\"conv1\" kind=\"conv2d\" macs=128\n"));
  EXPECT_THAT(text, HasSubstr("\ntensor 2 name=\"y\" role=output type=int8 pixels=1 channels=3 "
                              "home=32\n"));
  EXPECT_THAT(text, HasSubstr("\ntile 1 layer=0 k_first=4 rows=4 n_first=0 cols=4 "
                              "dram_address=80\n"));
  EXPECT_THAT(text, HasSubstr("\nsemaphore 4 from=vector to=host kind=data\n"));
  EXPECT_THAT(text, HasSubstr("\nhost transfer to_buffer=true far=t0+16@16 buffer=t0+16@16 "
                              "row_bytes=16 layer=0 signal=0  # 1\n"));
  EXPECT_THAT(text, HasSubstr("\nmatrix fold tile=5 rows=4 cols=3 k_first=12 first=0 count=1 "
                              "accumulator=0 accumulate=true window(source=t1@64 image_pitch=16 "
                              "row_pitch=16 pixel_pitch=16 channels=16) layer=1 signal=2  # 6\n"));
  EXPECT_THAT(text, HasSubstr("\nvector row_loop rows=1 cols=3 operands=t4@48 out=t2@0 "
                              "body(cost=activation stages(sums(bias=0) "
                              "scale(of=0 by=1073741824/2^37)) to(pitch=3)) layer=1 wait=2,1 "
                              "signal=4  # 1\n"));
  EXPECT_TRUE(text.ends_with("\nend\n"));
}

TEST(ProgramText, OfADestinationSaysTypeLimitsAndFunctionWhereItHasSome) {
  Program program = two_layer_program();
  Convert convert{.rows = 2, .cols = 3, .bias = Operand{.address = 48, .tensor = 4}};
  convert.to = {.out = {.address = 64, .tensor = 1}, .pitch = 8, .type = DataType::Bf16};
  const auto line_of = [&] {
    program.stream(EngineKind::Vector).set(1, {.layer = 1, .operation = convert});
    const std::string text = print_program(program);
    EXPECT_EQ(parse_program(text, "p"), program);
    const std::size_t begin = text.find("vector row_loop ", text.find(" signal=3 "));
    return text.substr(begin, text.find('\n', begin) - begin);
  };
  EXPECT_EQ(line_of(),
            "vector row_loop rows=2 cols=3 operands=t4@48 out=t1@64 body(cost=activation "
            "stages(sums(bias=0 type=fp32)) to(pitch=8 type=bf16)) layer=1  # 1");
  convert.bias.reset();
  EXPECT_EQ(line_of(),
            "vector row_loop rows=2 cols=3 out=t1@64 body(cost=activation "
            "stages(sums(type=fp32)) to(pitch=8 type=bf16)) layer=1  # 1");
  convert.bias = Operand{.address = 48, .tensor = 4};
  convert.to.low = 0;
  convert.to.high = 6.1F;
  convert.to.type = DataType::Fp8E4M3;
  convert.to.function = RealFunction::Tanh;
  EXPECT_EQ(line_of(),
            "vector row_loop rows=2 cols=3 operands=t4@48 out=t1@64 body(cost=activation "
            "stages(sums(bias=0 type=fp32)) to(pitch=8 type=fp8_e4m3 low=0 high=6.1 "
            "function=tanh)) layer=1  # 1");
  convert.to.low = -1e-30F;
  convert.to.high = 0x1p-149F;
  EXPECT_THAT(line_of(), HasSubstr(" low=-1e-30 high=1e-45 "));
  convert.to.low = convert.to.high = std::numeric_limits<float>::infinity();
  EXPECT_THAT(line_of(), HasSubstr(" low=inf function="));
}

TEST(ProgramText, StagesOfARowLoopStandInTheirOrder) {
  Program program = two_layer_program();
  RowBody body{.stages = {LoadStage{.operand = 0, .pitch = 4, .zero_point = -3, .scale = 0.5F},
                          ReduceStage{.kind = ReduceKind::Largest, .of = 0},
                          LoadStage{.operand = 1, .type = DataType::Bf16, .single = true},
                          PairStage{.kind = PairKind::Subtract, .a = 1, .b = 2},
                          FunctionStage{.function = RealFunction::Exp, .of = 3}, NumberStage{0.25F},
                          MaskStage{.of = 4, .period = 2, .kept = 3}},
               .to = {.pitch = 3, .steps = 64}};
  const RowLoop loop{
      .rows = 2,
      .cols = 3,
      .first = 1,
      .operands = {{.address = 48, .tensor = testing::kA}, {.address = 64, .tensor = testing::kA}},
      .out = {.address = 64, .tensor = testing::kY},
      .body = body};
  program.stream(EngineKind::Vector) = {{.layer = 1, .operation = loop}};
  const std::string text = print_program(program);
  EXPECT_EQ(parse_program(text, "p"), program);
  const std::size_t begin = text.find("vector row_loop ");
  EXPECT_EQ(text.substr(begin, text.find('\n', begin) - begin),
            "vector row_loop rows=2 cols=3 first=1 operands=t1@48,t1@64 out=t2@64 "
            "body(stages(load(operand=0 pitch=4 zero_point=-3 scale=0.5) "
            "reduce(kind=largest of=0) load(operand=1 type=bf16 single=true) "
            "pair(kind=subtract a=1 b=2) function(function=exp of=3) number(value=0.25) "
            "mask(of=4 period=2 kept=3)) to(pitch=3 steps=64)) layer=1  # 0");
}

TEST(ProgramText, StagesOfIntegersAreFieldsLikeAnyOther) {
  Program program = two_layer_program();
  const auto body_of = [&](const RowLoop& loop) {
    program.stream(EngineKind::Vector) = {{.layer = 1, .operation = loop}};
    const std::string text = print_program(program);
    EXPECT_EQ(parse_program(text, "p"), program);
    const std::size_t begin = text.find(" body(");
    return text.substr(begin + 1, text.find(" layer=1", begin) - begin - 1);
  };
  EXPECT_EQ(body_of(Softmax{.rows = 1, .cols = 3, .table = {.address = 8}, .to = {.pitch = 3}}),
            "body(cost=softmax stages(load(operand=0 integer=true) reduce(kind=largest of=0) "
            "load(operand=0 integer=true) pair(kind=subtract a=1 b=2) "
            "lookup(of=3 table=1 type=int32 first=0) reduce(kind=sum of=4) "
            "load(operand=0 integer=true) pair(kind=subtract a=1 b=6) "
            "lookup(of=7 table=1 type=int32 first=0) scale(of=8 by=256/2^0 divisor=5)) "
            "to(pitch=3))");
  Rescale rescale{.rows = 1, .cols = 3, .scale = {.multiplier = 5, .shift = 3}};
  rescale.lookup = {.address = 64, .tensor = testing::kA};
  rescale.to.zero_point = 2;
  rescale.to.low = 2;
  EXPECT_EQ(body_of(rescale),
            "body(cost=elementwise stages(load(operand=0 integer=true) scale(of=0 by=5/2^3) "
            "clamp(of=1 low=0 high=125) lookup(of=2 table=1 first=-130)) to())");
  Pool pool{.kind = PoolKind::Average, .count = 4, .in_zero_point = -7, .count_padding = true};
  pool.window.source = {.address = 64, .tensor = testing::kA};
  pool.window.kernel_rows = 2;
  EXPECT_EQ(body_of(pool),
            "body(cost=pooling stages(window(kind=average operand=0 zero_point=-7 "
            "count_padding=true window(channels=1 kernel_rows=2))) to())");
}

TEST(ProgramText, LoopsOfOneBodyShareIt) {
  Program program = two_layer_program();
  const Rescale rescale{.rows = 1, .cols = 3};
  Rescale further = rescale;
  further.in.address = further.to.out.address = 8;
  program.stream(EngineKind::Vector) = {{.operation = rescale}, {.operation = further}};
  const Program read = parse_program(print_program(program), "p");
  const auto body_of = [&](std::size_t index) {
    return &*read.stream(EngineKind::Vector)[index].get<RowLoop>().body;
  };
  EXPECT_EQ(body_of(0), body_of(1));
}

TEST(ProgramText, AllowsCommentsBlankLinesAndFieldsInAnyOrder) {
  const Program program = parse_program(
      "# by hand\n"
      "\n"
      "program 1 chip=\"c\" network=\"n\" host_bytes=0 dram_bytes=0 batch=2  # two images\r\n"
      "  layer 0 kind=\"a\\\"\\\\\\x0a\" name=\"#1\"\n"
      "end",
      "p");
  EXPECT_EQ(program.chip, "c");
  EXPECT_EQ(program.batch, 2);
  EXPECT_EQ(program.layers.at(0).name, "#1");
  EXPECT_EQ(program.layers.at(0).kind, "a\"\\\n");
}

void damage(std::string& text, std::mt19937_64& random) {
  const auto at = static_cast<std::size_t>(random() % text.size());
  switch (random() % 4) {
    case 0:
      text[at] = static_cast<char>(random());
      break;
    case 1:
      text.erase(at, random() % 20);
      break;
    case 2:
      text.insert(at, text.substr(static_cast<std::size_t>(random() % text.size()), 9));
      break;
    default:
      text[at] = "0123456789@+x=()\"# -"[random() % 20];
  }
}

/// True for a program that round-trips, false for a UserError of the usual form.
bool is_accepted(const std::string& text) {
  try {
    const Program program = parse_program(text, "p");
    EXPECT_EQ(parse_program(print_program(program), "p"), program);
    return true;
  } catch (const UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr(": expected "));
    return false;
  }
}

/// Any damage to the text gives a program or a UserError, never anything else.
TEST(ProgramText, SurvivesDamage) {
  std::mt19937_64 random(7);
  const std::string whole = print_program(two_layer_program());
  int accepted = 0;
  for (int round = 0; round < 6000; ++round) {
    std::string text = whole;
    for (std::uint64_t edits = 1 + random() % 3; edits > 0; --edits) {
      damage(text, random);
    }
    accepted += is_accepted(text) ? 1 : 0;
  }
  EXPECT_GT(accepted, 100);  // some edits only change a number
}

TEST(ProgramText, CarriesTheStreamsOfEveryCoreAndUnit) {
  Program program = two_layer_program();
  const EngineSet engines{.cores = 2, .matrix_units = 3};
  PerEngine<Stream> streams(engines);
  std::int32_t layer = 0;
  for (const EngineId engine : engines) {
    streams[engine] = {{.layer = layer, .operation = Fold{}}};
    layer = 1 - layer;
  }
  program.streams = std::move(streams);
  program.semaphores = {{.from = {EngineKind::Matrix, 2}, .to = {EngineKind::Vector, 0, 1}}};
  const std::string text = print_program(program);
  EXPECT_THAT(text, HasSubstr(" cores=2 matrix_units=3\n"));
  EXPECT_THAT(text, HasSubstr("semaphore 0 from=matrix2 to=core1.vector kind=data\n"));
  EXPECT_THAT(text, HasSubstr("\ncore1.weights2 fold "));
  EXPECT_EQ(parse_program(text, "p"), program);
}

TEST(ProgramText, NamesEnginesThatThereAre) {
  const auto error_of = [](const std::string& header, const std::string& line) {
    try {
      (void)parse_program("program 1 network=\"n\" chip=\"c\" batch=1 dram_bytes=0 host_bytes=0" +
                              header + "\n" + line + "\nend\n",
                          "p");
    } catch (const UserError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(error_of(" matrix_units=2", "matrix2 fold"),
            "p:2:1: expected one of layer, tensor, tile, semaphore, host, dma_in, dma_out, "
            "weights, weights1, matrix, matrix1, vector, end, got 'matrix2'");
  EXPECT_EQ(error_of("", "semaphore 0 from=matrix1 to=host kind=data"),
            "p:2:18: semaphore.from: expected one of host, dma_in, dma_out, weights, matrix, "
            "vector, got 'matrix1'");
  EXPECT_EQ(error_of(" matrix_units=9", ""),
            "p:1:80: program: expected matrix_units in 1..8, got 9");
  EXPECT_EQ(error_of(" cores=0", ""), "p:1:73: program: expected cores in 1..16, got 0");
}

TEST(ProgramText, IsQuickForManyInstructions) {
  Program program = two_layer_program();
  auto& matrix = program.stream(EngineKind::Matrix);
  const Instruction fold = matrix[0].whole();
  constexpr std::size_t kInstructions = 100'000;
  while (matrix.size() < kInstructions) {
    matrix.push_back(fold);
  }
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(parse_program(print_program(program), "p"), program);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  RecordProperty("seconds", std::to_string(seconds.count()));
  EXPECT_LT(seconds.count(), 20);  // generous: 0.3 s in a Release build on an idle machine
}

}  // namespace
}  // namespace systole
