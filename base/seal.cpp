#include "base/seal.h"

#include <sodium.h>

namespace sluice {
namespace {

constexpr std::string_view kSealed = "sealed1 ";
constexpr std::string_view kSourceOnly = "source only";
constexpr size_t kMacBytes = 32;

class Mac {
 public:
  explicit Mac(const SealKey& key) {
    crypto_generichash_init(&state_, key.bytes().data(), key.bytes().size(), kMacBytes);
  }
  ~Mac() { sodium_memzero(&state_, sizeof state_); }

  // Each part is preceded by its length, so that no part can pass as the end of another.
  void add(std::string_view part) {
    uint8_t length[8];
    for (int i = 0; i < 8; ++i) length[i] = static_cast<uint8_t>(uint64_t{part.size()} >> (8 * i));
    crypto_generichash_update(&state_, length, sizeof length);
    crypto_generichash_update(&state_, reinterpret_cast<const uint8_t*>(part.data()), part.size());
  }

  std::string end() {
    std::string mac(kMacBytes, '\0');
    crypto_generichash_final(&state_, reinterpret_cast<uint8_t*>(mac.data()), mac.size());
    return mac;
  }

 private:
  crypto_generichash_state state_;
};

std::string mac_of(const SealKey& key, const Sha256& code_hash, std::string_view lua_tag,
                   std::string_view bytecode) {
  Mac mac(key);
  mac.add("sluice: bytecode, 1");  // the key may come to serve other purposes
  mac.add({reinterpret_cast<const char*>(code_hash.bytes.data()), code_hash.bytes.size()});
  mac.add(lua_tag);
  mac.add(bytecode);
  return mac.end();
}

}  // namespace

KeptBytecode Seal::close(const Sha256& code_hash, std::string_view lua_tag,
                         std::string_view bytecode) const {
  if (!key_) return {std::string(kSourceOnly), {}};
  KeptBytecode kept{std::string(kSealed), mac_of(*key_, code_hash, lua_tag, bytecode)};
  kept.tag += lua_tag;
  kept.bytes += bytecode;
  return kept;
}

std::variant<std::string_view, Seal::Refusal> Seal::open(const Sha256& code_hash,
                                                         std::string_view lua_tag,
                                                         std::string_view kept_tag,
                                                         std::string_view kept_bytes) const {
  if (!key_) return Refusal::kNoKey;
  if (!kept_tag.starts_with(kSealed))
    return kept_tag == lua_tag || kept_tag == kSourceOnly ? Refusal::kUnsealed
                                                          : Refusal::kOtherBuild;
  if (kept_tag.substr(kSealed.size()) != lua_tag) return Refusal::kOtherBuild;
  if (kept_bytes.size() < kMacBytes) return Refusal::kBadSeal;
  const std::string_view bytecode = kept_bytes.substr(kMacBytes);
  const std::string right = mac_of(*key_, code_hash, lua_tag, bytecode);
  if (sodium_memcmp(right.data(), kept_bytes.data(), kMacBytes) != 0) return Refusal::kBadSeal;
  return bytecode;
}

}  // namespace sluice
