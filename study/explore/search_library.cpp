#include "study/explore/search_library.h"

#include <filesystem>
#include <string>
#include <system_error>

#include <dlfcn.h>
#include <fmt/format.h>

#include "arch/diag/error.h"

namespace systole {

SearchLibrary load_search_library(const std::vector<std::string>& files) {
  std::string why;
  for (const std::string& file : files) {
    void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    using Entry = SearchLibrary (*)();
    auto* const entry = library == nullptr
                            ? nullptr
                            : reinterpret_cast<Entry>(dlsym(library, "systole_search_library"));
    if (entry != nullptr) {
      return entry();
    }
    why = dlerror();
  }
  throw UserError(fmt::format("systole: a search needs libsystole_search.so: {}", why));
}

const SearchLibrary& search_library() {
  static const SearchLibrary kLibrary = [] {
    std::error_code error;
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
    const std::filesystem::path installed =
        program.parent_path().parent_path() / "lib" / "systole" / "libsystole_search.so";
    return load_search_library({installed.string(), SYSTOLE_SEARCH_LIBRARY});
  }();
  return kLibrary;
}

}  // namespace systole
