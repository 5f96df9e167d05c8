#pragma once

#include <string>
#include <vector>

#include "app/command_line.h"
#include "study/compare.h"

namespace systole {

/// What `--on` names, files read and checked: chips, FPGA cards (the chip that ships for the card),
/// devices, recordings, `cpu`; a type may stand behind a colon. Throws UserError.
[[nodiscard]] std::vector<CompareSubject> compare_subjects(const CompareCommand& command);

/// The subject's name that `--baseline` means; empty where none was given. Throws UserError.
[[nodiscard]] std::string compare_baseline(const CompareCommand& command,
                                           const std::vector<CompareSubject>& subjects);

/// What an option says of devices, by the names of the subjects. Throws UserError where it names
/// another.
[[nodiscard]] std::map<std::string, double> by_subject(const std::string& option,
                                                       const std::map<std::string, double>& figures,
                                                       const std::vector<CompareSubject>& subjects);

}  // namespace systole
