#pragma once

#include <string>
#include <string_view>

namespace systole {

/// A new file `.systole-XXXXXX` and `suffix` in a folder, open for writing. It goes away with this
/// object, and where a signal ends the program (SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGXCPU;
/// one that the program was started to ignore stays ignored): nothing is blocked meanwhile. Only
/// SIGKILL and a crash leave it behind. Errors are values: errno, 0 where all went well.
class TemporaryFile {
 public:
  TemporaryFile(const std::string& directory, std::string_view suffix);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  /// Why it could not be made.
  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] int descriptor() const { return descriptor_; }

  /// Nothing more will be written: it becomes `target` and stays.
  [[nodiscard]] int become(const std::string& target);

 private:
  std::string name_;
  int descriptor_ = -1;
  bool exists_ = false;  ///< under that name
  int error_ = 0;
};

}  // namespace systole
