#include "report/storage_text.h"

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"

namespace systole {
namespace {

std::string text_of(const std::string& layers, DataType type = DataType::Bf16) {
  return storage_text(
      parse_network("network: n\ninputs: [{name: x, features: 200}]\nlayers:\n" + layers, "n.yaml",
                    {.type = type})
          .graph);
}

TEST(StorageText, NamesWhatWeightsAreStoredIn) {
  const std::string plain = "- {name: a, op: dense, features: 200}\n";
  const std::string int4 = "- {name: b, op: dense, features: 200, weights: {type: int4}}\n";
  const std::string int8 = "- {name: c, op: dense, features: 200, weights: {type: int8}}\n";
  EXPECT_EQ(text_of(plain), "");
  EXPECT_EQ(text_of(plain, DataType::Int8), "");
  EXPECT_EQ(text_of(int8), "int8");
  EXPECT_EQ(text_of(int4 + int8 + plain), "int4:128, int8, bf16");
}

TEST(StorageText, NamesWhatStatesAreStoredIn) {
  const auto text_of_states = [](std::optional<StateType> type) {
    return state_storage_text(
        parse_network("network: n\ninputs: [{name: x, extents: [1, 8]}]\n"
                      "states: [{name: s, extents: [16, 8]}]\n"
                      "layers: [{name: a, op: append, inputs: [x, s], at: 3},\n"
                      "  {name: b, op: matmul, inputs: [x, a], transpose_b: true}]\n",
                      "n.yaml", {.type = DataType::Bf16, .states = type})
            .graph);
  };
  EXPECT_EQ(text_of_states({}), "");
  EXPECT_EQ(text_of_states(StateType::Int8), "int8");
}

}  // namespace
}  // namespace systole
