// A disk that is full: new work is refused, nothing accepted is lost, and all goes on when there is
// room.
#include <sys/mount.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "test/support/http.h"
#include "test/support/process.h"

namespace sluice::test {
namespace {

// A small disk of its own, where the kernel lets us have one (the store's own tests do without).
class SmallDisk {
 public:
  SmallDisk() {
    mounted_ = mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=6m") == 0;
    if (mounted_)
      ballast_ = folder_.write("ballast", std::string(2'000'000, 'x'));
    else
      WARN("no small disk to be had here (mounting needs privileges): nothing was tested");
  }
  ~SmallDisk() {
    if (mounted_) umount2(folder_.path().c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  std::filesystem::path data() const { return folder_ / "data"; }
  void make_room() const { std::filesystem::remove(ballast_); }

 private:
  const TempFolder folder_;
  bool mounted_;
  std::filesystem::path ballast_;
};

// Submits until that is refused. Each job takes `seconds`.
std::vector<std::string> fill(Http& http, Reply& refused, const std::string& seconds = "0") {
  REQUIRE(http.create("length",
                      "function main(args) local began = os.clock()\n"
                      "while os.clock() - began < " +
                          seconds +
                          " do end\n"
                          "return #args.text end")
              .status == 200);
  std::vector<std::string> accepted;
  const std::string payload = R"({"text":")" + std::string(50'000, 'x') + R"("})";
  for (int i = 0; i < 1'000 && refused.status == 0; ++i) {
    const Reply reply = http.post("/actions/length", payload);
    if (reply.status == 202) {
      accepted.push_back(reply.invocation_id());
    } else {
      refused = reply;
    }
  }
  return accepted;
}

TEST_CASE("a full disk answers 503 and loses nothing that was accepted") {
  const SmallDisk disk;
  if (!disk.mounted()) return;
  Server server(disk.data());
  Http http(server.url());
  Reply refused;
  const std::vector<std::string> accepted = fill(http, refused);
  INFO(refused.body);
  CHECK(refused.status == 503);
  CHECK_FALSE(refused.header("retry-after").empty());
  CHECK(http.get("/readyz").status == 503);
  CHECK(http.get("/healthz").status == 200);
  CHECK(accepted.size() > 10);

  disk.make_room();
  CHECK(
      eventually([&] { return http.post("/actions/length", R"({"text":"abc"})").status == 202; }));
  CHECK(eventually([&] { return http.get("/readyz").status == 200; }));
  for (const std::string& id : accepted) CHECK(http.resolve(id).body == "50000");
  CHECK(server.stop() == 0);
}

TEST_CASE("a full disk does not keep a server that is told to end, nor lose what was accepted") {
  const SmallDisk disk;
  if (!disk.mounted()) return;
  std::vector<std::string> accepted;
  {
    Server server(disk.data(), {"--grace", "100"});
    Http http(server.url());
    Reply refused;
    accepted = fill(http, refused, "0.05");  // most of them end when it is full
    REQUIRE(refused.status == 503);
    for (int i = 0; i < 200; ++i) {  // what little room there is now
      const Reply reply = http.post("/actions/length", R"({"text":"abc"})");
      if (reply.status != 202) break;
      accepted.push_back(reply.invocation_id());
    }
    if (server.stop() != 0)  // it ends in any case, and says where something could not be written
      CHECK_THAT(server.log(), Catch::Contains("not all results could be written"));
  }
  disk.make_room();
  Server server(disk.data());
  Http http(server.url());
  for (const std::string& id : accepted) CHECK(http.resolve(id).status == 200);
  CHECK(server.stop() == 0);
}

}  // namespace
}  // namespace sluice::test
