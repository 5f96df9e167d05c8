// Damaged network files end in a network or in one line: never in a crash, an internal error or an
// allocation beyond reason.
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "compiler/frontend/random_stream.h"
#include "compiler/frontend/read_network.h"
#include "compiler/frontend/timeloop.h"

namespace systole {
namespace {

std::string text_of(const std::string& name) {
  std::ifstream file(SYSTOLE_SOURCE_DIR "/workloads/" + name + ".yaml");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class Mutator {
 public:
  explicit Mutator(const std::string& name) : random_(1, name) {}

  std::size_t below(std::size_t limit) { return random_.word(draw_++) % limit; }

  std::string mutate(std::string text) {
    for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
      const std::size_t at = below(text.size());
      switch (below(6)) {
        case 0:
          text[at] = static_cast<char>(below(256));
          break;
        case 1:
          text.erase(at, 1 + below(20));
          break;
        case 2:
          text.insert(at, text.substr(below(text.size()), 1 + below(40)));
          break;
        case 3:
          replace_word(text, at, words()[below(words().size())]);
          break;
        case 4:
          replace_word(text, at, word_at(text, below(text.size())));
          break;
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
                                                    "65536",
                                                    "99999999999999999999",
                                                    "1e400",
                                                    "nan",
                                                    "$input",
                                                    "$width",
                                                    "[]",
                                                    "{}",
                                                    "same",
                                                    "conv2d",
                                                    "dense",
                                                    "concat",
                                                    "~",
                                                    "&a",
                                                    "*a",
                                                    "\n- ",
                                                    ": ",
                                                    "flatten",
                                                    "[1, 2, 3, 4]",
                                                    "''",
                                                    "relu6",
                                                    "input",
                                                    "names"};
    return kWords;
  }
  static bool is_break(char character) {
    return std::string(" ,:{}[]\n").find(character) != std::string::npos;
  }
  static std::pair<std::size_t, std::size_t> word_range(const std::string& text, std::size_t at) {
    std::size_t first = at;
    while (first > 0 && !is_break(text[first - 1])) {
      --first;
    }
    std::size_t last = at;
    while (last < text.size() && !is_break(text[last])) {
      ++last;
    }
    return {first, last};
  }
  static std::string word_at(const std::string& text, std::size_t at) {
    const auto [first, last] = word_range(text, at);
    return text.substr(first, last - first);
  }
  static void replace_word(std::string& text, std::size_t at, const std::string& word) {
    const auto [first, last] = word_range(text, at);
    text.replace(first, last - first, word);
  }

  RandomStream random_;
  std::uint64_t draw_ = 0;
};

enum class Outcome { Network, Message };

Outcome read(const std::string& text) {
  try {
    EXPECT_FALSE(parse_network(text, "n.yaml").graph.nodes.empty());
    return Outcome::Network;
  } catch (const UserError& error) {
    const std::string message = error.what();
    EXPECT_TRUE(message.starts_with("n.yaml:")) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return Outcome::Message;
  }
}

Outcome read_problem(const std::string& text) {
  try {
    const ConfigNode root = ConfigNode::parse(text, "n.yaml", ConfigNode::Kind::Workload);
    if (!is_timeloop_problem(root)) {
      return Outcome::Message;
    }
    EXPECT_EQ(parse_network(timeloop_description(root), "n.yaml").graph.nodes.size(), 1U);
    return Outcome::Network;
  } catch (const UserError& error) {
    const std::string message = error.what();
    EXPECT_TRUE(message.starts_with("n.yaml:")) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return Outcome::Message;
  }
}

constexpr const char* kProblem = R"(problem:
  shape:
    dimensions: [C, M, R, P]
    coefficients: [{name: stride, default: 2}]
    data_spaces:
    - {name: Weights, projection: [[[C]], [[M]], [[R]]]}
    - {name: Inputs, projection: [[[C]], [[R], [P, stride]]]}
    - {name: Outputs, projection: [[[M]], [[P]]], read_write: true}
  instance: {C: 3, M: 8, R: 3, P: 7}
)";

TEST(TimeloopFuzz, ProblemsEndInANetworkOrAMessage) {
  Mutator mutator("timeloop");
  int networks = 0;
  int messages = 0;
  for (int round = 0; round < 6000; ++round) {
    ++(read_problem(mutator.mutate(kProblem)) == Outcome::Network ? networks : messages);
  }
  EXPECT_GT(networks, 100);
  EXPECT_GT(messages, 1000);
}

class NetworkFuzz : public testing::TestWithParam<const char*> {};

TEST_P(NetworkFuzz, EndsInANetworkOrAMessage) {
  const std::string whole = text_of(GetParam());
  Mutator mutator(GetParam());
  int networks = 0;
  int messages = 0;
  for (int round = 0; round < 1500; ++round) {
    ++(read(mutator.mutate(whole)) == Outcome::Network ? networks : messages);
  }
  // Mutations that all fail, or all pass, would test half of the reader.
  EXPECT_GT(networks, 20);
  EXPECT_GT(messages, 500);
}

INSTANTIATE_TEST_SUITE_P(Workloads, NetworkFuzz,
                         testing::Values("alexnet", "resnet50", "mobilenet_v1"),
                         [](const auto& network) { return std::string(network.param); });

}  // namespace
}  // namespace systole
