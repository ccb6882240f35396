#include "base/seal_key.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "test/support/process.h"

namespace sluice::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

const std::string kDigits = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

unsigned mode_of(const fs::path& path) {
  struct stat about = {};
  REQUIRE(lstat(path.c_str(), &about) == 0);
  return about.st_mode & 07777;
}

TEST_CASE("a key is 64 hexadecimal digits and nothing else") {
  CHECK(SealKey::from_hex(kDigits)->hex() == kDigits);
  CHECK(SealKey::from_hex("ABCDEF" + kDigits.substr(6))->hex() == "abcdef" + kDigits.substr(6));
  for (const std::string& wrong :
       {std::string(), kDigits.substr(1), kDigits.substr(2), kDigits + "0", kDigits + "00",
        "g" + kDigits.substr(1), " " + kDigits.substr(1), kDigits.substr(1) + "\n",
        "0x" + kDigits.substr(2), std::string(64, '\0')})
    CHECK_FALSE(SealKey::from_hex(wrong).has_value());
}

TEST_CASE("random keys differ") {
  CHECK(SealKey::random().hex() != SealKey::random().hex());
}

TEST_CASE("a key's file may end in a line's end") {
  TempFolder folder;
  for (const char* end : {"", "\n", "\r\n", " \n\n"})
    CHECK(read_key_file(folder.write("key", kDigits + end))->hex() == kDigits);
}

TEST_CASE("a file that holds no key is named, and what would be right, never what it holds") {
  TempFolder folder;
  for (const std::string& wrong : {std::string(), std::string("s3cret"), kDigits + kDigits,
                                   kDigits + std::string(200, ' '), std::string(1 << 20, '0')}) {
    const auto key = read_key_file(folder.write("key", wrong));
    REQUIRE_FALSE(key.ok());
    CHECK(key.error().code == Code::kInvalid);
    CHECK_THAT(key.error().text(), Contains((folder / "key").string()));
    CHECK_THAT(key.error().text(), Contains("openssl rand -hex 32"));
    CHECK_THAT(key.error().text(), !Contains("s3cret"));
  }
  CHECK_THAT(read_key_file((folder / "none").string()).error().text(), Contains("No such file"));
  CHECK_FALSE(read_key_file(folder.path().string()).ok());
  REQUIRE(mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK_FALSE(read_key_file((folder / "pipe").string()).ok());
}

TEST_CASE("a key of one's own is made once, for this user alone") {
  TempFolder folder;
  const auto made = own_key_file((folder / "code.key").string());
  REQUIRE(made.ok());
  CHECK(made->notice.empty());
  CHECK(mode_of(folder / "code.key") == 0600);
  CHECK_FALSE(fs::exists(folder / "code.key.new"));
  const auto again = own_key_file((folder / "code.key").string());
  REQUIRE(again.ok());
  CHECK(again->key.hex() == made->key.hex());
  CHECK(again->notice.empty());
  CHECK(read_key_file((folder / "code.key").string())->hex() ==
        made->key.hex());  // a fleet can go on with it
}

TEST_CASE("a key that others may know is not used") {
  TempFolder folder;
  for (const int mode : {0640, 0604, 0620, 0610, 0666}) {
    const fs::path path = folder.write("code.key", kDigits + "\n");
    REQUIRE(chmod(path.c_str(), static_cast<mode_t>(mode)) == 0);
    const auto key = own_key_file(path.string());
    REQUIRE(key.ok());
    CHECK(key->key.hex() != kDigits);
    CHECK_THAT(key->notice, Contains(path.string()) && Contains("could be read by others"));
    CHECK_THAT(key->notice, !Contains(kDigits));
    CHECK(mode_of(path) == 0600);
    CHECK(own_key_file(path.string())->notice.empty());
  }
}

TEST_CASE("a file that holds no key is replaced by one that does") {
  TempFolder folder;
  for (const std::string& wrong : {std::string(), kDigits.substr(1), std::string(32, '\1')}) {
    const fs::path path = folder.write("code.key", wrong);
    REQUIRE(chmod(path.c_str(), 0600) == 0);
    const auto key = own_key_file(path.string());
    REQUIRE(key.ok());
    CHECK_THAT(key->notice, Contains("holds no key"));
    CHECK(own_key_file(path.string())->key.hex() == key->key.hex());
  }
}

TEST_CASE("a link is not followed, neither to a key nor to what would be written over") {
  TempFolder folder;
  const std::string elsewhere = folder.write("elsewhere", kDigits);
  REQUIRE(chmod(elsewhere.c_str(), 0600) == 0);
  REQUIRE(symlink(elsewhere.c_str(), (folder / "code.key").c_str()) == 0);
  REQUIRE(symlink(elsewhere.c_str(), (folder / "code.key.new").c_str()) == 0);
  const auto key = own_key_file((folder / "code.key").string());
  REQUIRE(key.ok());
  CHECK(key->key.hex() != kDigits);
  CHECK(read_file(elsewhere) == kDigits);
  CHECK(fs::is_regular_file(fs::symlink_status(folder / "code.key")));
}

TEST_CASE("what is left of a key that was being made does not matter") {
  TempFolder folder;
  folder.write("code.key.new", kDigits.substr(0, 10));
  CHECK(own_key_file((folder / "code.key").string()).ok());
}

TEST_CASE("where no key can be made, the error says where and why") {
  TempFolder folder;
  const auto key = own_key_file(folder.path() / "none" / "code.key");
  REQUIRE_FALSE(key.ok());
  CHECK_THAT(key.error().text(),
             Contains((folder.path() / "none" / "code.key").string()) && Contains("No such file"));
  fs::create_directory(folder / "code.key");
  CHECK_FALSE(own_key_file((folder / "code.key").string()).ok());
}

}  // namespace
}  // namespace sluice::test
