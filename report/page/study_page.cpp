#include "report/page/study_page.h"

#include <array>
#include <string_view>

#include "arch/diag/check.h"
#include "report/page/page.h"
#include "report/page/page_assets.h"

namespace systole {

namespace {

void check_keys(const nlohmann::ordered_json& study) {
  constexpr std::array<std::string_view, 8> kKeys{"study",  "axes",  "objectives", "constraints",
                                                  "points", "units", "importance", "made_by"};
  for (const std::string_view key : kKeys) {
    SYSTOLE_CHECK(study.contains(key), "the page of a study lacks '{}'", key);
  }
}

}  // namespace

std::string study_page(const nlohmann::ordered_json& study) {
  check_keys(study);
  return page(study["study"]["name"].get_ref<const std::string&>(), study, kStudyScript);
}

}  // namespace systole
