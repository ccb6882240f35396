#include "base/seal_key.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/keys.h"

namespace sluice {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  operator int() const { return number_; }

 private:
  int number_;
};

// A text that is wiped when it goes.
struct Secret {
  std::string text;
  ~Secret() { sodium_memzero(text.data(), text.size()); }
};

Error failed(const std::string& path, const char* what, int number) {
  return {Code::kInternal, "", fmt::format("{}: cannot {}: {}", path, what, std::strerror(number))};
}

std::string_view without_end(std::string_view text) {
  const size_t last = text.find_last_not_of(" \t\r\n");
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

// A file with much white space after its key holds none.
std::optional<SealKey> key_in(int file) {
  Secret secret;
  secret.text.resize(2 * SealKey::kBytes + 64);
  size_t length = 0;
  while (length < secret.text.size()) {
    const ssize_t got = read(file, secret.text.data() + length, secret.text.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    length += static_cast<size_t>(got);
  }
  if (length == secret.text.size()) return std::nullopt;
  return SealKey::from_hex(without_end(std::string_view(secret.text).substr(0, length)));
}

Status write_all(int file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t put = write(file, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return failed(path, "write", errno);
    bytes.remove_prefix(static_cast<size_t>(put));
  }
  return {};
}

// Under another name first: a file that is there is whole.
Result<SealKey> make_key_file(const std::string& path) {
  const std::string beside = path + ".new";
  if (unlink(beside.c_str()) != 0 && errno != ENOENT) return failed(beside, "remove it", errno);
  const SealKey key = SealKey::random();
  {
    const Descriptor file(
        open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file < 0) return failed(beside, "make it", errno);
    const Secret text{key.hex() + "\n"};
    if (Status written = write_all(file, text.text, beside); !written.ok()) return written.error();
    if (fsync(file) != 0) return failed(beside, "write", errno);
  }
  if (rename(beside.c_str(), path.c_str()) != 0) return failed(path, "put it there", errno);

  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  const Descriptor directory(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory < 0 || fsync(directory) != 0) return failed(folder, "write", errno);
  return key;
}

Result<OwnKey> replace(const std::string& path, const std::string& why) {
  auto made = make_key_file(path);
  if (!made.ok()) return made.error();
  return OwnKey{*std::move(made),
                fmt::format("{} {}: it is replaced by a new key, and every action is compiled once "
                            "more",
                            path, why)};
}

}  // namespace

SealKey SealKey::random() {
  if (sodium_init() < 0) std::abort();  // no source of randomness: nothing can be kept secret
  SealKey key;
  randombytes_buf(key.bytes_.data(), key.bytes_.size());
  return key;
}

std::optional<SealKey> SealKey::from_hex(std::string_view text) {
  SealKey key;
  if (!bytes_from_hex(text, key.bytes_)) return std::nullopt;
  return key;
}

SealKey::~SealKey() {
  sodium_memzero(bytes_.data(), bytes_.size());
}

std::string SealKey::hex() const {
  std::string out(2 * kBytes + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), bytes_.data(), bytes_.size());
  out.pop_back();
  return out;
}

Result<SealKey> read_key_file(const std::string& path) {
  // NONBLOCK: a pipe must not hold up the start.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file < 0)
    return Error{Code::kInvalid, "",
                 fmt::format("{}: the key cannot be read: {}", path, std::strerror(errno))};
  if (std::optional<SealKey> key = key_in(file)) return *std::move(key);
  return Error{Code::kInvalid, "", fmt::format("{}: holds no key: a key is {}", path, kSealKeyIs)};
}

Result<OwnKey> own_key_file(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  if (file < 0 && errno == ENOENT) {
    auto made = make_key_file(path);
    if (!made.ok()) return made.error();
    return OwnKey{*std::move(made), {}};
  }
  if (file < 0 && errno == ELOOP) return replace(path, "is a link");
  if (file < 0) return failed(path, "read it; it must belong to the user who runs this", errno);

  struct stat about = {};
  if (fstat(file, &about) != 0) return failed(path, "read", errno);
  if (!S_ISREG(about.st_mode))
    return Error{Code::kInternal, "", path + ": is no file; move it away, and a key is made there"};
  if ((about.st_mode & 077) != 0)
    return replace(path,
                   fmt::format("could be read by others (mode {:04o})", about.st_mode & 07777));
  if (std::optional<SealKey> key = key_in(file)) return OwnKey{*std::move(key), {}};
  return replace(path, "holds no key");
}

}  // namespace sluice
