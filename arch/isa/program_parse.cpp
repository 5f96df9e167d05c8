#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <limits>
#include <type_traits>

#include <fmt/format.h>

#include "arch/isa/line_cursor.h"
#include "arch/isa/program_fields.h"
#include "arch/isa/program_text.h"

namespace systole {

namespace {

using Path = LineCursor::Path;

/// Takes an integer off the front of `text`; false when there is none or it does not fit.
template <std::integral Integer>
bool take_number(std::string_view& text, Integer& number) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (result.ec != std::errc{}) {
    return false;
  }
  text.remove_prefix(static_cast<std::size_t>(result.ptr - text.data()));
  return true;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) {
    return false;
  }
  text.remove_prefix(prefix.size());
  return true;
}

bool take_operand(std::string_view& text, Operand& operand) {
  if (take_prefix(text, "t")) {
    if (!take_number(text, operand.tensor)) {
      return false;
    }
    if (take_prefix(text, "+") && !take_number(text, operand.offset)) {
      return false;
    }
  }
  return take_prefix(text, "@") && take_number(text, operand.address);
}

bool take_operands(std::string_view text, OperandList& operands) {
  do {
    Operand operand;
    if (!take_operand(text, operand)) {
      return false;
    }
    operands.push_back(operand);
  } while (take_prefix(text, ","));
  return text.empty();
}

bool take_scale(std::string_view text, FixedPoint& scale) {
  return take_number(text, scale.multiplier) && take_prefix(text, "/2^") &&
         take_number(text, scale.shift) && text.empty();
}

bool take_uses(std::string_view text, std::vector<SemaphoreUse>& uses) {
  do {
    SemaphoreUse use;
    if (!take_number(text, use.semaphore)) {
      return false;
    }
    if (take_prefix(text, "x") && !take_number(text, use.count)) {
      return false;
    }
    uses.push_back(use);
  } while (take_prefix(text, ","));
  return text.empty();
}

template <class Struct>
constexpr std::size_t kFieldCount = std::tuple_size_v<std::remove_cv_t<decltype(kFields<Struct>)>>;

template <class Struct>
constexpr auto kKeys = std::apply([](const auto&... field) { return std::array{field.key...}; },
                                  kFields<Struct>);

/// An object being read, and which of its fields have been seen.
template <class Struct>
struct Reading {
  Struct& object;
  std::uint64_t seen = 0;
  std::size_t next = 0;  ///< the field that usually comes next

  /// The index of the field called `key`, or kFieldCount.
  [[nodiscard]] std::size_t find(std::string_view key) const {
    const auto& keys = kKeys<Struct>;
    if (next < keys.size() && keys[next] == key) {
      return next;
    }
    std::size_t index = 0;
    while (index < keys.size() && keys[index] != key) {
      ++index;
    }
    return index;
  }
};

class Parser {
 public:
  Parser(std::string_view text, const std::string& file) : rest_(text), file_(file) {}

  Program parse();

 private:
  bool next_line(std::string_view& line);
  void parse_header(LineCursor& cursor);
  void parse_line(LineCursor& cursor, std::string_view word);
  void parse_instruction(LineCursor& cursor, EngineId engine);
  [[nodiscard]] std::string engine_names() const;
  template <std::size_t I = 0>
  Operation parse_operation(LineCursor& cursor, std::string_view name, Instruction& instruction);
  template <class Row>
  void parse_row(LineCursor& cursor, std::string_view word, std::vector<Row>& rows);

  template <class... Structs>
  void fields(LineCursor& cursor, bool nested, Structs&... objects);
  template <class Struct>
  bool field(LineCursor& cursor, std::string_view key, Reading<Struct>& reading);
  template <class Struct, class Value>
  void field_value(LineCursor& cursor, const Field<Struct, Value>& field, Struct& object);
  void stages(LineCursor& cursor, std::vector<Stage>& list);
  template <std::size_t I = 0>
  Stage stage(LineCursor& cursor, std::string_view name);
  template <class Struct>
  void check_complete(LineCursor& cursor, const Reading<Struct>& reading) const;

  template <std::integral Integer>
  void value(LineCursor& cursor, Integer& integer);
  void value(LineCursor& cursor, float& real);
  void value(LineCursor& cursor, bool& flag);
  template <class Enum>
  requires std::is_enum_v<Enum>
  void value(LineCursor& cursor, Enum& choice);
  void value(LineCursor& cursor, EngineId& engine);
  void value(LineCursor& cursor, std::string& name) { name = cursor.quoted(); }
  void value(LineCursor& cursor, Operand& operand);
  void value(LineCursor& cursor, OperandList& operands);
  void check_tensor(const LineCursor& cursor, const Operand& operand) const;
  void value(LineCursor& cursor, FixedPoint& scale);
  void value(LineCursor& cursor, std::vector<SemaphoreUse>& uses);

