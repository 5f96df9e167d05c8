#include "report/instruction_args.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "arch/isa/recipes.h"

namespace systole {
namespace {

nlohmann::json args_of(const Instruction& instruction) {
  std::string text;
  append_args(text, instruction);
  return nlohmann::json::parse("{" + text + "}");
}

TEST(InstructionArgs, AreTheFieldsOfTheProgramsText) {
  Transfer transfer{.to_buffer = false,
                    .rows = 2,
                    .far = {.address = 4096, .tensor = 3, .offset = 128},
                    .buffer = {.address = 64, .tensor = 3},
                    .row_bytes = 32};
  const Instruction instruction{.layer = 7,
                                .waits = {{.semaphore = 1}, {.semaphore = 2, .count = 3}},
                                .signals = {{.semaphore = 4}},
                                .operation = transfer};
  EXPECT_EQ(args_of(instruction), (nlohmann::json{{"to_buffer", false},
                                                  {"far", "t3+128@4096"},
                                                  {"buffer", "t3@64"},
                                                  {"rows", 2},
                                                  {"row_bytes", 32},
                                                  {"layer", 7},
                                                  {"wait", "1,2x3"},
                                                  {"signal", "4"}}));
}

TEST(InstructionArgs, OfAWindowAreItsSource) {
  Fold fold{.next_tile = false, .tile = 5, .rows = 4, .cols = 3, .count = 2, .accumulator = 9};
  fold.window.edit().source = {.address = 100, .tensor = 1};
  EXPECT_EQ(args_of({.operation = fold}), (nlohmann::json{{"tile", 5},
                                                          {"next_tile", false},
                                                          {"rows", 4},
                                                          {"cols", 3},
                                                          {"first", 0},
                                                          {"count", 2},
                                                          {"accumulator", 9},
                                                          {"window", "t1@100"},
                                                          {"layer", 0}}));
}

TEST(InstructionArgs, OfSemaphoresLeaveOutTheRest) {
  std::string text = "\"index\":1";
  append_semaphore_args(text, {.layer = 3, .waits = {{.semaphore = 1, .count = 2}}});
  EXPECT_EQ(text, "\"index\":1,\"wait\":\"1x2\"");
}

TEST(InstructionArgs, OfABodyAreItsStagesByNameAndItsStore) {
  Convert convert{.rows = 1, .cols = 2, .bias = Operand{.address = 8}};
  convert.to = {.out = {.address = 16}, .type = DataType::Fp16, .low = 0};
  EXPECT_EQ(args_of({.operation = convert}),
            (nlohmann::json{{"rows", 1},
                            {"cols", 2},
                            {"operands", "@8"},
                            {"out", "@16"},
                            {"body",
                             {{"cost", "activation"},
                              {"stages", {"sums"}},
                              {"to", {{"type", "fp16"}, {"low", "0"}}}}},
                            {"layer", 0}}));
}

}  // namespace
}  // namespace systole
