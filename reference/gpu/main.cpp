// systole_gpu FILE BATCH SEED TYPE WARM_UP REPETITIONS compare|no_compare: what `systole measure
// gpu` starts, with words that it has checked. Prints one measured run as JSON.

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "arch/diag/error.h"
#include "compiler/frontend/read_network.h"
#include "reference/gpu/measure_gpu.h"
#include "reference/measured/measured_json.h"

namespace systole {

namespace {

constexpr int kWords = 10;
constexpr int kUserError = 2;
constexpr int kInternalError = 3;

template <class Integer>
Integer integer_of(std::string_view word) {
  Integer value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  SYSTOLE_CHECK(error == std::errc{} && end == word.data() + word.size(), "got '{}'", word);
  return value;
}

/// `m=2048,k=512`, or nothing.
DimValues dims_of(std::string_view text) {
  DimValues dims;
  while (!text.empty()) {
    const std::string_view dim = text.substr(0, text.find(','));
    const std::size_t equals = dim.find('=');
    SYSTOLE_CHECK(equals != std::string_view::npos, "got '{}'", dim);
    dims.emplace(dim.substr(0, equals), integer_of<std::int64_t>(dim.substr(equals + 1)));
    text.remove_prefix(std::min(dim.size() + 1, text.size()));
  }
  return dims;
}

int serve(int argc, char** argv) {
  if (argc != kWords) {
    throw UserError("systole_gpu: started by 'systole measure gpu', which checks what it is given");
  }
  const auto type = value_named<DataType>(argv[4]);
  SYSTOLE_CHECK(type.has_value(), "got type '{}'", argv[4]);
  const Network network = read_network(argv[1], {.batch = integer_of<std::int64_t>(argv[2]),
                                                 .seed = integer_of<std::uint64_t>(argv[3]),
                                                 .dims = dims_of(argv[8]),
                                                 .phase = argv[9],
                                                 .type = *type});
  const MeasuredRun run = measure_gpu(network.graph, *network.data,
                                      {.type = *type,
                                       .warm_up = integer_of<std::int64_t>(argv[5]),
                                       .repetitions = integer_of<std::int64_t>(argv[6]),
                                       .on_stage = {}},
                                      std::string_view(argv[7]) == "compare");
  fmt::print("{}", measured_json({{run}}));
  return 0;
}

int guarded(int argc, char** argv) {
  try {
    return serve(argc, argv);
  } catch (const UserError& error) {
    fmt::print("{}", error.what());
    return kUserError;
  } catch (const std::exception& error) {
    fmt::print("systole_gpu: {}", error.what());
    return kInternalError;
  }
}

}  // namespace

}  // namespace systole

int main(int argc, char** argv) {
  return systole::guarded(argc, argv);
}
