#include <concepts>
#include <type_traits>

#include "arch/isa/program_fields.h"
#include "arch/isa/program_text.h"
#include "arch/isa/value_text.h"

namespace systole {

namespace {

/// Appends text; one overload of `value` for each kind of field.
class Printer {
 public:
  [[nodiscard]] std::string take() { return std::move(text_); }

  void word(std::string_view word) { text_.append(word); }
  void end_line() { text_.push_back('\n'); }

  void number(std::int64_t number) { append_value(text_, number); }

  /// ` key=value` for every field of `object` that is required or not at its default.
  template <HasFields Struct>
  void fields(const Struct& object) {
    const Struct defaults{};
    std::apply([&](const auto&... field) { (this->field(field, object, defaults), ...); },
               kFields<Struct>);
  }

 private:
  template <class Struct, class Value>
  void field(const Field<Struct, Value>& field, const Struct& object, const Struct& defaults) {
    const Value& current = object.*field.member;
    if (field.presence == Presence::Optional && current == defaults.*field.member) {
      return;
    }
    if (text_.back() != '(') {
      text_.push_back(' ');
    }
    text_.append(field.key);
    if constexpr (HasFields<Value>) {
      nested(current);
    } else if constexpr (std::is_same_v<Value, Shared<Window>> ||
                         std::is_same_v<Value, Shared<TileConversion>> ||
                         std::is_same_v<Value, SharedBody>) {
      nested(*current);
    } else if constexpr (std::is_same_v<Value, std::vector<Stage>>) {
      stages(current);
    } else {
      text_.push_back('=');
      value(current);
    }
  }

  template <HasFields Struct>
  void nested(const Struct& object) {
    text_.push_back('(');
    fields(object);
    text_.push_back(')');
  }

  /// `(load(...) reduce(...))`
  void stages(const std::vector<Stage>& list) {
    text_.push_back('(');
    for (const Stage& stage : list) {
      if (text_.back() != '(') {
        text_.push_back(' ');
      }
      word(name_of(stage));
      text_.push_back('(');
      std::visit([&](const auto& any) { fields(any); }, stage);
      text_.push_back(')');
    }
    text_.push_back(')');
  }

  void value(std::integral auto integer) { number(integer); }
  void value(float real) { append_value(text_, real); }
  void value(bool flag) { word(flag ? "true" : "false"); }

  template <class Enum>
  requires std::is_enum_v<Enum>
  void value(Enum choice) { word(name_of(choice)); }
  void value(EngineId engine) { word(name_of(engine)); }

  void value(const std::string& name) {
    text_.push_back('"');
    for (const char character : name) {
      escaped(character);
    }
    text_.push_back('"');
  }

  void value(const Operand& operand) { append_value(text_, operand); }
  void value(const OperandList& operands) { append_value(text_, operands); }
  void value(const FixedPoint& scale) { append_value(text_, scale); }
  void value(const std::vector<SemaphoreUse>& uses) { append_value(text_, uses); }

  void escaped(char character) {
    constexpr std::string_view kHex = "0123456789abcdef";
    constexpr unsigned char kDelete = 0x7f;
    const auto byte = static_cast<unsigned char>(character);
    if (character == '"' || character == '\\') {
      text_.push_back('\\');
      text_.push_back(character);
    } else if (byte < ' ' || byte == kDelete) {
      text_.append("\\x");
      text_.push_back(kHex[byte / kHex.size()]);
      text_.push_back(kHex[byte % kHex.size()]);
    } else {
      text_.push_back(character);
    }
  }

  std::string text_;
};

template <class Row>
void print_table(Printer& printer, std::string_view word, const std::vector<Row>& rows) {
  std::int64_t index = 0;
  for (const Row& row : rows) {
    printer.word(word);
    printer.word(" ");
    printer.number(index++);
    printer.fields(row);
    printer.end_line();
  }
}

void print_stream(Printer& printer, EngineId engine, const Stream& stream) {
  const std::string name = name_of(engine);
  std::int64_t index = 0;
  for (const StreamInstruction each : stream) {
    const Instruction instruction = each.whole();
    printer.word(name);
    printer.word(" ");
    printer.word(name_of(instruction.operation));
    std::visit([&](const auto& operation) { printer.fields(operation); }, instruction.operation);
    printer.fields(instruction);
    printer.word("  # ");
    printer.number(index++);
    printer.end_line();
  }
}

}  // namespace

std::string print_program(const Program& program) {
  Printer printer;
  printer.word("program 1");
  printer.fields(program);
  printer.fields(program.engines());
  printer.end_line();
  print_table(printer, "layer", program.layers);
  print_table(printer, "tensor", program.tensors);
  print_table(printer, "tile", program.tiles);
  print_table(printer, "semaphore", program.semaphores);
  for (const EngineId engine : program.engines()) {
    print_stream(printer, engine, program.stream(engine));
  }
  printer.word("end\n");
  return printer.take();
}

}  // namespace systole
