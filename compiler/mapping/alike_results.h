#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "compiler/mapping/mapped_share.h"

namespace systole {

/// What follows from how a layer of a share is mapped, worked out once for layers that are alike,
/// whose operands are in the same places.
template <class Result>
class AlikeResults {
 public:
  /// Of a layer; `mapping`: as much of how it is mapped as the result depends on; `number`: what it
  /// depends on besides.
  template <class Compute>
  const Result& of(MappedShare& share, const MappedLayer& layer, const LayerMapping& mapping,
                   std::int64_t number, const Compute& compute) {
    std::vector<Known>& known = known_[{share.first_alike(layer.layer), share.parts(layer.layer)}];
    for (const Known& one : known) {
      if (one.number == number && one.homes == layer.homes && one.mapping == mapping) {
        return one.result;
      }
    }
    known.push_back(
        {.number = number, .homes = layer.homes, .mapping = mapping, .result = compute()});
    return known.back().result;
  }
  template <class Compute>
  const Result& of(MappedShare& share, const MappedLayer& layer, const Compute& compute) {
    return of(share, layer, layer.mapping, 0, compute);
  }

 private:
  struct Known {
    std::int64_t number = 0;
    OperandHomes homes;
    LayerMapping mapping;
    Result result;
  };
  /// By the first layer that is alike, and the parts of the batch.
  std::map<std::pair<std::int32_t, std::int64_t>, std::vector<Known>> known_;
};

}  // namespace systole
