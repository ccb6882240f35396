// scripts/new-plugin: what it makes builds outside of this tree, by CMake and by hand, and is a
// plugin.
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "test/support/plugin/plugin_driver.h"
#include "test/support/process.h"

using namespace sluice::test;
namespace fs = std::filesystem;

namespace {

Exit new_plugin(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), std::string(SLUICE_SOURCE_DIR) + "/scripts/new-plugin");
  return run_program(arguments);
}

Exit make(const TempFolder& into, const std::string& name, const std::string& language) {
  return new_plugin({name, "--into", into.path().string(), "--lang", language});
}

// Runs a shell command in the project; it must succeed.
void run_in(const fs::path& project, const std::string& command) {
  const Exit done =
      run_program({"/bin/sh", "-c", "cd \"$1\" && " + command, "sh", project.string()}, "",
                  // What surrounds this test must not decide how others build.
                  {"CFLAGS=-Werror", "CXXFLAGS=-Werror", "LDFLAGS=", "CMAKE_GENERATOR="});
  INFO(command << "\n" << done.out << done.err);
  REQUIRE(done.code == 0);
}

// The command that the script has printed for who has no CMake.
std::string by_hand(const Exit& made) {
  const size_t begin = made.out.find("mkdir -p build && c");
  REQUIRE(begin != std::string::npos);
  return made.out.substr(begin, made.out.find("   #", begin) - begin);
}

void check_plugin(const fs::path& library, const std::string& name) {
  PluginDriver plugin(library.string(), R"({"limit": 9007199254740992})");
  CHECK(std::string(plugin.description().name) == name);
  CHECK(plugin.call("add", R"({"x": 1, "y": 2})").text == "3");
  CHECK(plugin.call("add", R"({"x": 1.5, "y": 1.5})").text == "3.0");
  CHECK(plugin.call("add", R"({"x": 9007199254740991, "y": 1})").text == "9007199254740992");
  CHECK(plugin.call("add", R"({"x": 0.5})").text == "the payload needs 'y', a number");
  CHECK(plugin.call("add", R"({"x": 1e308, "y": 1e308})").text ==
        "x + y is beyond what a JSON number can be");
  CHECK(plugin.call("add", R"({"x": 9223372036854775808, "y": 1})").text ==
        "a number in the payload is beyond 64 bits");
  CHECK_THAT(plugin.call("add", R"({"x": 9007199254740991, "y": 2})").text,
             Catch::Contains("beyond the limit"));
  CHECK_FALSE(plugin.call("add", "[]").ok);
  CHECK_THAT(plugin.logged(), Catch::StartsWith("adds numbers"));
  CHECK_THROWS_WITH(PluginDriver(library.string(), R"({"limt": 1})"),
                    Catch::Contains("no key 'limt'"));
}

}  // namespace

TEST_CASE("a new plugin builds outside of the tree, in C and C++, with CMake and by hand") {
  const auto language = GENERATE(as<std::string>(), "c", "c++");
  TempFolder folder;
  const std::string name = language == "c" ? "greet" : "my-own_plugin2";
  const Exit made = make(folder, name, language);
  INFO(made.err);
  REQUIRE(made.code == 0);
  const fs::path project = folder / name;

  run_in(project, "cmake -S . -B build && cmake --build build");
  check_plugin(project / "build" / (name + ".so"), name);
  run_in(project, "rm -r build && " + by_hand(made));
  check_plugin(project / "build" / (name + ".so"), name);
}

