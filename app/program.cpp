#include "app/program.h"

#include <exception>
#include <new>
#include <string_view>
#include <system_error>
#include <variant>

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "app/worker_server.h"
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

}  // namespace

Complaint complaint_in_flight() {
  const auto told = [](ExitCode code, std::string_view message) {
    return Complaint{static_cast<int>(code), escaped(message)};
  };
  try {
    throw;
  } catch (const UserError& error) {
    return told(ExitCode::UserError, error.what());
  } catch (const std::bad_alloc&) {
    return told(ExitCode::UserError, "systole: out of memory");
  } catch (const std::system_error& error) {  // no thread, no file: what the machine refuses
    return told(ExitCode::UserError, std::string("systole: ") + error.what());
  } catch (const std::exception& error) {
    return told(ExitCode::InternalError, std::string("systole: ") + error.what());
  }
}

int run_program(int argc, char** argv) {
  prepare_outputs();
  if (argc == 2 && std::string_view(argv[1]) == kWorkerServer) {
    return serve_workers(run_program);
  }
  try {
    return static_cast<int>(serve(argc, argv));
  } catch (...) {
    const Complaint complaint = complaint_in_flight();
    write_standard_error(complaint.line + '\n');
    return complaint.exit_code;
  }
}

}  // namespace systole
