#include "compiler/network_type.h"

#include <algorithm>

#include "compiler/graph/graph.h"

namespace systole {

bool multiplies(const ChipSpec& chip, DataType type) {
  const auto kind = mac_kind(type, type);
  return kind && chip.matrix.supports(*kind);
}

DataType default_network_type(const ChipSpec& chip) {
  const auto* const found = std::find_if(kNetworkTypes.begin(), kNetworkTypes.end(),
                                         [&](DataType type) { return multiplies(chip, type); });
  return found == kNetworkTypes.end() ? DataType::Int8 : *found;
}

}  // namespace systole
