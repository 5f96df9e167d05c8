#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/app/process.h"
#include "tests/app/scratch.h"
#include "tests/compiler/frontend/npy_writer.h"

namespace systole {
namespace {

using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;
using Floats = std::vector<float>;
using Bytes8 = std::vector<std::int8_t>;

/// The elements of a .npy file as the tool writes it, its header checked.
template <class T>
std::vector<T> elements(const std::string& bytes, const std::string& type,
                        const std::string& shape) {
  const std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape;
  EXPECT_EQ(bytes.substr(0, 8), std::string("\x93NUMPY\x01\0", 8));
  EXPECT_EQ(bytes.substr(10, header.size()), header);
  const std::size_t start = bytes.find('\n') + 1;
  EXPECT_EQ(start % 64, 0U);
  std::vector<T> values((bytes.size() - start) / sizeof(T));
  std::memcpy(values.data(), bytes.data() + start, values.size() * sizeof(T));
  return values;
}

/// The network of docs/validate.md. In real numbers, with the image 1 2 / 3 -1:
///   features.0: relu(1 * 1 + 1 * -1 + 0.5) = 0.5, relu(0.5 * (1 + 2 + 3) - 1) = 2
///   classifier: 0.5 + 2 = 2.5, -0.5 + 0.5 * 2 + 0.25 = 0.75, 2 * 0.5 - 2 * 2 = -3
/// In int8 all of it is exact but 0.75, one and a half of the last layer's steps, which becomes
/// two:
///   image 2 4 6 -2 (steps of 0.5); features.0: 2 and 8 steps of 0.25 above the zero point -128;
///   classifier: 5, 2, -6 (steps of 0.5).
class Numbers : public testing::Test {
 protected:
  void SetUp() override {
    scratch.write("net.yaml", R"(network: small
weights: {directory: weights}
inputs:
  - {name: image, rows: 2, cols: 2, channels: 1, quantization: {scale: 0.5}, file: image.npy}
layers:
  - {name: features.0, op: conv2d, channels: 2, kernel: 2, activation: relu, weights: {scale: 0.5},
     output: {scale: 0.25, zero_point: -128}}
  - {name: classifier, op: dense, features: 3, weights: {scale: 0.5}, output: {scale: 0.5}}
)");
    scratch.write("image.npy", npy("(1, 2, 2, 1)", Floats{1, 2, 3, -1}));
    scratch.write("weights/features.0.weight.npy",
                  npy("(2, 1, 2, 2)", Floats{1, 0, 0, 1, 0.5F, 0.5F, 0.5F, 0}));
    scratch.write("weights/features.0.bias.npy", npy("(2,)", Floats{0.5F, -1}));
    scratch.write("weights/classifier.weight.npy",
                  npy("(3, 2)", std::vector<double>{1, 1, -1, 0.5, 2, -2}));
    scratch.write("weights/classifier.bias.npy", npy("(3,)", Floats{0, 0.25F, 0}));
  }

  [[nodiscard]] ProcessResult run(std::vector<std::string> options,
                                  const std::string& chip = "edge") const {
    options.insert(options.begin(), {"run", chip, "net.yaml"});
    return run_systole(options, {.directory = scratch.root()});
  }

