# shellcheck shell=bash
# Functions that the scripts beside this file share; sourced, never run.

repository="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
build_directory="${repository}/build/release"

# usage TEXT "$@": prints TEXT and ends when the first argument asks for help.
usage() {
  local text="$1"
  case "${2:-}" in
    -h | --help)
      printf '%s\n' "${text}"
      exit 0
      ;;
  esac
}

is_installed() {
  [[ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]
}

# install_packages [EXTRA...]: what packages.txt and EXTRA name and the machine lacks. Leaves apt
# alone when nothing is missing, so that it also works offline and without root.
install_packages() {
  local package missing=()
  for package in $(grep -v '^#' "${repository}/scripts/packages.txt") "$@"; do
    is_installed "${package}" || missing+=("${package}")
  done
  if ((${#missing[@]} == 0)); then
    return
  fi
  echo "installing ${missing[*]}"
  local as_root=()
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "error: no root and no sudo; as root, run: apt-get install ${missing[*]}" >&2
      exit 2
    fi
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
    --no-install-recommends "${missing[@]}"
}

# build_release [TARGET...]: Release, warnings as errors, in build/release; all targets by default. A build that
# begins there compiles many sources at a time; one that is there stays what it is.
build_release() {
  local launcher=() unity=()
  if [[ ! -f "${build_directory}/CMakeCache.txt" ]]; then
    unity=(-DSYSTOLE_UNITY=ON)
  fi
  if command -v ccache >/dev/null; then
    launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  fi
  cmake -S "${repository}" -B "${build_directory}" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DSYSTOLE_WERROR=ON -DCMAKE_EXPORT_COMPILE_COMMANDS=ON "${unity[@]}" "${launcher[@]}"
  local targets=()
  if (($# > 0)); then
    targets=(--target "$@")
  fi
  cmake --build "${build_directory}" --parallel "$(nproc)" "${targets[@]}"
}