  [[nodiscard]] std::size_t size_of(IndexInto table) const;
  static void check_count(const LineCursor& cursor, std::string_view key, std::int64_t count,
                          std::int64_t most);
  static void check_index(const LineCursor& cursor, std::string_view what, std::int64_t index,
                          std::size_t size);

  std::string_view rest_;
  const std::string& file_;
  int line_ = 0;
  bool ended_ = false;
  Shared<Window> last_window_;  ///< of a fold
  Program program_;
  RecentLoops loops_;
};

std::string got_token(std::string_view token) {
  return token.empty() ? "nothing" : quote_for_message(token);
}

Program Parser::parse() {
  bool has_header = false;
  std::string_view text;
  while (next_line(text)) {
    LineCursor cursor(file_, text, line_);
    if (cursor.at_end()) {
      continue;
    }
    if (ended_) {
      cursor.fail("nothing behind 'end'", quote_for_message(cursor.word()));
    }
    const std::string_view word = cursor.word();
    if (!has_header) {
      if (word != "program") {
        cursor.fail("'program'", got_token(word));
      }
      parse_header(cursor);
      has_header = true;
    } else {
      parse_line(cursor, word);
    }
  }
  if (!ended_) {
    const LineCursor end(file_, {}, line_ + 1);
    end.fail(has_header ? "'end'" : "'program'", "the end of the file");
  }
  return std::move(program_);
}

bool Parser::next_line(std::string_view& line) {
  if (rest_.empty()) {
    return false;
  }
  const std::size_t end = std::min(rest_.find('\n'), rest_.size());
  line = rest_.substr(0, end);
  rest_.remove_prefix(std::min(end + 1, rest_.size()));
  ++line_;
  return true;
}

void Parser::parse_header(LineCursor& cursor) {
  const Path path(cursor, "program");
  const std::string_view format = cursor.word();
  if (format != "1") {
    cursor.fail("format 1", got_token(format));
  }
  EngineSet engines;
  fields(cursor, false, program_, engines);
  check_count(cursor, "cores", engines.cores, kMaxCores);
  check_count(cursor, "matrix_units", engines.matrix_units, kMaxMatrixUnits);
  program_.streams = PerEngine<Stream>(engines);
}

void Parser::parse_line(LineCursor& cursor, std::string_view word) {
  if (const auto engine = program_.engines().named(word)) {
    parse_instruction(cursor, *engine);
  } else if (word == "layer") {
    parse_row(cursor, word, program_.layers);
  } else if (word == "tensor") {
    parse_row(cursor, word, program_.tensors);
  } else if (word == "tile") {
    parse_row(cursor, word, program_.tiles);
  } else if (word == "semaphore") {
    parse_row(cursor, word, program_.semaphores);
  } else if (word == "end") {
    ended_ = true;
    if (!cursor.at_end()) {
      cursor.fail_here("the end of the line");
    }
  } else {
    cursor.fail(fmt::format("one of layer, tensor, tile, semaphore, {}, end", engine_names()),
                got_token(word));
  }
}

std::string Parser::engine_names() const {
  std::string names;
  for (const EngineId engine : program_.engines()) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name_of(engine));
  }
  return names;
}

void Parser::parse_instruction(LineCursor& cursor, EngineId engine) {
  const std::string_view name = cursor.word();
  if (std::find(kOperationNames.begin(), kOperationNames.end(), name) == kOperationNames.end()) {
    const Path path(cursor, name_of(engine));
    cursor.fail(fmt::format("one of {}", fmt::join(kOperationNames, ", ")), got_token(name));
  }
  const Path path(cursor, name);
  Instruction instruction;
  instruction.operation = parse_operation(cursor, name, instruction);
  if (auto* fold = std::get_if<Fold>(&instruction.operation)) {
    fold->window.share_with(last_window_);
    last_window_ = fold->window;
  }
  program_.stream(engine).push_back(instruction);
}

template <std::size_t I>
Operation Parser::parse_operation(LineCursor& cursor, std::string_view name,
                                  Instruction& instruction) {
  if constexpr (I + 1 < kOperationNames.size()) {
    if (name != kOperationNames[I]) {
      return parse_operation<I + 1>(cursor, name, instruction);
    }
  }
  std::variant_alternative_t<I, Operation> operation;
  fields(cursor, false, operation, instruction);
  return operation;
}

