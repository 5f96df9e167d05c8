#include "app/generate_run.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace systole {

Request with_choice(Request request, const DimChoice& choice) {
  for (const char* const set_here : {"prompt", "context"}) {
    request.dims.erase(set_here);
  }
  for (const auto& [name, value] : choice.values) {
    request.dims.insert_or_assign(name, value);
  }
  request.phase = choice.phase;
  return request;
}

DimChoice reported_choice(const Request& request) {
  const std::int64_t prompt = request.dims.at("prompt");
  return request.generated == 1 ? prefill_choice(prompt)
                                : decode_choice(prompt + request.generated - 1);
}

Generation generation_of(const Request& request, const ChipSpec& chip,
                         const NetworkInPhase& network,
                         const std::function<void(std::string_view)>& on_stage) {
  return generate(chip, network,
                  {.prompt = request.dims.at("prompt"),
                   .generated = request.generated,
                   .parallel = std::max(1U, std::thread::hardware_concurrency()),
                   .on_stage = on_stage});
}

}  // namespace systole
