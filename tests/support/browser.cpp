#include "tests/support/browser.h"

#include <array>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "tests/support/temporary_directory.h"

namespace systole {

std::optional<std::string> document_in_browser(const std::filesystem::path& page, int width) {
  if (!std::filesystem::exists("/usr/bin/chromium")) {
    return std::nullopt;
  }
  const TemporaryDirectory profile;
  // Without the flags against background traffic it looks for servers at every start.
  const std::string command = fmt::format(
      "HOME='{0}' timeout 120 /usr/bin/chromium --headless --no-sandbox --disable-gpu "
      "--disable-quic --no-first-run --disable-background-networking --disable-component-update "
      "--disable-sync --disable-dev-shm-usage --user-data-dir='{0}' --window-size={1},900 "
      "--virtual-time-budget=5000 --dump-dom 'file://{2}' 2>/dev/null",
      profile.path().string(), width, page.string());
  struct Closer {
    void operator()(FILE* file) const { pclose(file); }
  };
  const std::unique_ptr<FILE, Closer> pipe(popen(command.c_str(), "r"));
  std::string text;
  std::array<char, 65536> part{};
  while (const std::size_t count = std::fread(part.data(), 1, part.size(), pipe.get())) {
    text.append(part.data(), count);
  }
  return text;
}

std::string with_probe(std::string page, const std::string& probe) {
  page.insert(page.find("<style>"),
              "<script>window.addEventListener('error', (e) => { const root = "
              "document.documentElement; root.dataset.errors = (root.dataset.errors || '') + "
              "e.message + ';'; });</script>\n");
  page.insert(page.rfind("</body>"), "<script>" + probe + "</script>\n");
  return page;
}

}  // namespace systole
