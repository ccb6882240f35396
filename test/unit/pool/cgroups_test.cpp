#include "sandbox/pool/cgroups.h"

#include <stdlib.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace sluice::sandbox;
namespace fs = std::filesystem;

namespace {

// What the kernel would show, as plain files.
class Tree {
 public:
  Tree() {
    char folder[] = "/tmp/sluice-cgroups-XXXXXX";
    REQUIRE(mkdtemp(folder) != nullptr);
    root_ = folder;
    write("membership", "12:memory:/old\n0::/unit\n");
    write("unit/cgroup.type", "domain\n");
    write("unit/cgroup.controllers", "cpu io memory pids\n");
    write("unit/cgroup.procs", "");
    write("unit/cgroup.subtree_control", "");
    write("unit/server/cgroup.procs", "");  // the kernel makes it with the folder
  }
  ~Tree() { fs::remove_all(root_); }

  void write(const std::string& name, const std::string& text) {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(root_ / name).rdbuf();
    return text.str();
  }
  void remove(const std::string& name) { fs::remove_all(root_ / name); }
  Cgroups::Place place() const { return {root_.string(), (root_ / "membership").string()}; }

 private:
  fs::path root_;
};

}  // namespace

TEST_CASE("A server that was given a group makes one for itself and one for each worker") {
  Tree tree;
  auto cgroups = Cgroups::open(tree.place());
  REQUIRE(cgroups.ok());
  CHECK(tree.read("unit/server/cgroup.procs") == std::to_string(getpid()));
  CHECK(tree.read("unit/cgroup.subtree_control") == "+memory");

  for (const char* file : {"memory.max", "memory.swap.max", "cgroup.procs"})
    tree.write(std::string("unit/worker-77/") + file, "");
  auto group = cgroups->put(77, 1234567);
  REQUIRE(group.ok());
  CHECK(tree.read("unit/worker-77/memory.max") == "1234567");
  CHECK(tree.read("unit/worker-77/memory.swap.max") == "0");
  CHECK(tree.read("unit/worker-77/cgroup.procs") == "77");
}

TEST_CASE("A worker's group goes with it") {
  Tree tree;
  const fs::path folder = fs::path(tree.place().root) / "worker-1";
  fs::create_directory(folder);
  { const Cgroup group(folder.string()); }
  CHECK_FALSE(fs::exists(folder));
}

TEST_CASE("A server that runs in the group it made before uses the same") {
  Tree tree;
  tree.write("membership", "0::/unit/server\n");
  REQUIRE(Cgroups::open(tree.place()).ok());
  CHECK(tree.read("unit/cgroup.subtree_control") == "+memory");
}

TEST_CASE("Where nothing is delegated nothing is touched, and the reason is told") {
  Tree tree;
  SECTION("version 1") {
    tree.write("membership", "4:memory:/x\n");
  }
  SECTION("no memory controller") {
    tree.write("unit/cgroup.controllers", "cpu pids\n");
  }
  SECTION("the whole machine's group") {
    tree.remove("unit/cgroup.type");
  }
  SECTION("no group at all") {
    tree.remove("unit");
  }
  const auto refused = Cgroups::open(tree.place());
  REQUIRE_FALSE(refused.ok());
  CHECK_FALSE(refused.error().message.empty());
  CHECK(tree.read("unit/server/cgroup.procs").empty());
}
