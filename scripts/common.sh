# shellcheck shell=bash
# shellcheck disable=SC2034  # the lists are for those who source this
# What the scripts share: the packages Sluice needs, and building a preset. To be sourced, not run.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# To build (Debian 12 names). CMakeLists.txt finds each of them; nothing is vendored.
BUILD_PACKAGES=(
  cmake ninja-build g++ pkg-config
  libuv1-dev            # event loop
  liblua5.3-dev         # the language
  libsqlite3-dev        # the embedded store
  libcjson-dev          # small documents of the API
  libsimdjson-dev       # payloads
  libmongoc-dev         # the fleet's store
  libhiredis-dev        # the fleet's queue
  libjansson-dev        # JSON of the plugin skeleton, in C: keeps integers apart from floats
  libseccomp-dev        # confinement of workers
  libboost-context-dev  # C stacks of invocations that wait
  prometheus-cpp-dev    # metrics
  libcli11-dev          # command lines
  libcurl4-openssl-dev  # HTTP of slcli and of the plugin http
  libspdlog-dev libfmt-dev
  libsodium-dev         # hashes, base64
)

# For the preset fuzz: the compiler, and libFuzzer with the sanitizers' libraries.
FUZZ_PACKAGES=(clang-14 libclang-rt-14-dev)

# To test, besides those.
# scripts/services looks after the rest: a JDK and Maven only where there is no MongoDB.
TEST_PACKAGES=(
  catch2 redis-server faketime python3-yaml openssl
  "${FUZZ_PACKAGES[@]}"
)

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
die() {
  warn "$(basename "$0"): $*"
  exit 1
}

# The comment on top of a script is its help.
show_help() { sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$0"; }

# Ends the script where apt-get cannot be run as root; before its output goes elsewhere.
need_root_for() {
  [[ $EUID -eq 0 ]] || command -v sudo >/dev/null ||
    die "you are not root and there is no sudo. Please run as root: apt-get $*"
}

# Runs apt-get, as root.
apt() {
  local as_root=()
  [[ $EUID -eq 0 ]] || as_root=(sudo)
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
    -o DPkg::Lock::Timeout=300 "$@"
}

# Whether apt knows a version of the package that it could install.
apt_offers() {
  apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [0-9]'
}

APT_UPDATED=
apt_update_once() {
  [[ -z $APT_UPDATED ]] || return 0
  APT_UPDATED=yes
  need_root_for update
  say "Reading the lists of packages"
  apt update >/dev/null || warn "apt-get update failed: is the network there?"
}

is_installed() {
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# Installs those of the named packages that are missing.
need_packages() {
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    warn "No apt-get here. Needed are what Debian calls: $*"
    return 0
  fi
  local missing=() package
  for package; do
    is_installed "$package" || missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  need_root_for install --no-install-recommends "${missing[@]}"

  for package in "${missing[@]}"; do
    apt_offers "$package" || apt_update_once
  done
  say "Installing from Debian (this can take minutes): ${missing[*]}"
  if ! apt install --no-install-recommends "${missing[@]}" >"$APT_LOG" 2>&1; then
    apt_update_once # the lists may be older than the archive
    apt install --no-install-recommends "${missing[@]}" >"$APT_LOG" 2>&1 || {
      cat "$APT_LOG" >&2
      die "could not install: ${missing[*]}"
    }
  fi
  # Debian starts it with its installation; we need the program, not a service.
  if [[ " ${missing[*]} " == *" redis-server "* ]] && command -v systemctl >/dev/null; then
    systemctl disable --now redis-server >/dev/null 2>&1 || true
  fi
}

# llhttp: the system's library; else its C sources from Debian's node-llhttp, unpacked into third_party/llhttp
# without the JavaScript packages it depends on.
need_llhttp() {
  local place=$ROOT/third_party/llhttp
  if [[ -e /usr/include/llhttp.h || -e /usr/share/llhttp/llhttp.c ||
    -e $place/usr/share/llhttp/llhttp.c ]]; then
    return 0
  fi
  command -v apt-get >/dev/null ||
    die "llhttp is missing: install it, or put its C sources into $place/usr/share/llhttp"
  apt_offers node-llhttp || apt_offers libllhttp-dev || apt_update_once
  if apt_offers libllhttp-dev; then
    need_packages libllhttp-dev
    return 0
  fi

  say "Fetching llhttp (from Debian's node-llhttp)"
  mkdir -p "$ROOT/third_party"
  local temporary
  temporary=$(mktemp -d "$ROOT/third_party/.llhttp.XXXXXX")
  if ! (cd "$temporary" && apt-get -q download node-llhttp && dpkg-deb -x ./*.deb unpacked) \
    >"$APT_LOG" 2>&1; then
    rm -rf "$temporary"
    cat "$APT_LOG" >&2
    die "could not fetch node-llhttp: is the network there?"
  fi
  rm -rf "$place"
  mv "$temporary/unpacked" "$place" # at once: never half there
  rm -rf "$temporary"
}

# configure PRESET [-DOPTION=VALUE…]: only when something asks for it; CMake's own files are watched by ninja.
configure() {
  local preset=$1 build=$ROOT/build/$1 option needed=
  shift
  local options=("$@")
  if command -v ccache >/dev/null; then
    options+=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  fi
  [[ -e $build/build.ninja && ! $ROOT/CMakePresets.json -nt $build/build.ninja ]] || needed=yes
  for option in "${options[@]}"; do
    option=${option#-D}
    grep -q "^${option%%=*}:[A-Z]*=${option#*=}\$" "$build/CMakeCache.txt" 2>/dev/null || needed=yes
  done
  [[ -n $needed ]] || return 0
  mkdir -p "$build"
  if ! (cd "$ROOT" && cmake --preset "$preset" "${options[@]}") >"$build/configure.log" 2>&1; then
    cat "$build/configure.log" >&2
    return 1
  fi
}

# Whether the preset fuzz can be built; says what is missing.
have_libfuzzer() {
  local library
  if ! command -v clang++-14 >/dev/null; then
    warn "clang++-14 is missing, and with it the preset fuzz: apt-get install ${FUZZ_PACKAGES[*]}"
    return 1
  fi
  library=$(clang++-14 -print-file-name="libclang_rt.fuzzer-$(uname -m).a")
  if [[ ! -e $library ]]; then
    warn "libFuzzer is missing, and with it the preset fuzz: apt-get install ${FUZZ_PACKAGES[*]}"
    return 1
  fi
}

# compile PRESET [TARGET…]: shows ninja's progress on a terminal, elsewhere only errors.
compile() {
  local build=$ROOT/build/$1
  shift
  local quiet=()
  [[ -t 1 ]] || quiet=(--quiet)
  ninja -C "$build" -j "${SLUICE_JOBS:-$(nproc)}" "${quiet[@]}" "$@"
}

APT_LOG=$(mktemp)
trap 'rm -f "$APT_LOG"' EXIT
