#pragma once

#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/command_line.h"
#include "arch/diag/error.h"
#include "arch/diag/printable.h"

namespace systole {

// What words behind options mean. Each throws UserError: `systole: OPTION: expected ..., got ...`.

/// The most of --batch.
inline constexpr std::int64_t kMaxBatch = 65'536;

template <class Integer>
[[nodiscard]] Integer integer_of(const std::string& option, const std::string& text, Integer min,
                                 Integer max) {
  Integer value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  const bool padded = text.size() > 1 && text.starts_with('0');
  if (error != std::errc{} || stopped != end || padded || value < min || value > max) {
    throw UserError(fmt::format("systole: {}: expected an integer in {}..{}, got {}", option, min,
                                max, in_quotes(text)));
  }
  return value;
}

[[nodiscard]] Format format_of(const std::string& text, Command command);
/// A type that networks compute in.
[[nodiscard]] DataType network_type_of(const std::string& text);
/// `int4` or `int4:64`.
[[nodiscard]] WeightStorage storage_of(const std::string& text);
/// `a,b,c`; an empty name is a mistake.
[[nodiscard]] std::vector<std::string> list_of(const std::string& option, const std::string& text);
[[nodiscard]] double real_of(const std::string& option, const std::string& text, double min,
                             double max);
/// `7ms` or `7 ms`.
[[nodiscard]] Femtoseconds duration_of(const std::string& option, const std::string& text);
/// Elsewhere it is standard output; here that is what there is without --output.
void refuse_dash(const std::string& option, const std::string& file);
/// Empty where the option was not given.
[[nodiscard]] std::string file_of(const std::string& option,
                                  const std::optional<std::string>& file);
/// The same where `-` would mean nothing.
[[nodiscard]] std::string named_file_of(const std::string& option,
                                        const std::optional<std::string>& file);
/// `all`, `none`, `10`, `top 10`.
[[nodiscard]] std::size_t layers_of(const std::string& text);
/// A share such as 0.05; also 0.
[[nodiscard]] double tolerance_of(const std::string& text);
/// `NAME=FILE`
[[nodiscard]] std::map<std::string, std::string> input_files_of(
    const std::vector<std::string>& words);
/// `NAME=N,NAME=N`, each name once.
[[nodiscard]] DimValues dims_of(const std::vector<std::string>& words);

}  // namespace systole
