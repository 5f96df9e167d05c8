#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace systole {

/// A search as its library sees it: integer variables from 0 to `most`, minimised objectives.
struct SearchTask {
  std::vector<double> most;  ///< by variable
  std::size_t objectives = 0;
  unsigned seed = 0;
  std::int64_t population = 0;
  bool is_maco = false;  ///< else nsga2
  /// Objectives of each vector; the vectors stand one after the other.
  std::function<std::vector<std::vector<double>>(const std::vector<double>&)> results;
  std::function<std::size_t()> asked;  ///< different points so far
  std::function<bool()> is_full;
};

/// What is made of pagmo (search_pagmo.cpp). Loading pagmo takes longer than all else that the
/// command does before it reads a file, so only a search loads it.
struct SearchLibrary {
  void (*search)(const SearchTask& task) = nullptr;
  double (*hypervolume)(const std::vector<std::vector<double>>& points,
                        const std::vector<double>& reference) = nullptr;
};

/// Loaded when first asked for: installed beside the program, or from where it was built.
const SearchLibrary& search_library();

/// From the first of the files that is there; throws UserError where none is.
SearchLibrary load_search_library(const std::vector<std::string>& files);

}  // namespace systole
