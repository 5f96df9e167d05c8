#include "compiler/frontend/stablehlo/read_stablehlo_network.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/config/near_name.h"
#include "arch/config/text_file.h"
#include "arch/diag/error.h"
#include "arch/diag/printable.h"
#include "compiler/frontend/stablehlo/module.h"
#include "compiler/frontend/stablehlo/translate_module.h"
#include "compiler/frontend/stablehlo/weight_arguments.h"

namespace systole {

namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 32;
constexpr std::size_t kMostLines = 8;

/// The first word behind blanks, comments and definitions of locations.
std::string_view first_word(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
    if (!text.starts_with("//") && !text.starts_with("#")) {
      break;
    }
    text.remove_prefix(std::min(text.find('\n'), text.size()));
  }
  return text.substr(0, std::min(text.find_first_of(" \t\r\n@({"), text.size()));
}

bool begins_a_module(std::string_view text) {
  const std::string_view word = first_word(text);
  return word == "module" || word == "builtin.module" || word == "func.func" ||
         word == "\"builtin.module\"" || word == "\"func.func\"";
}

std::string head_of(const std::string& file) {
  constexpr std::size_t kHead = 65'536;
  std::string head(kHead, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(stream.gcount()));
  return head;
}

std::string text_of_file(const std::string& file) {
  try {
    const std::string head = head_of(file);
    if (head.starts_with("ML\xEFR")) {
      throw WorkloadError({.file = file}, "",
                          "expected MLIR's text, got its bytecode: print it as text");
    }
    if (!head.empty() && !begins_a_module(head)) {
      throw WorkloadError({.file = file, .line = 1, .column = 1}, "",
                          fmt::format("expected a module or a function of StableHLO, got {}",
                                      in_quotes(first_word(head))));
    }
    return read_text_file(file, kMostBytes);
  } catch (const TextFault& fault) {
    throw WorkloadError({.file = file, .line = fault.line, .column = fault.column}, fault.path,
                        fault.message);
  }
}

/// `lines 3, 7 and 12`, not more than a line's worth.
std::string lines_text(const std::vector<int>& lines) {
  std::vector<int> some(lines.begin(),
                        lines.begin() + std::min<std::ptrdiff_t>(std::ssize(lines), kMostLines));
  return fmt::format(
      "{} {}{}", lines.size() == 1 ? "line" : "lines", fmt::join(some, ", "),
      lines.size() > kMostLines ? fmt::format(" and {} more", lines.size() - kMostLines) : "");
}

/// A line for each operation and reason, at the first place that has it.
std::string refused_text(const std::string& file, const std::vector<HloRefusal>& refusals) {
  std::vector<std::pair<std::string, std::string>> kinds;
  std::map<std::pair<std::string, std::string>, std::vector<HloPlace>> places;
  for (const HloRefusal& refusal : refusals) {
    const std::pair<std::string, std::string> kind{refusal.op, refusal.reason};
    if (places[kind].empty()) {
      kinds.push_back(kind);
    }
    places[kind].push_back(refusal.place);
  }
  const std::vector<std::string> known = translated_operations();
  const std::vector<std::string_view> names(known.begin(), known.end());
  std::vector<std::string> lines;
  for (const auto& kind : kinds) {
    const auto& [op, reason] = kind;
    std::vector<int> numbers;
    for (const HloPlace& place : places[kind]) {
      if (std::find(numbers.begin(), numbers.end(), place.line) == numbers.end()) {
        numbers.push_back(place.line);
      }
    }
    const std::size_t dot = op.find('.');
    const std::string_view word =
        std::string_view(op).substr(dot == std::string::npos ? 0 : dot + 1);
    const HloPlace first = places[kind].front();
    lines.push_back(fmt::format(
        "{}:{}:{}: {}: {}", printable_path(file), first.line, first.column, printable(op),
        reason.empty()
            ? fmt::format("expected an operation that docs/stablehlo.md lists, got {} of it, {}{}",
                          places[kind].size(), lines_text(numbers), suggestion(word, names))
            : fmt::format("{}, {}", reason, lines_text(numbers))));
  }
  return fmt::format("{}", fmt::join(lines, "\n"));
}

struct ReadModule {
  HloModule module;
  HloTranslation translation;
  WeightArguments weights;
};

/// All sizes stand in the file.
void check_sizes(const HloFunction& entry, const WeightArguments& weights, const std::string& file,
                 const OnnxOptions& options) {
  if (!options.dims.empty()) {
    throw UserError(fmt::format("systole: --dim: expected a network with axes of open size, got {}",
                                in_quotes(options.dims.begin()->first)));
  }
  for (std::size_t i = 0; options.batch != 0 && i < entry.arguments.size(); ++i) {
    const HloArgument& argument = entry.arguments[i];
    const std::vector<std::int64_t>& shape = argument.type.shape;
    if (!weights.is_weight[i] && !shape.empty() && shape.front() != options.batch) {
      throw WorkloadError(
          {.file = file, .line = argument.place.line, .column = argument.place.column},
          printable(name_of(argument, i)),
          fmt::format("expected the batch that the file fixes, {}, got {}", shape.front(),
                      options.batch));
    }
  }
}

