#include "report/storage_text.h"

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"

namespace systole {
namespace {

std::string text_of(const std::string& layers, DataType type = DataType::Bf16) {
  return storage_text(parse_network("network: n\ninputs: [{name: x, features: 200}]\nlayers:\n" +
                                        layers,
                                    "n.yaml", {.type = type})
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

}  // namespace
}  // namespace systole
