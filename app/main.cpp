#include <cstdio>
#include <exception>
#include <new>
#include <variant>

#include <fmt/format.h>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "arch/diag/error.h"

namespace systole {

namespace {

ExitCode serve(int argc, char** argv) {
  if (argc < 2) {
    const char* const help[] = {argv[0], "--help"};
    fmt::print(stderr, "{}", std::get<Answer>(parse_command_line(2, help)).text);
    return ExitCode::UserError;
  }
  const std::variant<Request, Answer> parsed = parse_command_line(argc, argv);
  if (const auto* answer = std::get_if<Answer>(&parsed)) {
    write_standard_output(answer->text);
    return ExitCode::Ok;
  }
  return execute(std::get<Request>(parsed));
}

/// The one place where exceptions end.
ExitCode guarded(int argc, char** argv) {
  try {
    return serve(argc, argv);
  } catch (const UserError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return ExitCode::UserError;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "systole: out of memory\n");
    return ExitCode::InternalError;
  } catch (const std::exception& error) {
    fmt::print(stderr, "systole: {}\n", error.what());
    return ExitCode::InternalError;
  }
}

}  // namespace

}  // namespace systole

int main(int argc, char** argv) {
  return static_cast<int>(systole::guarded(argc, argv));
}
