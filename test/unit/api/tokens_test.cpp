// The list of tokens: what is read, what is refused, and that nothing secret is repeated.
#include "api/tokens.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sluice::test {
namespace {

using api::make_token;
using api::NewToken;
using api::Role;
using api::Tokens;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

class File {
 public:
  explicit File(const std::string& content) {
    char name[] = "/tmp/sluice-tokens-XXXXXX";
    const int fd = mkstemp(name);
    REQUIRE(fd >= 0);
    close(fd);
    path_ = name;
    std::ofstream(path_) << content;
  }
  ~File() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string error_of(const std::string& content) {
  const File file(content);
  const Result<Tokens> tokens = Tokens::read(file.path());
  if (tokens.ok()) return "accepted";
  CHECK(tokens.error().code == Code::kInvalid);
  const std::string text = tokens.error().text();
  return text.starts_with(file.path()) ? text.substr(file.path().size()) : text;
}

TEST_CASE("a token that was made is found, and nothing else is") {
  const NewToken reader = make_token("reader", Role::kRead),
                 boss = make_token("boss", Role::kAdmin);
  CHECK_THAT(reader.secret, StartsWith("slu_"));
  CHECK(reader.secret.size() == 68);
  CHECK(reader.secret != boss.secret);
  CHECK_THAT(reader.entry, StartsWith("reader read sha256:"));
  CHECK(reader.entry.find(reader.secret.substr(4)) == std::string::npos);

  const std::string entries[] = {reader.entry, boss.entry};
  const Result<Tokens> tokens = Tokens::parse(entries, "here");
  REQUIRE(tokens.ok());
  REQUIRE(tokens->find(reader.secret) != nullptr);
  CHECK(tokens->find(reader.secret)->name == "reader");
  CHECK(tokens->find(boss.secret)->role == Role::kAdmin);
  CHECK(tokens->find(make_token("x", Role::kAdmin).secret) == nullptr);
  CHECK(tokens->find("") == nullptr);
  CHECK(tokens->find(reader.secret + "0") == nullptr);
  CHECK(tokens->find(reader.entry.substr(reader.entry.find(':') + 1)) == nullptr);
  CHECK(Tokens().find(reader.secret) == nullptr);
}

TEST_CASE("a file of tokens has comments, empty lines and blanks") {
  const NewToken one = make_token("one", Role::kInvoke);
  const File file("# who may\n\n  " + one.entry + "  \r\n\t# the end");
  const Result<Tokens> tokens = Tokens::read(file.path());
  REQUIRE(tokens.ok());
  CHECK(tokens->size() == 1);
  CHECK(tokens->find(one.secret) != nullptr);
}

TEST_CASE("errors in a file of tokens name file and line and repeat nothing") {
  const NewToken made = make_token("made", Role::kRead);
  const std::string hash = made.entry.substr(made.entry.find("sha256:"));
  CHECK_THAT(error_of("# none\n"), Contains("holds no token"));
  CHECK_THAT(error_of("\n" + made.secret + "\n"),
             StartsWith(":2: holds a token itself") && !Contains(made.secret));
  CHECK_THAT(error_of("me admin " + made.secret), StartsWith(":1: holds a token itself"));
  for (const char* line : {"m4rk", "m4rk read", "read m4rk sha256:", "m4rk king sha256:00"}) {
    INFO(line);
    CHECK_THAT(error_of(line), StartsWith(":1: ") && !Contains("m4rk") && !Contains("king"));
  }
  CHECK_THAT(error_of("me king " + hash), EndsWith("its role must be read, invoke or admin"));
  CHECK_THAT(error_of("a/b read " + hash), Contains("its name must be"));
  CHECK_THAT(error_of("me read " + hash + "0"), Contains("its hash must be"));
  CHECK_THAT(error_of("me read md5:" + hash), Contains("its hash must be"));
  CHECK_THAT(error_of("me read " + hash + " more"), Contains("is no entry"));
  CHECK_THAT(error_of(made.entry + "\n" + made.entry), StartsWith(":2: has the name"));
  CHECK_THAT(error_of(made.entry + "\nother read " + hash), StartsWith(":2: has the hash"));
  CHECK_THAT(Tokens::read("/nowhere/tokens").error().text(),
             StartsWith("/nowhere/tokens: cannot be read: No such file"));
  CHECK_THAT(Tokens::read("/tmp").error().text(), Contains("it is no file"));
  CHECK_THAT(Tokens::read(made.secret).error().text(), !Contains(made.secret.substr(4)));
}

TEST_CASE("a file of tokens that everybody may write to is refused") {
  const File file(make_token("a", Role::kRead).entry + "\n");
  std::filesystem::permissions(file.path(), std::filesystem::perms(0666));
  CHECK_THAT(Tokens::read(file.path()).error().text(), Contains("chmod o-w"));
}

}  // namespace
}  // namespace sluice::test
