#include "sandbox/wire/frame.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "sandbox/wire/control_page.h"

namespace sluice::sandbox::wire {
namespace {

// The largest body of each type: all its fields at their bounds.
size_t max_body_bytes(Type type) {
  switch (type) {
    case Type::kHello:
      return 5 + kMaxNameBytes + kMaxLayers * (9 + kMaxLayerNameBytes + kMaxLayerDetailBytes);
    case Type::kLoad:
      return 12 + kMaxNameBytes + kMaxBytecodeBytes;
    case Type::kUnload:
      return 4;
    case Type::kRun:
      return 24 + kMaxNameBytes + kMaxPayloadBytes;
    case Type::kResult:
      return 41 + kMaxResultBytes + kMaxMessageBytes + kMaxTracebackBytes + kMaxLogBytes +
             kLogMarkBytes;
    case Type::kSkipped:
      return 0;
    case Type::kCall:
      return 20 + 2 * kMaxPluginNameBytes + kMaxCallBytes;
    case Type::kAnswer:
      return 5 + kMaxAnswerBytes;
    case Type::kEnd:
      return 1;
    case Type::kCompile:
      return 16 + kMaxNameBytes + kMaxSourceBytes;
    case Type::kCompiled:
      return 21 + kMaxNameBytes + kMaxBytecodeBytes + kMaxMessageBytes;
  }
  return 0;
}

// Writes one frame; the length is filled in at the end.
class Writer {
 public:
  Writer(std::string& out, Type type, uint16_t slot = 0, uint64_t sequence = 0)
      : out_(out), start_(out.size()) {
    number(uint32_t{0});
    number(kVersion);
    number(static_cast<uint8_t>(type));
    number(slot);
    number(sequence);
  }
  ~Writer() {
    const auto length = static_cast<uint32_t>(out_.size() - start_ - kHeaderBytes);
    std::memcpy(out_.data() + start_, &length, sizeof length);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  template <class T>
  void number(T value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void text(std::string_view value) {
    number(static_cast<uint32_t>(value.size()));
    out_.append(value);
  }

 private:
  std::string& out_;
  const size_t start_;
};

// Reads a body. After the first fault everything reads as zero, so callers check once, at the end.
class Reader {
 public:
  explicit Reader(std::string_view body) : rest_(body) {}

  template <class T>
  T number() {
    T value{};
    if (rest_.size() < sizeof value) {
      fail("the body ends within a number");
      return value;
    }
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }

  std::string_view text(size_t bound, Fault too_long) {
    const auto length = number<uint32_t>();
    if (length > bound) {
      fail(too_long);
      return {};
    }
    if (length > rest_.size()) {
      fail("the body ends within a string");
      return {};
    }
    const std::string_view value = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return value;
  }

  bool truth() {
    const auto value = number<uint8_t>();
    if (value > 1) fail("a truth value is neither 0 nor 1");
    return value == 1;
  }

  bool sound() const { return fault_ == nullptr; }

  void fail(Fault fault) {
    if (fault_ == nullptr) fault_ = fault;
    rest_ = {};
  }

  Fault end() {
    if (fault_ == nullptr && !rest_.empty()) fault_ = "bytes are left over behind the last field";
    return fault_;
  }

 private:
  std::string_view rest_;
  Fault fault_ = nullptr;
};

constexpr Fault kLongName = "a name is too long";

// What a worker may say about a run; the other outcomes are the server's to decide.
bool is_workers_outcome(uint8_t code) {
  switch (static_cast<Outcome>(code)) {
    case Outcome::kSucceeded:
    case Outcome::kTimedOut:
    case Outcome::kBadBytecode:
    case Outcome::kTopLevelFailed:
    case Outcome::kNoMain:
    case Outcome::kFailed:
    case Outcome::kOutOfMemory:
    case Outcome::kPlatform:
    case Outcome::kCancelled:  // when it was told to end it so
      return true;
    case Outcome::kUnknown:
    case Outcome::kDead:
      return false;
  }
  return false;
}

}  // namespace

Split split(std::string_view bytes, Frame* frame, Fault* fault) {
  if (bytes.size() < kHeaderBytes) return Split::kIncomplete;
  uint32_t length;
  std::memcpy(&length, bytes.data(), sizeof length);
  const auto version = static_cast<uint8_t>(bytes[4]);
  const auto type = static_cast<uint8_t>(bytes[5]);
  std::memcpy(&frame->slot, bytes.data() + 6, sizeof frame->slot);
  std::memcpy(&frame->sequence, bytes.data() + 8, sizeof frame->sequence);

  *fault = nullptr;
  if (version != kVersion) {
    *fault = "the frame has another protocol version";
  } else if (type < static_cast<uint8_t>(Type::kHello) ||
             type > static_cast<uint8_t>(Type::kEnd)) {
    *fault = "the frame's type is unknown";
  } else if (length > max_body_bytes(static_cast<Type>(type))) {
    *fault = "the frame is longer than its type may be";
  } else if (frame->slot >= kSlots) {
    *fault = "the frame's slot does not exist";
  }
  if (*fault != nullptr) return Split::kBad;

  if (bytes.size() - kHeaderBytes < length) return Split::kIncomplete;
  frame->type = static_cast<Type>(type);
  frame->body = bytes.substr(kHeaderBytes, length);
  frame->total_bytes = kHeaderBytes + length;
  return Split::kFrame;
}

void encode(std::string& out, const Hello& message) {
  Writer writer(out, Type::kHello);
  writer.text(message.lua_tag);
  const size_t layers = std::min(message.layers.size(), kMaxLayers);
  writer.number(static_cast<uint8_t>(layers));
  for (size_t i = 0; i < layers; ++i) {
    const Layer& layer = message.layers[i];
    writer.text(std::string_view(layer.name).substr(0, kMaxLayerNameBytes));
    writer.number(static_cast<uint8_t>(layer.in_force));
    writer.text(std::string_view(layer.detail).substr(0, kMaxLayerDetailBytes));
  }
}

void encode(std::string& out, const Load& message) {
  Writer writer(out, Type::kLoad);
  writer.number(message.code);
  writer.text(message.chunk_name);
  writer.text(message.bytecode);
}

void encode(std::string& out, const Unload& message) {
  Writer writer(out, Type::kUnload);
  writer.number(message.code);
}

void encode(std::string& out, const Run& message, uint16_t slot, uint64_t sequence) {
  Writer writer(out, Type::kRun, slot, sequence);
  writer.number(message.code);
  writer.number(message.timeout_ms);
  writer.number(message.memory_bytes);
  writer.text(message.action);
  writer.text(message.payload);
}

void encode(std::string& out, const RunResult& message, uint16_t slot, uint64_t sequence) {
  Writer writer(out, Type::kResult, slot, sequence);
  writer.number(static_cast<uint8_t>(message.outcome));
  writer.number(message.run_time_us);
  writer.number(message.cpu_time_us);
  writer.number(message.memory_peak_bytes);
  writer.text(message.result);
  writer.text(message.message);
  writer.text(message.traceback);
  writer.text(message.logs);
}

void encode(std::string& out, const Skipped&, uint16_t slot, uint64_t sequence) {
  Writer writer(out, Type::kSkipped, slot, sequence);
}

void encode(std::string& out, const Call& message, uint16_t slot, uint64_t sequence) {
  Writer writer(out, Type::kCall, slot, sequence);
  writer.number(message.running_us);
  writer.text(message.plugin);
  writer.text(message.action);
  writer.text(message.payload);
}

void encode(std::string& out, const Answer& message, uint16_t slot, uint64_t sequence) {
  Writer writer(out, Type::kAnswer, slot, sequence);
  writer.number(static_cast<uint8_t>(message.ok));
  writer.text(message.text);
}

void encode(std::string& out, const End& message, uint16_t slot, uint64_t sequence) {
  Writer writer(out, Type::kEnd, slot, sequence);
  writer.number(static_cast<uint8_t>(message.outcome));
}

void encode(std::string& out, const Compile& message) {
  Writer writer(out, Type::kCompile);
  writer.number(message.memory_bytes);
  writer.text(message.chunk_name);
  writer.text(message.text);
}

void encode(std::string& out, const Compiled& message) {
  Writer writer(out, Type::kCompiled);
  writer.number(static_cast<uint8_t>(message.ok));
  writer.number(message.stripped_bytes);
  writer.text(message.lua_tag);
  writer.text(message.bytecode);
  writer.text(message.message);
}

Fault decode(const Frame& frame, Hello* message) {
  Reader reader(frame.body);
  message->lua_tag = reader.text(kMaxNameBytes, kLongName);
  const auto layers = reader.number<uint8_t>();
  if (layers > kMaxLayers) reader.fail("there are more layers than a worker can have");
  message->layers.clear();
  for (uint8_t i = 0; i < layers && reader.sound(); ++i) {
    Layer layer;
    layer.name = reader.text(kMaxLayerNameBytes, kLongName);
    layer.in_force = reader.truth();
    layer.detail = reader.text(kMaxLayerDetailBytes, "a layer's detail is too long");
    message->layers.push_back(std::move(layer));
  }
  return reader.end();
}

Fault decode(const Frame& frame, Load* message) {
  Reader reader(frame.body);
  message->code = reader.number<uint32_t>();
  message->chunk_name = reader.text(kMaxNameBytes, kLongName);
  message->bytecode = reader.text(kMaxBytecodeBytes, "the bytecode is too long");
  return reader.end();
}

Fault decode(const Frame& frame, Unload* message) {
  Reader reader(frame.body);
  message->code = reader.number<uint32_t>();
  return reader.end();
}

Fault decode(const Frame& frame, Run* message) {
  Reader reader(frame.body);
  message->code = reader.number<uint32_t>();
  message->timeout_ms = reader.number<uint32_t>();
  message->memory_bytes = reader.number<uint64_t>();
  message->action = reader.text(kMaxNameBytes, kLongName);
  message->payload = reader.text(kMaxPayloadBytes, "the payload is too long");
  return reader.end();
}

Fault decode(const Frame& frame, RunResult* message) {
  Reader reader(frame.body);
  const auto outcome = reader.number<uint8_t>();
  if (!is_workers_outcome(outcome)) reader.fail("the outcome is none that a worker may name");
  message->outcome = static_cast<Outcome>(outcome);
  message->run_time_us = reader.number<uint64_t>();
  message->cpu_time_us = reader.number<uint64_t>();
  message->memory_peak_bytes = reader.number<uint64_t>();
  message->result = reader.text(kMaxResultBytes, "the result is too long");
  message->message = reader.text(kMaxMessageBytes, "the message is too long");
  message->traceback = reader.text(kMaxTracebackBytes, "the traceback is too long");
  message->logs = reader.text(kMaxLogBytes + kLogMarkBytes, "the logs are too long");
  return reader.end();
}

Fault decode(const Frame& frame, Skipped*) {
  return Reader(frame.body).end();
}

Fault decode(const Frame& frame, Call* message) {
  Reader reader(frame.body);
  message->running_us = reader.number<uint64_t>();
  message->plugin = reader.text(kMaxPluginNameBytes, kLongName);
  message->action = reader.text(kMaxPluginNameBytes, kLongName);
  message->payload = reader.text(kMaxCallBytes, "the call's payload is too long");
  return reader.end();
}

Fault decode(const Frame& frame, Answer* message) {
  Reader reader(frame.body);
  message->ok = reader.truth();
  message->text = reader.text(kMaxAnswerBytes, "the answer is too long");
  return reader.end();
}

Fault decode(const Frame& frame, End* message) {
  Reader reader(frame.body);
  message->outcome = static_cast<Outcome>(reader.number<uint8_t>());
  if (message->outcome != Outcome::kTimedOut && message->outcome != Outcome::kCancelled)
    reader.fail("a run can be ended as timed out or cancelled, nothing else");
  return reader.end();
}

Fault decode(const Frame& frame, Compile* message) {
  Reader reader(frame.body);
  message->memory_bytes = reader.number<uint64_t>();
  message->chunk_name = reader.text(kMaxNameBytes, kLongName);
  message->text = reader.text(kMaxSourceBytes, "the source is too long");
  return reader.end();
}

Fault decode(const Frame& frame, Compiled* message) {
  Reader reader(frame.body);
  message->ok = reader.truth();
  message->stripped_bytes = reader.number<uint64_t>();
  message->lua_tag = reader.text(kMaxNameBytes, kLongName);
  message->bytecode = reader.text(kMaxBytecodeBytes, "the bytecode is too long");
  message->message = reader.text(kMaxMessageBytes, "the message is too long");
  return reader.end();
}

}  // namespace sluice::sandbox::wire
