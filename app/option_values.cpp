#include "app/option_values.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <fmt/ranges.h>

#include "arch/config/near_name.h"
#include "arch/config/quantity_text.h"
#include "compiler/network_type.h"

namespace systole {

namespace {

bool has_format(Command command, Format format) {
  switch (format) {
    case Format::Text:
    case Format::Json:
      return true;
    case Format::Csv:
      return command == Command::Run || command == Command::Compare || command == Command::Study ||
             command == Command::Map;
    case Format::Html:
      return command == Command::Run || command == Command::Compare || command == Command::Explain;
    case Format::Svg:
      return command == Command::Explain;
  }
  return false;
}

/// Of files, and seconds: nobody writes a clock period in them.
constexpr auto kLongDurations = std::to_array<UnitName>({{"fs", 1},
                                                         {"ps", 1'000},
                                                         {"ns", 1'000'000},
                                                         {"us", 1'000'000'000},
                                                         {"ms", 1'000'000'000'000},
                                                         {"s", 1'000'000'000'000'000}});

}  // namespace

Format format_of(const std::string& text, Command command) {
  const std::optional<Format> format = value_named<Format>(text);
  if (!format || !has_format(command, *format)) {
    std::vector<std::string_view> known;
    for (const auto& [one, name] : kEnumNames<Format>) {
      if (has_format(command, one)) {
        known.push_back(name);
      }
    }
    throw UserError(fmt::format("systole: --format: expected one of {}, got {}",
                                fmt::join(known, ", "), in_quotes(text)));
  }
  return *format;
}

DataType network_type_of(const std::string& text) {
  const std::optional<DataType> type = value_named<DataType>(text);
  if (!type ||
      std::find(kNetworkTypes.begin(), kNetworkTypes.end(), *type) == kNetworkTypes.end()) {
    std::vector<std::string_view> names;
    for (const DataType known : kNetworkTypes) {
      names.push_back(name_of(known));
    }
    throw UserError(
        fmt::format("systole: --type: expected {}, got {}", one_of(names), in_quotes(text)));
  }
  return *type;
}

WeightStorage storage_of(const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::string word = text.substr(0, colon);
  const std::optional<StorageType> type = value_named<StorageType>(word);
  if (!type) {
    std::vector<std::string_view> names;
    for (const auto& [one, name] : kEnumNames<StorageType>) {
      names.push_back(name);
    }
    throw UserError(
        fmt::format("systole: --weights: expected {}, got {}", one_of(names), in_quotes(word)));
  }
  WeightStorage storage{.type = *type, .group = usual_group(*type)};
  if (colon != std::string::npos) {
    storage.group = integer_of<std::int64_t>("--weights", text.substr(colon + 1), 1, kMostInGroup);
  }
  return storage;
}

std::vector<std::string> list_of(const std::string& option, const std::string& text) {
  std::vector<std::string> words;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
    if (words.back().empty()) {
      throw UserError(fmt::format("systole: {}: expected words with a comma between them, got {}",
                                  option, in_quotes(text)));
    }
  }
  return words;
}

double real_of(const std::string& option, const std::string& text, double min, double max) {
  const std::optional<double> value = parse_real(text);
  if (!value || *value < min || *value > max) {
    throw UserError(fmt::format("systole: {}: expected a number in {:g}..{:g}, got {}", option, min,
                                max, in_quotes(text)));
  }
  return *value;
}

Femtoseconds duration_of(const std::string& option, const std::string& text) {
  constexpr QuantityUnits kUnits{.noun = "a time", .units = kLongDurations};
  constexpr std::int64_t kLongest = 1'000'000'000'000'000'000;  // 1000 s
  std::string spaced = text;
  const std::size_t unit = spaced.find_first_not_of("0123456789.");
  if (unit != std::string::npos && spaced[unit] != ' ') {
    spaced.insert(unit, 1, ' ');
  }
  const ParsedQuantity parsed = parse_quantity(spaced, kUnits);
  if (parsed.fault != QuantityFault::None || parsed.count < 1 || parsed.count > kLongest) {
    throw UserError(
        fmt::format("systole: {}: expected a time such as 7ms in {}, at most 1000 s, got {}",
                    option, unit_list(kUnits), in_quotes(text)));
  }
  return Femtoseconds(parsed.count);
}

void refuse_dash(const std::string& option, const std::string& file) {
  if (file == "-") {
    throw UserError(
        fmt::format("systole: {}: expected a file, got '-' (a file of that name is "
                    "'./-'; without --output the report goes to standard output)",
                    option));
  }
}

std::string file_of(const std::string& option, const std::optional<std::string>& file) {
  if (file && file->empty()) {
    throw UserError(fmt::format("systole: {}: expected a file, got ''", option));
  }
  refuse_dash(option, file.value_or(""));
  return file.value_or("");
}

std::string named_file_of(const std::string& option, const std::optional<std::string>& file) {
  if (file && (file->empty() || *file == "-")) {
    throw UserError(fmt::format("systole: {}: expected a file, got {}", option, in_quotes(*file)));
  }
  return file.value_or("");
}

std::size_t layers_of(const std::string& text) {
  constexpr std::int64_t kMostLayers = 1'000'000;
  if (text == "all") {
    return static_cast<std::size_t>(kMostLayers);
  }
  if (text == "none") {
    return 0;
  }
  constexpr std::string_view kTop = "top ";
  const std::string number = text.starts_with(kTop) ? text.substr(kTop.size()) : text;
  const std::optional<std::int64_t> layers = parse_integer(number);
  if (!layers || *layers < 1 || *layers > kMostLayers) {
    throw UserError(
        fmt::format("systole: --layers: expected all, none or an integer in 1..{}, got {}",
                    kMostLayers, in_quotes(text)));
  }
  return static_cast<std::size_t>(*layers);
}

double tolerance_of(const std::string& text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stopped != end || !(value >= 0) || !std::isfinite(value)) {
    throw UserError(
        fmt::format("systole: --tolerance: expected a share such as 0.05, at least 0, got {}",
                    in_quotes(text)));
  }
  return value;
}

std::map<std::string, std::string> input_files_of(const std::vector<std::string>& words) {
  std::map<std::string, std::string> inputs;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == word.size()) {
      throw UserError(fmt::format(
          "systole: --input: expected NAME=FILE, such as image=cat.npy, got {}", in_quotes(word)));
    }
    const std::string name = word.substr(0, equals);
    if (!inputs.emplace(name, word.substr(equals + 1)).second) {
      throw UserError(
          fmt::format("systole: --input: expected each input once, got {} twice", in_quotes(name)));
    }
  }
  return inputs;
}

DimValues dims_of(const std::vector<std::string>& words) {
  constexpr std::int64_t kLargest = std::int64_t{1} << 40;
  DimValues dims;
  for (const std::string& word : words) {
    for (const std::string& dim : list_of("--dim", word)) {
      const std::size_t equals = dim.find('=');
      if (equals == 0 || equals == std::string::npos) {
        throw UserError(fmt::format(
            "systole: --dim: expected NAME=N with commas between, such as m=2048,k=512, got {}",
            in_quotes(word)));
      }
      const std::string name = dim.substr(0, equals);
      const auto value = integer_of<std::int64_t>(fmt::format("--dim: {}", name),
                                                  dim.substr(equals + 1), 0, kLargest);
      if (!dims.emplace(name, value).second) {
        throw UserError(
            fmt::format("systole: --dim: expected each size once, got {} twice", in_quotes(name)));
      }
    }
  }
  return dims;
}

}  // namespace systole