TEST_CASE("what docs/plugins.md has its reader write is an action") {
  TempFolder folder;
  const Exit made = make(folder, "greet", "c");
  REQUIRE(made.code == 0);
  const std::string page = read_file(SLUICE_SOURCE_DIR "/docs/plugins.md");
  std::vector<std::string> blocks;
  const std::string fence = "```c\n";
  for (size_t at = page.find(fence); at != page.npos; at = page.find(fence, at + 1))
    blocks.push_back(page.substr(at + fence.size(), page.find("```", at + 3) - at - fence.size()));
  REQUIRE(blocks.size() == 3);

  std::string source = read_file(folder / "greet/greet.c");
  const auto put = [&](const std::string& text, const std::string& before, size_t instead_of) {
    const size_t at = source.find(before);
    INFO(before);
    REQUIRE(at != source.npos);
    source.replace(at, instead_of, text);
  };
  put(blocks[0] + "\n", "/* Reads the configuration", 0);
  put(blocks[1], "  } else {\n    /* Never", 0);
  const std::string actions = "static const char* const kActions[] = {\"add\", NULL};\n";
  put(blocks[2], actions, actions.size());
  folder.write("greet/greet.c", source);
  run_in(folder / "greet", "cmake -S . -B build && cmake --build build");
  PluginDriver plugin((folder / "greet/build/greet.so").string(), "{}");
  CHECK(plugin.call("hello", R"({"name": "Ada"})").text == "\"Hello Ada\"");
  CHECK(plugin.call("hello", "{}").text == "the payload needs 'name', a text");
  CHECK(plugin.call("add", R"({"x": 1, "y": 2})").text == "3");
}

TEST_CASE("the template compiles where warnings are errors") {
  TempFolder folder;
  REQUIRE(make(folder, "strict", "c").code == 0);
  REQUIRE(make(folder, "strict2", "c++").code == 0);
  const std::string flags = " -pedantic -Wall -Wextra -Wshadow -Werror -Iinclude -fsyntax-only ";
  const bool clang = run_program({"/bin/sh", "-c", "command -v clang-14"}).code == 0;
  for (const std::string compiler : {"cc", "clang-14"}) {
    if (compiler == "clang-14" && !clang) continue;
    run_in(folder / "strict",
           compiler + " -std=c99" + flags + "strict.c $(pkg-config --cflags jansson)");
    run_in(folder / "strict2",
           compiler + " -x c++ -std=c++17" + flags + "strict2.cpp $(pkg-config --cflags simdjson)");
  }
  run_in(folder / "strict",
         "c++ -x c++ -std=c++20" + flags + "strict.c $(pkg-config --cflags jansson)");
}

TEST_CASE("a plugin may have the name of what its code uses") {
  TempFolder folder;
  for (const std::string name : {"failure", "pending", "action", "api", "dom"}) {
    REQUIRE(make(folder, name, "c++").code == 0);
    run_in(folder / name, "c++ -x c++ -std=c++17 -Iinclude -fsyntax-only " + name +
                              ".cpp $(pkg-config --cflags simdjson)");
  }
}

TEST_CASE("every place of a new plugin's files is filled") {
  TempFolder folder;
  const auto language = GENERATE(as<std::string>(), "c", "c++");
  REQUIRE(make(folder, "filled", language).code == 0);
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder.path())) {
    if (!entry.is_regular_file()) continue;
    ++files;
    const std::string text = read_file(entry.path());
    INFO(entry.path());
    for (const char* left : {"@NAME@", "@CLASS@", "@SOURCE@", "@BIN@", "@CC@", "@DEBIAN@",
                             "@PACKAGE@", "@LANGUAGE@", "@STANDARD@", "\"skeleton\"", "skeleton_"})
      if (entry.path().parent_path().filename() != "sluice") CHECK(text.find(left) == text.npos);
  }
  CHECK(files == (language == "c" ? 8 : 9));
  CHECK(read_file(folder / "filled/config.lua").find("Plugin \"filled\"") != std::string::npos);
}

TEST_CASE("an installed new-plugin makes the same") {
  TempFolder root, folder;
  run_in(root.path(), "cmake --install '" SLUICE_BIN_DIR "/..' --component dev --prefix \"$PWD\"");
  const std::string script = (root / "bin/sluice-new-plugin").string();
  const Exit made = run_program({script, "greet", "--into", folder.path().string()});
  INFO(made.err);
  REQUIRE(made.code == 0);
  run_in(folder.path() / "greet", by_hand(made));
  check_plugin(folder / "greet/build/greet.so", "greet");
  CHECK_THAT(read_file(folder / "greet/try"),
             Catch::Contains("made_with=" + root.path().string() + "/bin"));
}