ReadModule read_module(std::string_view text, const std::string& file, const OnnxOptions& options) {
  ReadModule made;
  made.module = parse_hlo_module(text, file);
  const HloFunction* const entry = made.module.entry();
  if (entry != nullptr) {
    made.weights = weight_arguments(made.module, *entry, options.parameters);
    check_sizes(*entry, made.weights, file, options);
  }
  made.translation =
      translate_hlo_module(made.module, [&](std::size_t argument) -> std::optional<OnnxConstant> {
        if (!made.weights.is_weight[argument]) {
          return std::nullopt;
        }
        const HloArgument& weight = entry->arguments[argument];
        return numbers_of_weight(weight, name_of(weight, argument), made.weights.files[argument],
                                 options.seed, options.numbers);
      });
  if (made.translation.graph.inputs.empty() && made.translation.refusals.empty()) {
    throw WorkloadError(
        {.file = file, .line = entry->place.line, .column = entry->place.column},
        "@" + printable(entry->name),
        fmt::format("expected an argument that is an input, got {}",
                    entry->arguments.empty() ? "none" : "weights alone (--parameters)"));
  }
  return made;
}

/// What a node is called in the file.
HloRefusal as_written(const HloTranslation& translation, const ImportRefusal& refusal) {
  const auto found = translation.origins.find(refusal.node);
  HloRefusal made{.op = refusal.op, .reason = refusal.reason, .place = {}};
  if (found != translation.origins.end()) {
    made.op = found->second.op;
    made.place = found->second.place;
    if (made.reason.empty()) {
      made.reason = fmt::format("expected what a network is made of, got {}", refusal.op);
    }
  }
  return made;
}

std::string about_of(const ReadModule& read) {
  std::vector<std::string> weights;
  for (std::size_t i = 0; i < read.weights.is_weight.size(); ++i) {
    if (read.weights.is_weight[i]) {
      weights.push_back(name_of(read.module.entry()->arguments[i], i));
    }
  }
  return fmt::format(
      "{}: {} operations of StableHLO, {} nodes\nArguments that are weights: {}",
      printable_path(read.module.file), read.translation.operations,
      read.translation.graph.nodes.size(),
      weights.empty() ? "none" : escaped(fmt::format("{}", fmt::join(weights, ", "))));
}

ImportedFile imported_file(ReadModule& read) {
  HloTranslation& translation = read.translation;
  ImportedFile made{.graph = {}, .about = about_of(read), .in_primitives = true, .refused = {}};
  made.graph = std::move(translation.graph);
  made.refused = [&translation,
                  file = read.module.file](const std::vector<ImportRefusal>& refusals) {
    std::vector<HloRefusal> all = translation.refusals;
    for (const ImportRefusal& refusal : refusals) {
      all.push_back(as_written(translation, refusal));
    }
    return refused_text(file, all);
  };
  return made;
}

/// Everything at once: what was translated is looked at, too.
std::string all_refused(ReadModule& read) {
  ImportedFile file = imported_file(read);
  const auto refused = file.refused;
  const ImportUses uses(file.graph);
  file.graph.outputs.clear();
  for (const ImportNode& node : file.graph.nodes) {
    for (const ImportValueId output : node.outputs) {
      if (uses.readers(output).empty()) {
        file.graph.outputs.push_back(output);
      }
    }
  }
  std::vector<ImportRefusal> more;
  if (!file.graph.outputs.empty() && !file.graph.inputs.empty()) {
    try {
      more = refusals_of(file);
    } catch (const WorkloadError&) {  // of a part of a network
    }
  }
  return refused(more);
}

}  // namespace

bool is_stablehlo_file(const std::string& file) {
  if (file.ends_with(".mlir") || file.ends_with(".stablehlo")) {
    return true;
  }
  for (const std::string_view other : {".yaml", ".yml", ".onnx", ".csv"}) {
    if (file.ends_with(other)) {
      return false;
    }
  }
  return begins_a_module(head_of(file));
}

Network read_stablehlo_network(const std::string& file, const OnnxOptions& options) {
  return parse_stablehlo_network(text_of_file(file), file, options);
}

Network parse_stablehlo_network(std::string_view text, const std::string& file,
                                const OnnxOptions& options) {
  ReadModule read = read_module(text, file, options);
  if (!read.translation.refusals.empty()) {
    throw WorkloadError(all_refused(read));
  }
  return network_of(imported_file(read), options);
}

std::string explain_stablehlo(const std::string& file, const OnnxOptions& options) {
  ReadModule read = read_module(text_of_file(file), file, options);
  if (!read.translation.refusals.empty()) {
    const std::string about = about_of(read);
    return about + "\n\nMissing:\n" + all_refused(read) + "\n";
  }
  return explanation_of(imported_file(read));
}

}  // namespace systole
