#pragma once

#include <chrono>
#include <string>

#include "study/explore/explore.h"

namespace systole {

/// `1,234 of 10,000 points, 61.2 a second, 2 min left; 900 skipped, 12 on the front`.
/// `seconds`: since the beginning.
[[nodiscard]] std::string progress_line(const ExploreProgress& progress, double seconds);

/// Says on standard error where an exploration stands: on a terminal one line that is renewed, in a
/// log a plain line every ten seconds.
class StudyProgress {
 public:
  explicit StudyProgress(bool wanted);
  ~StudyProgress();  ///< wipes the terminal's line
  StudyProgress(const StudyProgress&) = delete;
  StudyProgress& operator=(const StudyProgress&) = delete;

  void show(const ExploreProgress& progress);

 private:
  bool wanted_;
  bool terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point begin_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace systole