// Programs that stand for Sluice's: what is tested is the script.
TEST_CASE("the script of a new plugin builds, starts a server, runs the action and clears up") {
  TempFolder folder, bin, scratch;
  REQUIRE(make(folder, "greet", "c").code == 0);
  const std::string server =
      bin.write("sluice",
                "#!/bin/sh\n"
                "echo \"$PWD $*\" >>\"$STUB_LOG\"\n"
                "[ -z \"$STUB_FAILS\" ] || { echo 'no plugin' >&2; exit 1; }\n"
                "trap 'echo stopped >>\"$STUB_LOG\"; exit 0' TERM\n"
                "mkdir \"$7\"; echo 'Listening on http://127.0.0.1:7'\n"
                "while :; do sleep 0.01; done\n");
  const std::string client =
      bin.write("slcli", "#!/bin/sh\necho \"slcli $SLCLI_URL $*\" >>\"$STUB_LOG\"\necho 42\n");
  for (const std::string& stub : {server, client})
    fs::permissions(stub, fs::perms::owner_all, fs::perm_options::add);
  const auto run = [&](const std::string& fails) {
    return run_program({(folder / "greet/try").string(), "20", "22.5"}, "",
                       {"SLUICE_BIN=" + bin.path().string(), "TMPDIR=" + scratch.path().string(),
                        "STUB_LOG=" + (folder / "log").string(), "STUB_FAILS=" + fails});
  };

  const Exit done = run("");
  INFO(done.out << done.err);
  CHECK(done.code == 0);
  CHECK(fs::exists(folder / "greet/build/greet.so"));
  CHECK(done.out ==
        "$ slcli create add -f add.lua\n42\n"
        "$ slcli run add -b -p '{\"x\": 20, \"y\": 22.5}'\n42\n");
  const std::string log = read_file(folder / "log");
  CHECK_THAT(log, Catch::StartsWith((folder / "greet").string() +
                                    " serve --config config.lua --listen 127.0.0.1:0 --data "));
  CHECK_THAT(log, Catch::Contains("slcli http://127.0.0.1:7 create add -f add.lua\n"));
  CHECK_THAT(log,
             Catch::Contains("slcli http://127.0.0.1:7 run add -b -p {\"x\": 20, \"y\": 22.5}"));
  CHECK_THAT(log, Catch::EndsWith("stopped\n"));
  CHECK(fs::is_empty(scratch.path()));

  const Exit failed = run("yes");
  CHECK(failed.code == 1);
  CHECK_THAT(failed.err, Catch::Contains("no plugin") && Catch::Contains("did not start"));
  CHECK(fs::is_empty(scratch.path()));

  const Exit refused = run_program({(folder / "greet/try").string(), "1", "os.exit()"});
  CHECK(refused.code == 1);
  CHECK_THAT(refused.err, Catch::Contains("'os.exit()' is no number"));
}

TEST_CASE("a new plugin replaces nothing") {
  TempFolder folder;
  const std::string kept = folder.write("kept", "mine");
  const Exit refused = make(folder, "kept", "c");
  CHECK(refused.code == 1);
  CHECK_THAT(refused.err, Catch::Contains("is there already"));
  CHECK(read_file(kept) == "mine");

  fs::create_symlink("nowhere", folder / "link");
  CHECK(make(folder, "link", "c").code == 1);
  CHECK_FALSE(fs::exists(folder / "nowhere"));
}

TEST_CASE("names that are no file names, and what is asked wrongly, make no plugin") {
  TempFolder folder;
  for (const std::string name :
       {"../out", "a/b", "a b", "1st", "_a", "ä", "a.b", "", "a;b", "$HOME"}) {
    INFO(name);
    CHECK(make(folder, name, "c").code == 1);
  }
  CHECK(make(folder, std::string(65, 'a'), "c").code == 1);
  CHECK_THAT(make(folder, "a.b", "c").err, Catch::Contains("letters, digits, _ and -"));
  CHECK_THAT(make(folder, "rusty", "rust").err, Catch::Contains("--lang must be c or c++"));
  CHECK(new_plugin({}).code == 1);
  CHECK(new_plugin({"one", "two", "--into", folder.path().string()}).code == 1);
  CHECK(new_plugin({"one", "--into"}).code == 1);
  CHECK(new_plugin({"--nonsense"}).code == 1);
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("new-plugin says how it is used") {
  const Exit help = new_plugin({"--help"});
  CHECK(help.code == 0);
  CHECK_THAT(help.out, Catch::StartsWith("scripts/new-plugin NAME"));
  CHECK_THAT(help.out, Catch::Contains("--lang"));
}