  Scratch scratch;
};

TEST_F(Numbers, OfOutputsAreSavedAsStoredAndAsReals) {
  const ProcessResult result = run({"--save-tensors", "out"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(elements<std::int8_t>(scratch.read("out/classifier.npy"), "|i1", "(1, 3)"),
            (Bytes8{5, 2, -6}));
  EXPECT_EQ(elements<float>(scratch.read("out/classifier.float32.npy"), "<f4", "(1, 3)"),
            (Floats{2.5F, 1, -3}));
  EXPECT_FALSE(std::filesystem::exists(scratch.path("out/features.0.npy")));
}

TEST_F(Numbers, OfAllTensorsAreSavedWhenAsked) {
  EXPECT_EQ(run({"--save-tensors", "out", "--tensors", "all"}).exit_code, 0);
  EXPECT_EQ(elements<std::int8_t>(scratch.read("out/image.npy"), "|i1", "(1, 2, 2, 1)"),
            (Bytes8{2, 4, 6, -2}));
  EXPECT_EQ(elements<std::int8_t>(scratch.read("out/features.0.npy"), "|i1", "(1, 2)"),
            (Bytes8{-126, -120}));
  EXPECT_EQ(elements<float>(scratch.read("out/features.0.float32.npy"), "<f4", "(1, 2)"),
            (Floats{0.5F, 2}));
  EXPECT_EQ(run({"--save-tensors", "some", "--tensors", "features.0,image"}).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(scratch.path("some/image.npy")));
  EXPECT_FALSE(std::filesystem::exists(scratch.path("some/classifier.npy")));
}

TEST_F(Numbers, OfBf16AreSavedAsItsPatterns) {
  EXPECT_EQ(run({"--save-tensors", "out"}, "tpu_v2").exit_code, 0);
  // The upper halves of binary32: 2.5 is 0x40200000, 0.75 is 0x3f400000, -3 is 0xc0400000.
  EXPECT_EQ(elements<std::uint16_t>(scratch.read("out/classifier.npy"), "<u2", "(1, 3)"),
            (std::vector<std::uint16_t>{0x4020, 0x3f40, 0xc040}));
  EXPECT_EQ(elements<float>(scratch.read("out/classifier.float32.npy"), "<f4", "(1, 3)"),
            (Floats{2.5F, 0.75F, -3}));
}

TEST_F(Numbers, LeaveTheCyclesAsTheyAre) {
  const json plain = json::parse(run({"--format", "json"}).out);
  const json saved = json::parse(run({"--format", "json", "--save-tensors", "out"}).out);
  EXPECT_EQ(plain, saved);
}

TEST_F(Numbers, AreComparedWithTheFloatNetworkByTheCheck) {
  const ProcessResult result = run({"--check"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  // 10 log10((2.5^2 + 0.75^2 + 3^2) / 0.25^2) = 24.0
  EXPECT_THAT(result.out,
              HasSubstr("\nagainst the float network  mean error  worst error  SQNR dB  clipped\n"
                        "  image                             0            0    exact    0.0 %\n"
                        "  features.0                        0            0    exact    0.0 %\n"
                        "  classifier                   0.0833         0.25     24.0    0.0 %\n"
                        "\ncheck: "));
  const json quality = json::parse(run({"--check", "--format", "json"}).out)["check"]["quality"];
  EXPECT_EQ(quality[2]["tensor"], "classifier");
  EXPECT_EQ(quality[2]["worst_error"], 0.25);
  EXPECT_EQ(quality[2]["worst_at"], 1);
  EXPECT_EQ(quality[2]["sqnr_db"], 24.03);
}

/// The outputs reach from -3 to 2.5, 255 steps of 5.5 / 255 = 0.0216; 0 is 3 / 0.0216 = 139.09
/// steps above -128: the zero point is 11.
TEST_F(Numbers, OfRealsAreQuantisedByTheRangesOfTheRun) {
  const ProcessResult result = run({"--quantize", "int8", "--check", "--save-tensors", "out"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out,
              HasSubstr("\ncheck: 5 tensors compared with the reference kernels, 13 elements, 0 "));
  const Floats outputs =
      elements<float>(scratch.read("out/classifier.float32.npy"), "<f4", "(1, 3)");
  const auto stored = elements<std::int8_t>(scratch.read("out/classifier.npy"), "|i1", "(1, 3)");
  const Floats wanted{2.5F, 0.75F, -3};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_FLOAT_EQ(outputs[i], static_cast<float>(5.5 / 255 * (stored[i] - 11)));
    EXPECT_NEAR(outputs[i], wanted[i], 2 * 5.5 / 255);
  }
  const json again =
      json::parse(run({"--quantize", "int8", "--check", "--format", "json"}).out)["check"];
  EXPECT_EQ(again["quality"][2]["tensor"], "classifier");
  EXPECT_LE(again["quality"][2]["worst_error"], 2 * 5.5 / 255);
}

TEST_F(Numbers, OfTheUserAreComparedWithTheRun) {
  scratch.write("mine/classifier.npy", npy("(1, 3)", Floats{2.5F, 0.75F, -3}));
  scratch.write("mine/features.0.npy", npy("(1, 2, 1, 1)", Floats{0.5F, 2}));
  scratch.write("mine/other.npy", npy("(1,)", Floats{0}));
  const ProcessResult loose = run({"--compare", "mine", "--tolerance", "0.1"});
  EXPECT_EQ(loose.exit_code, 0) << loose.err;
  EXPECT_THAT(
      loose.out,
      EndsWith(
          "\nagainst your numbers  mean error  worst error  of largest  worst at  SQNR dB    "
          "top-1\n"
          "  features.0                   0            0       0.0 %         -    exact  100.0 "
          "%\n"
          "  classifier              0.0833         0.25       8.3 %    [0, 1]     24.0  100.0 "
          "%\n"
          "  not compared: other.npy, as no tensor is called so\n"
          "\ncomparison: 2 tensors compared with your numbers, tolerance 10.0 %: passed\n"));
  const ProcessResult usual = run({"--compare", "mine"});
  EXPECT_EQ(usual.exit_code, 1);
  EXPECT_EQ(usual.err,
            "systole: comparison: 2 tensors compared with your numbers, tolerance 5.0 %: FAILED, "
            "classifier is 8.3 % off\n");
}

TEST_F(Numbers, OfTheDocumentedExampleAreThoseOfThePage) {
  scratch.write("mine/classifier.npy", npy("(1, 3)", std::vector<double>{2.5, 0.75, -3}));
  const ProcessResult result = run({"--check", "--save-tensors", "out", "--compare", "mine"});
  EXPECT_EQ(result.exit_code, 1);
  std::stringstream page;
  page << std::ifstream(SYSTOLE_SOURCE_DIR "/docs/validate.md").rdbuf();
  const std::size_t tables = result.out.find("against the float network");
  ASSERT_NE(tables, std::string::npos);
  EXPECT_THAT(page.str(), HasSubstr("\n...\n" + result.out.substr(tables) + "```\n"));
}

TEST_F(Numbers, ThatWereSavedCompareExactly) {
  for (const std::string chip : {"edge", "tpu_v2"}) {
    ASSERT_EQ(run({"--save-tensors", chip, "--tensors", "all"}, chip).exit_code, 0);
    const ProcessResult result =
        run({"--compare", chip, "--tolerance", "0", "--format", "json", "--check"}, chip);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    const json comparison = json::parse(result.out)["comparison"];
    EXPECT_EQ(comparison["passed"], true);
    EXPECT_EQ(comparison["tensors"].size(), 3U);
    EXPECT_TRUE(comparison["not_compared"].empty());
    std::filesystem::remove(scratch.path(chip + "/classifier.npy"));
    EXPECT_EQ(run({"--compare", chip, "--tolerance", "0"}, chip).exit_code, 0);  // float32 alone
  }
}

TEST_F(Numbers, OfAnInputMayComeFromTheCommandLine) {
  scratch.write("zero.npy", npy("(1, 2, 2, 1)", Bytes8{0, 0, 0, 0}));
  EXPECT_EQ(run({"--input", "image=zero.npy", "--save-tensors", "out"}).exit_code, 0);
  // Biases alone: relu(0.5), relu(-1); 0.5, -0.5 + 0.25, 1 are 1, -0.5 (away from zero), 2 steps.
  EXPECT_EQ(elements<std::int8_t>(scratch.read("out/classifier.npy"), "|i1", "(1, 3)"),
            (Bytes8{1, -1, 2}));
}

TEST_F(Numbers, AreToldOfWhenTheyAreClipped) {
  scratch.write("image.npy", npy("(1, 2, 2, 1)", Floats{100, 200, 300, 100}));
  const ProcessResult result = run({"--check"});
  EXPECT_EQ(result.exit_code, 0);  // the chip computed what the int8 network says
  EXPECT_THAT(result.out, HasSubstr("\nnote: image: 100.0 % of the values do not fit int8 and are "
                                    "clipped: its scale is too small\n"));
}

struct Mistake {
  std::vector<std::string> options;
  std::string message;
};

TEST_F(Numbers, MistakesAreToldInOneLine) {
  scratch.write("empty/readme.txt", "");
  scratch.write("first/classifier.npy", npy("(1, 4)", Floats(4)));
  scratch.write("file", "");
  const std::vector<Mistake> mistakes{
      {{"--save-tensors", "out", "--tensors", "clasifier"},
       "systole: --tensors: expected outputs, all, or names of layers and inputs, got 'clasifier' "
       "(did you mean 'classifier'?)"},
      {{"--save-tensors", "file"},
       "systole: --save-tensors: expected a directory, got 'file', which is something else"},
      {{"--save-tensors", "none/out"},
       "systole: cannot write 'none/out': No such file or directory"},
      {{"--tensors", "all"}, "systole: --tensors: expected beside --save-tensors, got it alone"},
      {{"--tolerance", "1"}, "systole: --tolerance: expected beside --compare, got it alone"},
      {{"--compare", "first", "--tolerance", "5%"},
       "systole: --tolerance: expected a share such as 0.05, at least 0, got '5%'"},
      {{"--compare", "first", "--tolerance", "-1"},
       "systole: --tolerance: expected a share such as 0.05, at least 0, got '-1'"},
      {{"--compare", "none"},
       "systole: --compare: expected a directory that can be read, got 'none'"},
      {{"--compare", "empty"},
       "systole: --compare: expected files called as tensors of the network, such as "
       "classifier.npy, in 'empty', got none"},
      {{"--compare", "first"}, "first/classifier.npy: expected shape (at least 1, 3), got (1, 4)"},
      {{"--check", "--input", "image"},
       "systole: --input: expected NAME=FILE, such as image=cat.npy, got 'image'"},
      {{"--check", "--input", "image=a.npy", "--input", "image=b.npy"},
       "systole: --input: expected each input once, got 'image' twice"},
      {{"--input", "image=image.npy"},
       "systole: --input: expected beside --check, --save-tensors or --compare, got none of them: "
       "a "
       "run for time alone has no numbers"},
      {{"--check", "--input", "imag=image.npy"},
       "net.yaml: inputs: expected image, got 'imag' (did you mean 'image'?)"},
      {{"--check", "--input", "image=none.npy"},
       "net.yaml:4:5: image: none.npy: expected a readable .npy file, got none"},
      {{"--save-tensors", ".", "--output", "classifier.npy"},
       "systole: --output: expected a file to write, got 'classifier.npy', which is the file of a "
       "tensor (--save-tensors)"},
  };
  for (const Mistake& mistake : mistakes) {
    const ProcessResult result = run(mistake.options);
    EXPECT_EQ(result.exit_code, 2) << mistake.message;
    EXPECT_EQ(result.err, mistake.message + '\n');
    EXPECT_FALSE(std::filesystem::exists(scratch.path("out"))) << mistake.message;
  }
}

TEST_F(Numbers, AreNeverWrittenOverThoseThatWereRead) {
  const std::string before = scratch.read("image.npy");
  const ProcessResult result = run({"--save-tensors", ".", "--tensors", "all"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("image.npy'"));
  EXPECT_EQ(scratch.read("image.npy"), before);
  EXPECT_FALSE(std::filesystem::exists(scratch.path("classifier.npy")));
}

TEST_F(Numbers, OfLayersWhoseFilesWouldBeOneAreRefused) {
  scratch.write("net.yaml",
                "network: n\ninputs:\n  - {name: x, features: 4}\nlayers:\n"
                "  - {name: a, op: relu}\n  - {name: a.float32, op: relu}\n");
  const ProcessResult result = run({"--save-tensors", "out", "--tensors", "all"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err,
            "systole: --save-tensors: expected tensors whose files differ, got two that are called "
            "'out/a.float32.npy'\n");
}

/// Weights of zero: the outputs are the biases, however the weights are scaled.
TEST(ZeroWeights, LeaveTheBiases) {
  const Scratch scratch;
  for (const std::string scale : {"", ", weights: {scale: 0.001}"}) {
    scratch.write("net.yaml",
                  "network: zeros\nweights: {directory: .}\ninputs:\n"
                  "  - {name: x, features: 64, quantization: {scale: 2.0}}\nlayers:\n"
                  "  - {name: c, op: dense, features: 8, output: {scale: 0.0625}" +
                      scale + "}\n");
    scratch.write("c.weight.npy", npy("(8, 64)", Floats(512)));
    scratch.write("c.bias.npy", npy("(8,)", Floats{0.2F, -0.2F, 0.3F, 1, -1, 0.05F, 2, 7.9F}));
    const ProcessResult result =
        run_systole({"run", "edge", "net.yaml", "--check", "--save-tensors", "out"},
                    {.directory = scratch.root()});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    // Over 0.0625: 3.2, -3.2, 4.8, 16, -16, 0.8, 32, 126.4.
    EXPECT_EQ(elements<std::int8_t>(scratch.read("out/c.npy"), "|i1", "(1, 8)"),
              (Bytes8{3, -3, 5, 16, -16, 1, 32, 126}));
  }
}

}  // namespace
}  // namespace systole
