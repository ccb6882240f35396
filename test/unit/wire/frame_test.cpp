#include "sandbox/wire/frame.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <random>

#include "sandbox/wire/control_page.h"

using namespace sluice::sandbox;
using sluice::Outcome;
using wire::Split;
using wire::Type;

namespace {

std::string example_result() {
  std::string out;
  wire::RunResult message;
  message.outcome = Outcome::kFailed;
  message.run_time_us = 1234;
  message.cpu_time_us = 1200;
  message.memory_peak_bytes = 99'000;
  message.message = "x.lua:1: no";
  message.traceback = "stack traceback:";
  message.logs = "line\n";
  encode(out, message, 3, 77);
  return out;
}

wire::Frame frame_of(std::string_view bytes) {
  wire::Frame frame;
  wire::Fault fault = nullptr;
  REQUIRE(wire::split(bytes, &frame, &fault) == Split::kFrame);
  CHECK(frame.total_bytes == bytes.size());
  return frame;
}

// Takes bytes as the pool does; true when all of them are well-formed frames that decode.
bool accepts(std::string_view bytes) {
  while (!bytes.empty()) {
    wire::Frame frame;
    wire::Fault fault = nullptr;
    const Split split = wire::split(bytes, &frame, &fault);
    if (split != Split::kFrame) {
      CHECK((fault != nullptr) == (split == Split::kBad));
      return false;
    }
    wire::Hello hello;
    wire::RunResult result;
    wire::Skipped skipped;
    wire::Compiled compiled;
    wire::Call call;
    switch (frame.type) {
      case Type::kHello:
        fault = decode(frame, &hello);
        break;
      case Type::kResult:
        fault = decode(frame, &result);
        break;
      case Type::kSkipped:
        fault = decode(frame, &skipped);
        break;
      case Type::kCompiled:
        fault = decode(frame, &compiled);
        break;
      case Type::kCall:
        fault = decode(frame, &call);
        break;
      default:
        return false;
    }
    if (fault != nullptr) return false;
    bytes.remove_prefix(frame.total_bytes);
  }
  return true;
}

}  // namespace

