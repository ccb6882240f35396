#include "base/seal.h"

#include <catch2/catch.hpp>

namespace sluice::test {
namespace {

using Refusal = Seal::Refusal;

const Sha256 kCode = sha256("a code");

const char* kDigits = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

std::string hex_of(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) {
    hex += "0123456789abcdef"[static_cast<uint8_t>(c) >> 4];
    hex += "0123456789abcdef"[static_cast<uint8_t>(c) & 15];
  }
  return hex;
}

std::string opened(const Seal& seal, const KeptBytecode& kept, const Sha256& code = kCode,
                   std::string_view lua_tag = "lua") {
  const auto result = seal.open(code, lua_tag, kept.tag, kept.bytes);
  if (const auto* bytes = std::get_if<std::string_view>(&result)) return std::string(*bytes);
  const char* names[Seal::kRefusals] = {"no key", "unsealed", "other build", "bad seal"};
  return std::string("refused: ") + names[static_cast<size_t>(std::get<Refusal>(result))];
}

TEST_CASE("what was sealed can be opened with the same key") {
  const Seal seal(*SealKey::from_hex(kDigits));
  const Seal same(*SealKey::from_hex(kDigits));
  for (const std::string& bytecode : {std::string("\x1bLua\0code", 9), std::string()}) {
    const KeptBytecode kept = seal.close(kCode, "lua", bytecode);
    CHECK(opened(same, kept) == bytecode);
  }
}

TEST_CASE("what is stored stays readable: the form of a seal is fixed") {
  const Seal seal(*SealKey::from_hex(kDigits));
  const KeptBytecode kept = seal.close(kCode, "lua", "code");
  CHECK(kept.tag == "sealed1 lua");
  CHECK(kept.bytes.substr(32) == "code");
  // Made by another BLAKE2b: Python's hashlib.
  CHECK(hex_of(kept.bytes.substr(0, 32)) ==
        "d58ff00d22a134c7715100ffd1c38af9860087fbb1d736ab34bfe92d8f1e7917");
}

TEST_CASE("no single changed bit is accepted") {
  const Seal seal(SealKey::random());
  const KeptBytecode kept = seal.close(kCode, "lua", "bytecode");
  for (size_t at = 0; at < kept.bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      KeptBytecode changed = kept;
      changed.bytes[at] = static_cast<char>(changed.bytes[at] ^ (1 << bit));
      REQUIRE(opened(seal, changed) == "refused: bad seal");
    }
  }
}

TEST_CASE("no part of it, and nothing longer, is accepted") {
  const Seal seal(SealKey::random());
  const KeptBytecode kept = seal.close(kCode, "lua", "bytecode");
  for (size_t length = 0; length < kept.bytes.size(); ++length)
    REQUIRE(opened(seal, {kept.tag, kept.bytes.substr(0, length)}) == "refused: bad seal");
  CHECK(opened(seal, {kept.tag, kept.bytes + '\0'}) == "refused: bad seal");
}

TEST_CASE("a seal is for one code, one Lua build and one key") {
  const Seal seal(SealKey::random());
  const KeptBytecode kept = seal.close(kCode, "lua", "bytecode");
  CHECK(opened(seal, kept, sha256("another")) == "refused: bad seal");
  CHECK(opened(seal, kept, kCode, "next") == "refused: other build");
  CHECK(opened(seal, {"sealed1 next", kept.bytes}, kCode, "next") == "refused: bad seal");
  CHECK(opened(Seal(SealKey::random()), kept) == "refused: bad seal");
}

TEST_CASE("bytes cannot move between the parts that a seal covers") {
  const Seal seal(SealKey::random());
  const KeptBytecode kept = seal.close(kCode, "lua", "abc");
  CHECK(opened(seal, {"sealed1 luaa", kept.bytes.substr(0, 32) + "bc"}, kCode, "luaa") ==
        "refused: bad seal");
}

TEST_CASE("bare bytecode, as releases before the seal stored it, is not accepted") {
  const Seal seal(SealKey::random());
  CHECK(opened(seal, {"lua", "bytecode"}) == "refused: unsealed");
  CHECK(opened(seal, {"lua", seal.close(kCode, "lua", "bytecode").bytes}) == "refused: unsealed");
  CHECK(opened(seal, {"other lua", "bytecode"}) == "refused: other build");
  CHECK(opened(seal, {"", ""}) == "refused: other build");
}

TEST_CASE("without a key nothing is kept and nothing is accepted") {
  const Seal none = Seal::none();
  const Seal seal(SealKey::random());
  CHECK_FALSE(none.has_key());
  CHECK(none.close(kCode, "lua", "bytecode").bytes.empty());
  CHECK(opened(none, none.close(kCode, "lua", "bytecode")) == "refused: no key");
  CHECK(opened(none, seal.close(kCode, "lua", "bytecode")) == "refused: no key");
  CHECK(opened(none, {"lua", "bytecode"}) == "refused: no key");
  CHECK(opened(seal, none.close(kCode, "lua", "bytecode")) == "refused: unsealed");
}

}  // namespace
}  // namespace sluice::test