template <class Row>
void Parser::parse_row(LineCursor& cursor, std::string_view word, std::vector<Row>& rows) {
  const Path path(cursor, word);
  const std::string_view index = cursor.word();
  if (index != fmt::format("{}", rows.size())) {
    cursor.fail(fmt::format("{}", rows.size()), got_token(index));
  }
  Row row;
  fields(cursor, false, row);
  rows.push_back(std::move(row));
}

template <class... Structs>
void Parser::fields(LineCursor& cursor, bool nested, Structs&... objects) {
  std::tuple<Reading<Structs>...> readings{Reading<Structs>{objects}...};
  while (!cursor.at_end() && !(nested && cursor.peek() == ')')) {
    const std::string_view key = cursor.word();
    const bool known = std::apply(
        [&](auto&... reading) { return (this->field(cursor, key, reading) || ...); }, readings);
    if (!known) {
      std::string keys;
      ((keys += fmt::format("{}{}", keys.empty() ? "" : ", ", fmt::join(kKeys<Structs>, ", "))),
       ...);
      if (key.empty()) {
        cursor.fail_here(fmt::format("one of {}", keys));
      }
      cursor.fail(fmt::format("one of {}", keys), quote_for_message(key));
    }
  }
  std::apply([&](auto&... reading) { (this->check_complete(cursor, reading), ...); }, readings);
}

template <class Struct>
bool Parser::field(LineCursor& cursor, std::string_view key, Reading<Struct>& reading) {
  const std::size_t index = reading.find(key);
  if (index == kFieldCount<Struct>) {
    return false;
  }
  const Path path(cursor, key);
  const std::uint64_t bit = std::uint64_t{1} << index;
  if ((reading.seen & bit) != 0) {
    cursor.fail("the key once", "it again");
  }
  reading.seen |= bit;
  reading.next = index + 1;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    ((I == index ? this->field_value(cursor, std::get<I>(kFields<Struct>), reading.object)
                 : void()),
     ...);
  }
  (std::make_index_sequence<kFieldCount<Struct>>{});
  return true;
}

template <class Struct, class Value>
void Parser::field_value(LineCursor& cursor, const Field<Struct, Value>& field, Struct& object) {
  Value& target = object.*field.member;
  constexpr bool kStages = std::is_same_v<Value, std::vector<Stage>>;
  constexpr bool kShared =
      std::is_same_v<Value, Shared<Window>> || std::is_same_v<Value, Shared<TileConversion>>;
  constexpr bool kBody = std::is_same_v<Value, SharedBody>;
  constexpr bool kNested = HasFields<Value> || kStages || kShared || kBody;
  if (!cursor.take(kNested ? '(' : '=')) {
    cursor.fail_here(kNested ? "'('" : "'='");
  }
  if constexpr (kStages) {
    stages(cursor, target);
  } else if constexpr (kBody) {
    RowBody body;
    fields(cursor, true, body);
    if (!cursor.take(')')) {
      cursor.fail_here("')'");
    }
    target = std::move(body);
    loops_.share(target);
  } else if constexpr (kNested) {
    if constexpr (kShared) {
      fields(cursor, true, target.edit());
    } else {
      fields(cursor, true, target);
    }
    if (!cursor.take(')')) {
      cursor.fail_here("')'");
    }
  } else {
    value(cursor, target);
    if constexpr (std::is_same_v<Value, std::int32_t>) {
      if (field.index != IndexInto::Nothing) {
        check_index(cursor, field.index == IndexInto::Layers ? "layer" : "tile", target,
                    size_of(field.index));
      }
    }
  }
}

/// What stands between the parentheses of `stages`.
void Parser::stages(LineCursor& cursor, std::vector<Stage>& list) {
  while (!cursor.take(')')) {
    const std::string_view name = cursor.word();
    if (std::find(kStageNames.begin(), kStageNames.end(), name) == kStageNames.end()) {
      const std::string expected = fmt::format("one of {}", fmt::join(kStageNames, ", "));
      if (name.empty()) {
        cursor.fail_here(fmt::format("{} or ')'", expected));
      }
      cursor.fail(expected, quote_for_message(name));
    }
    const Path path(cursor, name);
    if (!cursor.take('(')) {
      cursor.fail_here("'('");
    }
    list.push_back(stage(cursor, name));
    if (!cursor.take(')')) {
      cursor.fail_here("')'");
    }
  }
}

template <std::size_t I>
Stage Parser::stage(LineCursor& cursor, std::string_view name) {
  if constexpr (I + 1 < kStageNames.size()) {
    if (name != kStageNames[I]) {
      return stage<I + 1>(cursor, name);
    }
  }
  std::variant_alternative_t<I, Stage> read;
  fields(cursor, true, read);
  return read;
}