TEST_CASE("Every message comes out as it went in") {
  std::string out;
  SECTION("hello") {
    const Layers layers = {{"seccomp", true, "an allow list"}, {"landlock", false, "no such call"}};
    encode(out, wire::Hello{"Lua 5.3", layers});
    wire::Hello message;
    REQUIRE(decode(frame_of(out), &message) == nullptr);
    CHECK(message.lua_tag == "Lua 5.3");
    CHECK(message.layers == layers);
  }
  SECTION("load") {
    encode(out, wire::Load{7, "a.lua", std::string_view("\0\1", 2)});
    wire::Load message;
    REQUIRE(decode(frame_of(out), &message) == nullptr);
    CHECK(message.code == 7);
    CHECK(message.chunk_name == "a.lua");
    CHECK(message.bytecode == std::string_view("\0\1", 2));
  }
  SECTION("unload") {
    encode(out, wire::Unload{8});
    wire::Unload message;
    REQUIRE(decode(frame_of(out), &message) == nullptr);
    CHECK(message.code == 8);
  }
  SECTION("call") {
    encode(out, wire::Call{12'000, "mongo", "insert", "{}"}, 127, 9);
    const wire::Frame frame = frame_of(out);
    CHECK(frame.slot == 127);
    CHECK(frame.sequence == 9);
    wire::Call message;
    REQUIRE(decode(frame, &message) == nullptr);
    CHECK(message.running_us == 12'000);
    CHECK(message.plugin == "mongo");
    CHECK(message.action == "insert");
    CHECK(message.payload == "{}");
  }
  SECTION("answer") {
    encode(out, wire::Answer{true, "[1]"}, 1, 10);
    wire::Answer message;
    REQUIRE(decode(frame_of(out), &message) == nullptr);
    CHECK(message.ok);
    CHECK(message.text == "[1]");
  }
  SECTION("end") {
    encode(out, wire::End{Outcome::kCancelled}, 1, 11);
    wire::End message;
    REQUIRE(decode(frame_of(out), &message) == nullptr);
    CHECK(message.outcome == Outcome::kCancelled);
    out.back() = static_cast<char>(Outcome::kFailed);
    CHECK(decode(frame_of(out), &message) != nullptr);
  }
  SECTION("run") {
    encode(out, wire::Run{7, 500, 1 << 20, "act", "{}"}, 31, 1ull << 40);
    const wire::Frame frame = frame_of(out);
    CHECK(frame.slot == 31);
    CHECK(frame.sequence == 1ull << 40);
    wire::Run message;
    REQUIRE(decode(frame, &message) == nullptr);
    CHECK(message.timeout_ms == 500);
    CHECK(message.memory_bytes == 1 << 20);
    CHECK(message.action == "act");
    CHECK(message.payload == "{}");
  }
  SECTION("result") {
    out = example_result();
    wire::RunResult message;
    REQUIRE(decode(frame_of(out), &message) == nullptr);
    CHECK(message.outcome == Outcome::kFailed);
    CHECK(message.run_time_us == 1234);
    CHECK(message.cpu_time_us == 1200);
    CHECK(message.memory_peak_bytes == 99'000);
    CHECK(message.result.empty());
    CHECK(message.message == "x.lua:1: no");
    CHECK(message.traceback == "stack traceback:");
    CHECK(message.logs == "line\n");
  }
  SECTION("skipped") {
    encode(out, wire::Skipped{}, 5, 6);
    wire::Skipped message;
    CHECK(decode(frame_of(out), &message) == nullptr);
  }
  SECTION("compile") {
    encode(out, wire::Compile{123, "a.lua", "return 1"});
    wire::Compile message;
    REQUIRE(decode(frame_of(out), &message) == nullptr);
    CHECK(message.memory_bytes == 123);
    CHECK(message.text == "return 1");
  }
  SECTION("compiled") {
    encode(out, wire::Compiled{true, 192, "tag", "code", ""});
    wire::Compiled message;
    REQUIRE(decode(frame_of(out), &message) == nullptr);
    CHECK(message.ok);
    CHECK(message.stripped_bytes == 192);
    CHECK(message.bytecode == "code");
  }
}

TEST_CASE("A frame that has only begun is waited for, at every length") {
  const std::string whole = example_result();
  for (size_t length = 0; length < whole.size(); ++length) {
    wire::Frame frame;
    wire::Fault fault = nullptr;
    CHECK(wire::split(std::string_view(whole).substr(0, length), &frame, &fault) ==
          Split::kIncomplete);
  }
}

TEST_CASE("A bad header is refused as soon as it is there") {
  struct Case {
    const char* name;
    size_t offset;
    uint32_t value;
    size_t bytes;
  };
  const Case cases[] = {
      {"a length above its type's bound", 0, 0x7fffffff, 4},
      {"a length one above its type's bound", 0,
       41 + kMaxResultBytes + kMaxMessageBytes + kMaxTracebackBytes + kMaxLogBytes +
           wire::kLogMarkBytes + 1,
       4},
      {"another version", 4, 1, 1},
      {"type 0", 5, 0, 1},
      {"a type that does not exist", 5, 12, 1},
      {"a slot that does not exist", 6, wire::kSlots, 2},
  };
  for (const Case& test : cases) {
    INFO(test.name);
    std::string bytes = example_result();
    std::memcpy(bytes.data() + test.offset, &test.value, test.bytes);
    bytes.resize(wire::kHeaderBytes);
    wire::Frame frame;
    wire::Fault fault = nullptr;
    CHECK(wire::split(bytes, &frame, &fault) == Split::kBad);
    CHECK(fault != nullptr);
  }
}

TEST_CASE("A body is refused when a length, an enum or its end is wrong") {
  const std::string good = example_result();
  const auto refused = [](std::string bytes) {
    const auto length = static_cast<uint32_t>(bytes.size() - wire::kHeaderBytes);
    std::memcpy(bytes.data(), &length, sizeof length);
    return !accepts(bytes);
  };
  CHECK(accepts(good));
  SECTION("bytes left over") {
    CHECK(refused(good + "x"));
  }
  SECTION("cut anywhere") {
    for (size_t length = wire::kHeaderBytes; length < good.size(); ++length)
      CHECK(refused(good.substr(0, length)));
  }
  SECTION("an outcome") {
    for (const int outcome : {1, 8, 11, 12, 255}) {
      std::string bytes = good;
      bytes[wire::kHeaderBytes] = static_cast<char>(outcome);
      CHECK(refused(bytes));
    }
  }
  SECTION("a string's length") {
    for (const uint32_t length : {1u, 1000u, 0x7fffffffu, 0xffffffffu}) {
      std::string bytes = good;
      std::memcpy(bytes.data() + wire::kHeaderBytes + 25, &length, sizeof length);
      CHECK(refused(bytes));
    }
  }
  SECTION("a truth value") {
    std::string bytes;
    encode(bytes, wire::Compiled{true, 1, "t", "c", ""});
    CHECK(accepts(bytes));
    bytes[wire::kHeaderBytes] = 2;
    CHECK(refused(bytes));
  }
  SECTION("a string over its bound") {
    std::string bytes;
    const std::string long_text(kMaxMessageBytes + 1, 'm');
    wire::RunResult message;
    message.outcome = Outcome::kFailed;
    message.message = long_text;
    encode(bytes, message, 0, 1);
    CHECK(refused(bytes));
  }
}

TEST_CASE("Mutated frames are accepted or refused, and never read beyond their end") {
  const std::string good = example_result();
  std::mt19937 random(7);
  size_t refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good;
    const int changes = 1 + static_cast<int>(random() % 4);
    for (int i = 0; i < changes; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    // An exact copy on the heap, so that the address sanitizer sees a read beyond it.
    const std::unique_ptr<char[]> exact(new char[bytes.size()]);
    std::memcpy(exact.get(), bytes.data(), bytes.size());
    if (!accepts({exact.get(), bytes.size()})) ++refused;
  }
  CHECK(refused > 5'000);
}

TEST_CASE("A hello that claims more layers than there can be is refused") {
  std::string bytes;
  encode(bytes, wire::Hello{"t", {{"seccomp", true, ""}}});
  CHECK(accepts(bytes));
  const size_t count_at = wire::kHeaderBytes + 4 + 1;
  bytes[count_at] = static_cast<char>(kMaxLayers + 1);
  CHECK_FALSE(accepts(bytes));
  bytes[count_at] = 2;  // one more than follow
  CHECK_FALSE(accepts(bytes));
}
