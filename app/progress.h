#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace systole {

/// A line on standard error that says what takes so long: shown from the first second on, renewed
/// every second, wiped at the end. Shows nothing when standard error is no terminal.
class Progress {
 public:
  explicit Progress(bool wanted);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void stage(std::string_view name);

 private:
  void start();
  void show();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string stage_;
  bool done_ = false;
  std::thread thread_;  // last: it uses the members above
};

}  // namespace systole
