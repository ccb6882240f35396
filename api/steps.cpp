#include "api/steps.h"

#include <algorithm>
#include <charconv>

#include "base/hash.h"
#include "base/json_doc.h"
#include "base/plugin_name.h"

namespace sluice::api {
namespace {

constexpr size_t kMaxKeyBytes = 255;

Error invalid(std::string where, std::string message) {
  return {Code::kInvalid, std::move(where), std::move(message)};
}

Result<std::optional<std::string>> read_key(const Request& request) {
  const std::string where = "header Idempotency-Key";
  const auto value = request.header("idempotency-key");
  if (!value) return std::optional<std::string>();
  if (request.header_count("idempotency-key") > 1) return invalid(where, "is given twice");
  const bool printable = std::all_of(value->begin(), value->end(),
                                     [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
  if (value->empty() || value->size() > kMaxKeyBytes || !printable)
    return invalid(where, "must be 1 to 255 printable ASCII characters");
  return std::optional<std::string>(*value);
}

Result<bool> read_flag(const Request& request, std::string_view name) {
  const auto value = request.query(name);
  if (!value.ok()) return value.error();
  const std::optional<std::string>& text = *value;
  if (!text || *text == "0" || *text == "false") return false;
  if (*text == "1" || *text == "true" || text->empty()) return true;
  return invalid("?" + std::string(name), "must be 0 or 1");
}

}  // namespace

Result<std::optional<Millis>> read_wait(const ApiOptions& options, const Request& request) {
  const auto value = request.query("wait");
  if (!value.ok()) return value.error();
  if (!value->has_value()) return std::optional<Millis>();
  const std::string& text = **value;
  uint64_t ms = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
  const bool all_digits = !text.empty() && std::all_of(text.begin(), text.end(),
                                                       [](char c) { return c >= '0' && c <= '9'; });
  if (!all_digits) return invalid("?wait", "must be a number of milliseconds, such as 1500");
  const auto longest = static_cast<uint64_t>(options.max_wait.count());
  if (error == std::errc::result_out_of_range || ms > longest) ms = longest;
  return std::optional<Millis>(Millis(static_cast<int64_t>(ms)));
}

// ── actions ──

namespace {

Status check_allow(const std::vector<std::string>& names) {
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string where = "body.allow[" + std::to_string(i) + "]";
    if (!is_plugin_name(names[i])) {
      return invalid(where, "must be the name of a plugin: " + std::string(kPluginNameRule));
    }
    if (std::find(names.begin(), names.begin() + static_cast<ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<ptrdiff_t>(i))
      return invalid(where, "names '" + names[i] + "' a second time");
  }
  return {};
}

}  // namespace

Result<ActionDraft> read_draft(const ApiOptions& options, std::string_view body,
                               std::optional<std::string_view> name_in_path) {
  Result<CJsonPtr> document = parse_json(body, "body");
  if (!document.ok()) return document.error();
  ObjectReader reader(**document, "body");
  const std::optional<std::string> name =
      name_in_path ? reader.optional_text("name") : std::optional(reader.text("name"));
  const std::string code = reader.text("code");
  const int64_t timeout = reader.integer("timeout", 0, options.max_timeout.count(), 0);
  const int64_t memory_kb =
      reader.integer("maxmem", 0, static_cast<int64_t>(options.max_memory_bytes / 1024), 0);
  std::optional<uint32_t> max_concurrency;
  const int64_t cap = reader.integer("max_concurrency", 0, kMaxConcurrencyCap, 0);
  if (reader.has("max_concurrency")) max_concurrency = static_cast<uint32_t>(cap);
  Allow allow = reader.optional_texts("allow", kMaxAllowed);
  const bool says_allow = reader.has("allow");
  if (Status status = reader.done(); !status.ok()) return status.error();

  ActionDraft draft;
  draft.max_concurrency = max_concurrency;
  if (allow) {
    if (Status status = check_allow(*allow); !status.ok()) return status.error();
  }
  if (says_allow) draft.allow = std::move(allow);
  draft.name = name ? *name : std::string(*name_in_path);
  draft.timeout = Millis(timeout);
  draft.memory_kb = static_cast<uint64_t>(memory_kb);
  if (!is_action_name(draft.name))
    return invalid("body.name", "must be 1 to 128 of the characters A-Z a-z 0-9 _ . -");
  if (name_in_path && draft.name != *name_in_path)
    return invalid("body.name", "must be left out, or be the name in the path");
  std::optional<std::string> source = base64_decode(code);
  if (!source)
    return invalid("body.code",
                   "must be base64 of the Lua source, with padding and without blanks");
  if (source->empty()) return invalid("body.code", "must not be empty");
  if (source->size() > options.max_source_bytes) {
    return invalid("body.code", "the source must not exceed " +
                                    std::to_string(options.max_source_bytes) + " bytes, has " +
                                    std::to_string(source->size()));
  }
  draft.source = *std::move(source);
  return draft;
}

void tell_cap(Services& services, const std::string& ns, const std::string& action, uint32_t cap,
              Once<void()> then) {
  services.queue.restrain(
      ns, action, LaneRule{.max_delivered = cap},
      services.alive.guard([&services, action, then = std::move(then)](Status told) mutable {
        if (!told.ok()) {
          services.log.warn("The queue does not know yet how many of '{}' may run at a time: {}",
                            action, told.error().text());
        }
        then();
      }));
}

// ── asking for a run ──

Result<RunRequest> read_run(Services& services, Request& request) {
  if (services.draining) return Error{Code::kUnavailable, "api", "the server is stopping"};
  // Asked for now, it would be recorded and lie there; the client learns that it has to wait.
  if (Status queue = services.queue.ready(); !queue.ok()) return queue.error();
  RunRequest run;
  if (!request.raw_query().empty()) {
    const auto wait = read_wait(services.options, request);
    if (!wait.ok()) return wait.error();
    const auto durable = read_flag(request, "durable");
    if (!durable.ok()) return durable.error();
    run.wait = *wait;
    run.durable = *durable;
  }
  auto key = read_key(request);
  if (!key.ok()) return key.error();
  run.key = *std::move(key);
  if (!request.body.empty()) {
    if (Status status = services.json.check(request.body); !status.ok())
      return invalid("body", "is not JSON: " + status.error().message);
    run.payload = std::move(request.body);
  }
  return run;
}

std::shared_ptr<Submission> make_submission(Services& services, const Action& action,
                                            RunRequest run) {
  const ApiOptions& options = services.options;
  auto submission = std::make_shared<Submission>();
  submission->id = services.ids.next();
  submission->ns = action.ns;
  submission->action = action.name;
  submission->action_version = action.version;
  submission->code_hash = action.code_hash;
  submission->limits.timeout = action.timeout.count() > 0
                                   ? std::min(action.timeout, options.max_timeout)
                                   : options.default_timeout;
  submission->limits.memory_bytes =
      action.memory_kb > 0 ? std::min(action.memory_kb * 1024, options.max_memory_bytes)
                           : options.default_memory_bytes;
  submission->allow = action.allow;
  submission->created_at = services.clock.wall();
  submission->payload = std::move(run.payload);
  if (run.key) submission->ikey = sha256_of_parts({action.ns, action.name, *run.key});
  return submission;
}

// ── what became of it ──

Error no_such_invocation() {
  return {Code::kNotFound, "api", "Invocation not found"};
}

Reply outcome_reply(const Uuid& id, Outcome outcome, const Report* report) {
  Reply reply;
  if (outcome == Outcome::kSucceeded) {
    reply.status = 200;
    reply.body = report && !report->result.empty() ? report->result : "null";
  } else {
    reply.status = 500;
    reply.body = "{\"err\":" + std::to_string(err_code(outcome)) + ",\"message\":" +
                 json_quoted(report ? std::string_view(report->message) : to_string(outcome)) +
                 ",\"InvocationId\":\"" + id.text() + "\"}";
  }
  return reply;
}

namespace {

// One request that waits for an invocation's end. The waiter is registered before the store is
// asked: an end between the two is not missed.
struct Awaiting : std::enable_shared_from_this<Awaiting> {
  Awaiting(Services& services, const Uuid& id, Once<void(Result<Standing>)> then)
      : services(services), id(id), then(std::move(then)) {}

  void begin(Millis wait) {
    if (wait.count() > 0) {
      const auto added = services.waiters.add(
          id, Announcement::Phase::kDurable, wait,
          [self = shared_from_this()](Word word) { self->on_word(std::move(word)); });
      if (added.ok()) ticket = *added;
    }
    look();
    if (ticket != 0) services.store.hurry({id});
  }

  void on_word(Word word) {
    ticket = 0;
    if (word.report) return answer(Standing{State::kDone, word.report->outcome, word.report});
    look();  // for the result, or to say where it stands by now
  }

  void look() {
    services.store.find(
        id, services.alive.guard([self = shared_from_this()](const Result<Invocation>& found) {
          self->on_found(found);
        }));
  }

  void on_found(const Result<Invocation>& found) {
    if (!found.ok()) {
      return answer(found.error().code == Code::kNotFound ? no_such_invocation() : found.error());
    }
    const Progress& progress = found->progress;
    if (!is_finished(progress.state) && ticket != 0) return;  // the waiter goes on
    const Outcome outcome =
        found->report ? found->report->outcome : progress.outcome.value_or(Outcome::kPlatform);
    answer(Standing{progress.state, outcome, found->report});
  }

  void answer(Result<Standing> standing) {
    if (ticket != 0) services.waiters.remove(id, std::exchange(ticket, 0));
    if (then) std::exchange(then, nullptr)(std::move(standing));
  }

  Services& services;
  const Uuid id;
  Once<void(Result<Standing>)> then;
  Waiters::Ticket ticket = 0;
};

}  // namespace

void await_end(Services& services, const Uuid& id, Millis wait, Once<void(Result<Standing>)> then) {
  std::make_shared<Awaiting>(services, id, std::move(then))->begin(wait);
}

}  // namespace sluice::api
