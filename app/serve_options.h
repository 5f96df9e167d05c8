#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "study/token_server.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own
class App;
}

namespace systole {

/// `systole serve`: a language model under load.
struct ServeRequest {
  double rate = 0;  ///< requests a second
  TokenLengths lengths;
  std::string file;  ///< of pairs, or empty
  std::int64_t slots = 16;
  std::int64_t requests = 1000;
  ServeTargets targets;
};

/// Options as the user wrote them.
struct ServeWords {
  std::string rate;
  std::string prompts = "512";
  std::string outputs = "128";
  std::string slots = "16";
  std::string requests = "1000";
  std::optional<std::string> first_token;
  std::optional<std::string> each_token;
};

/// Adds the command's own options.
void add_serve_options(CLI::App& command, ServeWords& words);
/// Throws UserError; reads no file. `seconds_in` reads a time.
[[nodiscard]] ServeRequest checked_serve(
    const ServeWords& words,
    const std::function<double(const std::string& option, const std::string& text)>& seconds_in);
/// Reads the file of pairs, if there is one: a prompt and an output in tokens a line. Throws
/// UserError.
void read_pairs(ServeRequest& request);

}  // namespace systole