template <class Struct>
void Parser::check_complete(LineCursor& cursor, const Reading<Struct>& reading) const {
  std::size_t index = 0;
  const auto check = [&](const auto& field) {
    const bool missing = (reading.seen >> index++ & 1) == 0;
    if (missing && field.presence == Presence::Required) {
      cursor.fail_here(fmt::format("'{}'", field.key));
    }
  };
  std::apply([&](const auto&... field) { (check(field), ...); }, kFields<Struct>);
}

template <std::integral Integer>
void Parser::value(LineCursor& cursor, Integer& integer) {
  const std::string_view token = cursor.token();
  std::string_view rest = token;
  if (!take_number(rest, integer) || !rest.empty()) {
    using Limits = std::numeric_limits<Integer>;
    cursor.fail(fmt::format("an integer in {}..{}", Limits::min(), Limits::max()),
                got_token(token));
  }
}

void Parser::value(LineCursor& cursor, float& real) {
  const std::string_view token = cursor.token();
  const char* const end = token.data() + token.size();
  const auto result = std::from_chars(token.data(), end, real);
  if (result.ec != std::errc{} || result.ptr != end || std::isnan(real)) {
    cursor.fail("a number such as 0.5, -1e-3 or inf", got_token(token));
  }
}

void Parser::value(LineCursor& cursor, bool& flag) {
  const std::string_view token = cursor.token();
  if (token != "true" && token != "false") {
    cursor.fail("true or false", got_token(token));
  }
  flag = token == "true";
}

template <class Enum>
requires std::is_enum_v<Enum>
void Parser::value(LineCursor& cursor, Enum& choice) {
  const std::string_view token = cursor.token();
  const auto found = value_named<Enum>(token);
  if (!found) {
    std::string names;
    for (const auto& [candidate, name] : kEnumNames<Enum>) {
      names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
    }
    cursor.fail(fmt::format("one of {}", names), got_token(token));
  }
  choice = *found;
}

void Parser::value(LineCursor& cursor, EngineId& engine) {
  const std::string_view token = cursor.token();
  const auto found = program_.engines().named(token);
  if (!found) {
    cursor.fail(fmt::format("one of {}", engine_names()), got_token(token));
  }
  engine = *found;
}

void Parser::value(LineCursor& cursor, Operand& operand) {
  const std::string_view token = cursor.token();
  std::string_view rest = token;
  if (!take_operand(rest, operand) || !rest.empty()) {
    cursor.fail("an operand such as t3+128@4096", got_token(token));
  }
  check_tensor(cursor, operand);
}

void Parser::value(LineCursor& cursor, OperandList& operands) {
  const std::string_view token = cursor.token();
  if (!take_operands(token, operands)) {
    cursor.fail("operands such as t3+128@4096,t4@64", got_token(token));
  }
  for (const Operand& operand : operands) {
    check_tensor(cursor, operand);
  }
  loops_.share(operands);
}

void Parser::check_tensor(const LineCursor& cursor, const Operand& operand) const {
  if (operand.tensor != kNoTensor) {
    check_index(cursor, "tensor", operand.tensor, program_.tensors.size());
  }
}

void Parser::value(LineCursor& cursor, FixedPoint& scale) {
  const std::string_view token = cursor.token();
  if (!take_scale(token, scale)) {
    cursor.fail("a scale such as 1518500250/2^37", got_token(token));
  }
}

void Parser::value(LineCursor& cursor, std::vector<SemaphoreUse>& uses) {
  const std::string_view token = cursor.token();
  if (!take_uses(token, uses)) {
    cursor.fail("semaphores such as 5,7x2", got_token(token));
  }
  for (const SemaphoreUse& use : uses) {
    check_index(cursor, "semaphore", use.semaphore, program_.semaphores.size());
  }
}

std::size_t Parser::size_of(IndexInto table) const {
  return table == IndexInto::Layers ? program_.layers.size() : program_.tiles.size();
}

void Parser::check_count(const LineCursor& cursor, std::string_view key, std::int64_t count,
                         std::int64_t most) {
  if (count < 1 || count > most) {
    cursor.fail(fmt::format("{} in 1..{}", key, most), fmt::format("{}", count));
  }
}

void Parser::check_index(const LineCursor& cursor, std::string_view what, std::int64_t index,
                         std::size_t size) {
  if (index >= 0 && static_cast<std::size_t>(index) < size) {
    return;
  }
  if (size == 0) {
    cursor.fail(fmt::format("a {} declared above (there is none)", what), fmt::format("{}", index));
  }
  cursor.fail(fmt::format("a {} declared above (0..{})", what, size - 1), fmt::format("{}", index));
}

}  // namespace

Program parse_program(std::string_view text, const std::string& file) {
  return Parser(text, file).parse();
}

}  // namespace systole
