#pragma once

#include <string_view>

namespace systole {

// What every page embeds, so that it opens from a disk without a network: the files of this folder
// and the chart library, made into a source at build time (cmake/EmbedText.cmake).

extern const std::string_view kD3Script;    ///< D3 5.16, BSD 3-clause, as the distribution ships it
extern const std::string_view kPageStyle;   ///< page.css
extern const std::string_view kPageScript;  ///< page.js
extern const std::string_view kStudyScript;    ///< study.js
extern const std::string_view kRunScript;      ///< run.js
extern const std::string_view kCompareScript;  ///< compare.js
extern const std::string_view kExplainScript;  ///< explain.js

}  // namespace systole
