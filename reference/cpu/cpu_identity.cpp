#include "reference/cpu/cpu_identity.h"

#include <array>
#include <cctype>
#include <cstdint>
#include <cstring>

#include <dnnl.hpp>
#include <fmt/format.h>
#include <omp.h>

#include "arch/enum_names.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace systole {

template <>
inline constexpr auto kEnumNames<dnnl::cpu_isa> = std::to_array<EnumName<dnnl::cpu_isa>>({
    {dnnl::cpu_isa::all, "ALL"},
    {dnnl::cpu_isa::sse41, "SSE41"},
    {dnnl::cpu_isa::avx, "AVX"},
    {dnnl::cpu_isa::avx2, "AVX2"},
    {dnnl::cpu_isa::avx2_vnni, "AVX2_VNNI"},
    {dnnl::cpu_isa::avx512_mic, "AVX512_MIC"},
    {dnnl::cpu_isa::avx512_mic_4ops, "AVX512_MIC_4OPS"},
    {dnnl::cpu_isa::avx512_core, "AVX512_CORE"},
    {dnnl::cpu_isa::avx512_core_vnni, "AVX512_CORE_VNNI"},
    {dnnl::cpu_isa::avx512_core_bf16, "AVX512_CORE_BF16"},
    {dnnl::cpu_isa::avx512_core_amx, "AVX512_CORE_AMX"},
});

namespace cpu {

namespace {

#if defined(__x86_64__)

struct Registers {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
};

Registers ask(unsigned leaf) {
  Registers registers;
  __get_cpuid(leaf, &registers.eax, &registers.ebx, &registers.ecx, &registers.edx);
  return registers;
}

void append(std::string& text, std::initializer_list<unsigned> registers) {
  for (const unsigned value : registers) {
    std::array<char, sizeof value> bytes{};
    std::memcpy(bytes.data(), &value, sizeof value);
    text.append(bytes.data(), bytes.size());
  }
}

/// Without the blanks and zeros that pad it.
std::string trimmed(std::string text) {
  text.resize(std::strlen(text.c_str()));
  const auto is_blank = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!text.empty() && is_blank(text.back())) {
    text.pop_back();
  }
  std::size_t first = 0;
  while (first < text.size() && is_blank(text[first])) {
    ++first;
  }
  return text.substr(first);
}

std::string brand() {
  constexpr unsigned kFirst = 0x80000002;
  constexpr unsigned kLast = 0x80000004;
  std::string text;
  for (unsigned leaf = kFirst; leaf <= kLast; ++leaf) {
    const Registers part = ask(leaf);
    append(text, {part.eax, part.ebx, part.ecx, part.edx});
  }
  return trimmed(text);
}

#endif

}  // namespace

CpuIdentity identify_cpu() {
  CpuIdentity cpu{.vendor = "unknown", .name = "unknown"};
#if defined(__x86_64__)
  const Registers vendor = ask(0);
  cpu.vendor.clear();
  append(cpu.vendor, {vendor.ebx, vendor.edx, vendor.ecx});
  constexpr unsigned kNibble = 0xF;
  constexpr unsigned kByte = 0xFF;
  const unsigned version = ask(1).eax;
  const unsigned family = version >> 8U & kNibble;
  cpu.family = static_cast<int>(family == kNibble ? family + (version >> 20U & kByte) : family);
  cpu.model = static_cast<int>((version >> 4U & kNibble) | (version >> 16U & kNibble) << 4U);
  if (const std::string name = brand(); !name.empty()) {
    cpu.name = name;
  }
#endif
  return cpu;
}

std::string effective_isa() {
  return std::string(name_of(dnnl::get_effective_cpu_isa()));
}

std::string library_version() {
  const dnnl_version_t* const version = dnnl::version();
  return fmt::format("oneDNN {}.{}.{}", version->major, version->minor, version->patch);
}

int available_threads() {
  return omp_get_num_procs();
}

}  // namespace cpu

}  // namespace systole
