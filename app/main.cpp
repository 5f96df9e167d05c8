#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "arch/diag/error.h"
#include "arch/diag/printable.h"

namespace systole {

namespace {

ExitCode serve(int argc, char** argv) {
  if (argc < 2) {
    const char* const help[] = {argv[0], "--help"};
    write_standard_error(std::get<Answer>(parse_command_line(2, help)).text);
    return ExitCode::UserError;
  }
  const std::variant<Request, Answer> parsed = parse_command_line(argc, argv);
  if (const auto* answer = std::get_if<Answer>(&parsed)) {
    write_standard_output(answer->text);
    return ExitCode::Ok;
  }
  return execute(std::get<Request>(parsed));
}

/// One line, whatever stands in it.
void tell(std::string_view message) {
  write_standard_error(escaped(message) + '\n');
}

/// The one place where exceptions end.
ExitCode guarded(int argc, char** argv) {
  try {
    return serve(argc, argv);
  } catch (const UserError& error) {
    tell(error.what());
    return ExitCode::UserError;
  } catch (const std::bad_alloc&) {
    tell("systole: out of memory");
    return ExitCode::UserError;
  } catch (const std::system_error& error) {  // no thread, no file: what the machine refuses
    tell(std::string("systole: ") + error.what());
    return ExitCode::UserError;
  } catch (const std::exception& error) {
    tell(std::string("systole: ") + error.what());
    return ExitCode::InternalError;
  }
}

}  // namespace

}  // namespace systole

int main(int argc, char** argv) {
  systole::prepare_outputs();
  return static_cast<int>(systole::guarded(argc, argv));
}
