#include <cstdint>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "compiler/frontend/onnx/model.h"
#include "tests/compiler/frontend/onnx/model_builder.h"
#include "tests/support/temporary_directory.h"

namespace systole {
namespace {

using ::testing::ElementsAre;

std::string message_of(const std::string& bytes, const std::string& file = "m.onnx") {
  try {
    static_cast<void>(parse_onnx_model(bytes, file));
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

constexpr const char* kNoModel =
    "m.onnx: expected an ONNX model (a ModelProto of protobuf), got something else or a file that "
    "was cut short";

TEST(OnnxModel, GivesPlainValues) {
  ModelBuilder builder;
  builder.input("x", {-1, 2}, {"n", ""})
      .floats("w", {2}, {1.5F, -2})
      .node("Add", {"x", "w"}, {"y"}, {{"axis", std::int64_t{3}}, {"alpha", 0.5F}}, "sum")
      .output("y");
  const OnnxModel model = parse_onnx_model(builder.bytes(), "m.onnx");
  EXPECT_EQ(model.opsets.at(""), 13);
  ASSERT_EQ(model.graph.nodes.size(), 1U);
  EXPECT_EQ(model.graph.nodes[0].op, "Add");
  EXPECT_EQ(model.graph.nodes[0].attributes.at("axis").integer, 3);
  EXPECT_EQ(model.graph.nodes[0].attributes.at("alpha").number, 0.5F);
  EXPECT_THAT(model.graph.initializers.at(0).second.floats(), ElementsAre(1.5F, -2.0F));
  EXPECT_EQ(model.graph.inputs.at(0).axes->at(0).name, "n");
  EXPECT_EQ(model.graph.inputs.at(0).axes->at(1).size, 2);
}

TEST(OnnxModel, NonsenseIsNone) {
  EXPECT_EQ(message_of("nonsense"), kNoModel);
  EXPECT_EQ(message_of(std::string(100, '\0')), kNoModel);
  EXPECT_EQ(message_of(std::string(100, '\xff')), kNoModel);
  EXPECT_EQ(message_of(""), "m.onnx: expected an ONNX model with a graph, got none");
}

TEST(OnnxModel, AFileCutShortIsNone) {
  ModelBuilder builder;
  builder.input("x", {1}).node("Relu", {"x"}, {"y"}).output("y");
  const std::string bytes = builder.bytes();
  ASSERT_EQ(message_of(bytes), "");
  for (std::size_t length = 1; length < bytes.size(); ++length) {
    const std::string message = message_of(bytes.substr(0, length));
    if (!message.empty()) {  // some ends are ends of fields
      EXPECT_TRUE(message == kNoModel ||
                  message == "m.onnx: expected an ONNX model with a graph, got none")
          << message;
    }
  }
}

TEST(OnnxModel, NumbersHaveTheSizeOfTheirShape) {
  ModelBuilder builder;
  builder.floats("w", {3}, {1, 2});
  EXPECT_EQ(message_of(builder.bytes()),
            "m.onnx: tensor 'w': expected 12 bytes for [3] elements of float, got 8");
  ModelBuilder huge;
  huge.floats("w", {1 << 30, 1 << 30}, {1});
  EXPECT_EQ(message_of(huge.bytes()),
            "m.onnx: tensor 'w': expected a shape of at most 2^40 elements, got [1073741824, "
            "1073741824]");
}

TEST(OnnxModel, ExternalNumbersLieBesideTheModel) {
  const TemporaryDirectory folder;
  const std::string file = (folder.path() / "m.onnx").string();
  {
    const float numbers[] = {0, 1.5F, 2.5F};
    std::ofstream((folder.path() / "w.bin").string(), std::ios::binary)
        .write(reinterpret_cast<const char*>(numbers), sizeof numbers);
  }
  const auto with = [&](const std::string& location, const std::string& offset,
                        const std::string& length) {
    ModelBuilder builder;
    builder.input("x", {2})
        .external("w", {2}, location, offset, length)
        .node("Add", {"x", "w"}, {"y"})
        .output("y");
    return builder.bytes();
  };
  const OnnxModel model = parse_onnx_model(with("w.bin", "4", "8"), file);
  EXPECT_THAT(model.graph.initializers.at(0).second.floats(), ElementsAre(1.5F, 2.5F));
  const std::string at = file + ": tensor 'w': ";
  EXPECT_EQ(message_of(with("v.bin", "4", "8"), file), at + "expected external numbers in '" +
                                                           (folder.path() / "v.bin").string() +
                                                           "', got No such file or directory");
  EXPECT_EQ(message_of(with("w.bin", "8", "8"), file), at + "expected 8 bytes from byte 8 of '" +
                                                           (folder.path() / "w.bin").string() +
                                                           "', got 8 bytes of a file of 12");
  EXPECT_EQ(message_of(with("../w.bin", "", ""), file),
            at + "expected external numbers in the folder of the model, got '../w.bin'");
  EXPECT_EQ(message_of(with("w.bin", "4x", ""), file),
            at + "expected a number of bytes as offset of external numbers, got '4x'");
}

TEST(OnnxModel, AnEmptyOrMissingFileIsNone) {
  const TemporaryDirectory folder;
  const auto message = [](const std::string& file) -> std::string {
    try {
      static_cast<void>(read_onnx_model(file));
    } catch (const UserError& error) {
      return error.what();
    }
    return "";
  };
  const std::string file = (folder.path() / "m.onnx").string();
  EXPECT_EQ(message(file),
            file + ": expected a file that can be read, got No such file or directory");
  std::ofstream{file};
  EXPECT_EQ(message(file), file + ": expected an ONNX model of 1..2147483647 bytes, got 0");
}

}  // namespace
}  // namespace systole
