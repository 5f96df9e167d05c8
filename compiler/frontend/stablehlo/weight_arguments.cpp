#include "compiler/frontend/stablehlo/weight_arguments.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/config/files_read.h"
#include "arch/config/near_name.h"
#include "arch/diag/error.h"
#include "arch/diag/printable.h"
#include "compiler/frontend/npy_file.h"
#include "compiler/frontend/random_stream.h"
#include "compiler/frontend/stablehlo/translate_module.h"

namespace systole {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& message) {
  throw UserError("systole: --parameters: " + message);
}

std::vector<std::string> names_of(const HloFunction& entry) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < entry.arguments.size(); ++i) {
    names.push_back(name_of(entry.arguments[i], i));
  }
  return names;
}

std::optional<std::size_t> number_in(std::string_view text) {
  std::size_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number = read.ec == std::errc() && read.ptr == text.data() + text.size();
  return is_number ? std::optional(value) : std::nullopt;
}

/// `3`, `0-3`, `arg3` or `arg0-arg3`: first and last.
std::optional<std::pair<std::size_t, std::size_t>> range_in(std::string_view text) {
  const auto bare = [](std::string_view each) {
    return number_in(each.starts_with("arg") ? each.substr(3) : each);
  };
  const std::size_t dash = text.find('-');
  const auto first = bare(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : bare(text.substr(dash + 1));
  return first && last ? std::optional(std::pair(*first, *last)) : std::nullopt;
}

/// Of the tree that the label is a leaf of, or the label itself.
bool belongs_to(std::string_view name, std::string_view wanted) {
  return name == wanted ||
         (name.starts_with(wanted) && (name[wanted.size()] == '[' || name[wanted.size()] == '.'));
}

void mark_listed(WeightArguments& made, const std::vector<std::string>& names,
                 std::string_view choice) {
  while (true) {
    const std::size_t comma = choice.find(',');
    const std::string_view item = choice.substr(0, comma);
    bool found = false;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (belongs_to(names[i], item)) {
        made.is_weight[i] = true;
        found = true;
      }
    }
    const auto range = found ? std::nullopt : range_in(item);
    if (range && range->first <= range->second && range->second < names.size()) {
      std::fill(made.is_weight.begin() + static_cast<std::ptrdiff_t>(range->first),
                made.is_weight.begin() + static_cast<std::ptrdiff_t>(range->second) + 1, true);
      found = true;
    }
    if (!found) {
      const std::vector<std::string_view> known(names.begin(), names.end());
      fail(fmt::format("expected {}, their numbers 0..{}, a directory or none, got {}{}",
                       one_of(known), names.size() - 1, in_quotes(item), suggestion(item, known)));
    }
    if (comma == std::string_view::npos) {
      return;
    }
    choice.remove_prefix(comma + 1);
  }
}

/// As files of tensors are called: slashes are dots.
std::string file_name(std::string name) {
  std::replace(name.begin(), name.end(), '/', '.');
  return name + ".npy";
}

void mark_files(WeightArguments& made, const std::vector<std::string>& names,
                const std::string& directory) {
  bool found = false;
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (const std::string& name : {file_name(names[i]), fmt::format("arg{}.npy", i)}) {
      const fs::path file = fs::path(directory) / name;
      std::error_code ignored;
      if (made.files[i].empty() && fs::is_regular_file(file, ignored)) {
        made.files[i] = file.string();
        made.is_weight[i] = true;
        found = true;
      }
    }
  }
  if (!found) {
    fail(fmt::format("expected files of arguments, such as {} or arg0.npy, in {}, got none",
                     printable(file_name(names.front())), path_in_quotes(directory)));
  }
}

bool is_leaf(const HloArgument& argument) {
  return argument.label.find_first_of("[.") != std::string::npos;
}

