// Damaged modules end in a network or in messages with their places: never in a crash, an internal
// error or an allocation beyond reason.
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "compiler/frontend/random_stream.h"
#include "compiler/frontend/stablehlo/read_stablehlo_network.h"

namespace systole {
namespace {

std::string text_of(const std::string& name) {
  std::ifstream file(SYSTOLE_SOURCE_DIR "/tests/compiler/frontend/stablehlo/data/" + name +
                     ".mlir");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class Mutator {
 public:
  explicit Mutator(const std::string& name) : random_(1, name) {}

  std::size_t below(std::size_t limit) { return random_.word(draw_++) % limit; }

  std::string mutate(std::string text) {
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
      const std::size_t at = below(text.size());
      switch (below(6)) {
        case 0:
          text[at] = static_cast<char>(below(256));
          break;
        case 1:
          text.erase(at, 1 + below(40));
          break;
        case 2:
          text.insert(at, text.substr(below(text.size()), 1 + below(80)));
          break;
        case 3: {  // a line elsewhere
          const std::size_t begin = text.rfind('\n', at);
          const std::size_t first = begin == std::string::npos ? 0 : begin;
          text.insert(below(text.size()), text.substr(first, text.find('\n', at) - first));
          break;
        }
        case 4: {  // another digit
          const std::size_t digit = text.find_first_of("0123456789", at);
          if (digit != std::string::npos) {
            text[digit] = static_cast<char>('0' + below(10));
          }
          break;
        }
        default:
          text.insert(at, words()[below(words().size())]);
          break;
      }
      text += text.empty() ? "x" : "";
    }
    return text;
  }

 private:
  static const std::vector<std::string>& words() {
    static const std::vector<std::string> kWords = {"0",
                                                    "-1",
                                                    "4294967296",
                                                    "99999999999999999999",
                                                    "0x",
                                                    "?x",
                                                    "tensor<",
                                                    "[[",
                                                    "]",
                                                    "{",
                                                    "}",
                                                    "(",
                                                    ")",
                                                    "<",
                                                    ">",
                                                    ",",
                                                    ":",
                                                    "%arg0",
                                                    "%0#7",
                                                    "@main",
                                                    "#stablehlo<",
                                                    "dense<",
                                                    "\"",
                                                    "loc(",
                                                    "stablehlo.while",
                                                    "^bb0",
                                                    "i1",
                                                    "x",
                                                    "init",
                                                    "->",
                                                    "tensor<0xf32>"};
    return kWords;
  }

  RandomStream random_;
  std::uint64_t draw_ = 0;
};

TEST(HloFuzz, FindsNothingWrong) {
  constexpr int kCases = 400;
  int networks = 0;
  for (const std::string name : {"mlp", "mlp_generic", "cnn", "block", "rnn", "embedding"}) {
    Mutator mutator(name);
    const std::string text = text_of(name);
    for (int i = 0; i < kCases; ++i) {
      const std::string damaged = mutator.mutate(text);
      try {
        static_cast<void>(
            parse_stablehlo_network(damaged, "m.mlir",
                                    {{.type = DataType::Bf16,
                                      .numbers = false,
                                      .parameters = name == "cnn" || name == "block" ? "" : "0"},
                                     {}}));
        ++networks;
      } catch (const UserError& error) {
        const std::string message = error.what();
        EXPECT_TRUE(message.starts_with("m.mlir") || message.starts_with("systole: --parameters"))
            << message;
      }
    }
  }
  EXPECT_GT(networks, 0);
}

}  // namespace
}  // namespace systole
