// The module `systole._core`: commands that simulate nothing, answered within the process of the
// interpreter; python/systole/program.py calls it.

#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "app/catalogue.h"
#include "app/command_line.h"
#include "app/commands.h"
#include "app/program.h"

namespace systole {

namespace {

/// How a command ended, as a process tells it.
struct Outcome {
  int exit_code = 0;
  std::string output;
  std::string error;
};

/// None for a command that has to be a process of its own.
std::optional<Outcome> answer(const std::vector<std::string>& words, const std::string& program) {
  static std::mutex one_at_a_time;  // the program has a single thread, and counts on it
  const pybind11::gil_scoped_release others_go_on;
  const std::lock_guard lock(one_at_a_time);
  use_program(program);
  std::vector<const char*> arguments{"systole"};
  for (const std::string& word : words) {
    arguments.push_back(word.c_str());
  }
  try {
    const std::variant<Request, Answer> parsed =
        parse_command_line(static_cast<int>(arguments.size()), arguments.data());
    if (const auto* printed = std::get_if<Answer>(&parsed)) {
      return Outcome{.output = printed->text};
    }
    Request request = std::get<Request>(parsed);
    if (!request.output.empty()) {
      return std::nullopt;
    }
    request.quiet = true;  // standard error is the interpreter's
    std::optional<std::string> text =
        text_answer(request, {.layers = request.layers, .by = request.by});
    return text ? std::optional(Outcome{.output = std::move(*text)}) : std::nullopt;
  } catch (...) {
    const Complaint complaint = complaint_in_flight();
    return Outcome{complaint.exit_code, "", complaint.line};
  }
}

}  // namespace

}  // namespace systole

PYBIND11_MODULE(_core, module) {
  module.doc() = "Commands of systole that simulate nothing, within this process.";
  pybind11::class_<systole::Outcome>(module, "Outcome")
      .def_readonly("exit_code", &systole::Outcome::exit_code)
      .def_readonly("output", &systole::Outcome::output)
      .def_readonly("error", &systole::Outcome::error);
  module.def(
      "answer", &systole::answer, pybind11::arg("words"), pybind11::arg("program"),
      "How this command ended, or None where it has to be a process of its own. The data that"
      " were installed with the program are used.");
}