/// Without a choice: by labels.
void mark_leaves(WeightArguments& made, const HloModule& module, const HloFunction& entry) {
  const bool has_labels =
      std::any_of(entry.arguments.begin(), entry.arguments.end(),
                  [](const HloArgument& argument) { return !argument.label.empty(); });
  if (!has_labels && entry.arguments.size() > 1) {
    throw WorkloadError(
        {.file = module.file, .line = entry.place.line, .column = entry.place.column},
        "@" + printable(entry.name),
        fmt::format("expected --parameters to say which of {} arguments are weights, such as "
                    "--parameters 0-{} or --parameters none, got nothing to go by",
                    entry.arguments.size(), entry.arguments.size() - 2));
  }
  for (std::size_t i = 0; has_labels && i < entry.arguments.size(); ++i) {
    made.is_weight[i] = is_leaf(entry.arguments[i]);
  }
}

/// By the seed, the name and the place alone.
std::string generated(const HloType& type, const std::string& name, std::uint64_t seed) {
  const RandomStream random(seed, name);
  const auto count = static_cast<std::size_t>(elements_of(type.shape));
  constexpr std::int64_t kLimit = 1 << 20;
  if (is_integral(type.element)) {
    std::vector<std::int64_t> numbers;
    const std::uint64_t most = type.element == OnnxType::Bool ? 2 : 8;
    for (std::size_t i = 0; i < count; ++i) {
      numbers.push_back(static_cast<std::int64_t>(random.word(i) % most));
    }
    return OnnxConstant::of_integers(type.element, type.shape, numbers).bytes();
  }
  const bool is_vector = type.shape.size() < 2;
  const double reduction = is_vector ? 1
                                     : static_cast<double>(elements_of(type.shape)) /
                                           static_cast<double>(type.shape.back());
  constexpr double kVariance = 3;  // of numbers within 1 either way: one third
  const double width = is_vector ? 0.5 : std::sqrt(kVariance / reduction);
  const double middle = is_vector ? 1 : 0;
  std::vector<float> numbers;
  for (std::size_t i = 0; i < count; ++i) {
    const double share = static_cast<double>(random.symmetric(i, kLimit)) / kLimit;
    numbers.push_back(static_cast<float>(middle + width * share));
  }
  return OnnxConstant::of_floats(type.shape, numbers).bytes();
}

/// The numbers of a file, of the shape and the kind of the argument.
NpyFile opened(const std::string& file, const HloType& type) {
  NpyFile array(file);
  if (is_floating(type.element)) {
    array.expect_type({NpyType::Float16, NpyType::Float32, NpyType::Float64});
  }
  array.expect_shape(type.shape);
  return array;
}

}  // namespace

WeightArguments weight_arguments(const HloModule& module, const HloFunction& entry,
                                 const std::string& choice) {
  WeightArguments made{.is_weight = std::vector<bool>(entry.arguments.size(), false),
                       .files = std::vector<std::string>(entry.arguments.size())};
  std::error_code ignored;
  if (entry.arguments.empty()) {
    return made;
  }
  if (choice.empty()) {
    mark_leaves(made, module, entry);
  } else if (fs::is_directory(choice, ignored)) {
    note_folder_read(choice);
    mark_files(made, names_of(entry), choice);
  } else if (choice != "none") {
    mark_listed(made, names_of(entry), choice);
  }
  return made;
}

OnnxConstant numbers_of_weight(const HloArgument& argument, const std::string& name,
                               const std::string& file, std::uint64_t seed, bool opens_files) {
  const HloType& type = argument.type;
  const OnnxType kept = is_floating(type.element) ? OnnxType::Float : type.element;
  if (file.empty()) {
    return OnnxConstant::deferred(kept, type.shape,
                                  [type, name, seed] { return generated(type, name, seed); });
  }
  note_file_read(file);
  if (opens_files) {
    static_cast<void>(opened(file, type));
  }
  return OnnxConstant::deferred(kept, type.shape, [type, file] {
    const NpyFile array = opened(file, type);
    if (is_floating(type.element)) {
      return OnnxConstant::of_floats(type.shape, array.floats()).bytes();
    }
    const std::vector<double> numbers = array.numbers();
    return OnnxConstant::of_integers(type.element, type.shape,
                                     std::vector<std::int64_t>(numbers.begin(), numbers.end()))
        .bytes();
  });
}

}  // namespace systole
