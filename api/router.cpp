#include "api/router.h"

#include <algorithm>

namespace sluice::api {
namespace {

std::vector<std::string> split(std::string_view pattern) {
  std::vector<std::string> segments;
  for (size_t at = 1; at <= pattern.size();) {
    const size_t end = std::min(pattern.find('/', at), pattern.size());
    segments.emplace_back(pattern.substr(at, end - at));
    at = end + 1;
  }
  return segments;
}

}  // namespace

Router::Router(std::vector<Route> routes, Access& access) : access_(access) {
  for (Route& route : routes) {
    std::vector<std::string> segments = split(route.pattern);
    auto place = std::find_if(places_.begin(), places_.end(),
                              [&](const Place& known) { return known.segments == segments; });
    if (place == places_.end()) {
      place =
          places_.insert(places_.end(), Place{std::move(segments), SIZE_MAX, {}, {}, route.errors});
      for (size_t i = 0; i < place->segments.size(); ++i) {
        if (place->segments[i].starts_with(':')) place->parameter = i;
      }
    }
    if (route.errors == ErrorShape::kJson) place->errors = ErrorShape::kJson;
    place->entries.push_back(
        {std::move(route), std::make_unique<std::array<uint64_t, kClasses>>(), {}});
  }
  for (Place& place : places_) {
    std::sort(place.entries.begin(), place.entries.end(),
              [](const Entry& a, const Entry& b) { return a.route.method < b.route.method; });
    for (const Entry& entry : place.entries) {
      if (!place.allow.empty()) place.allow += ", ";
      place.allow += to_string(entry.route.method);
      if (entry.route.method == Method::kGet) place.allow += ", HEAD";
    }
  }
}

const Router::Place* Router::find(const Request& request) const {
  for (const Place& place : places_) {
    if (place.segments.size() != request.segment_count()) continue;
    bool same = true;
    for (size_t i = 0; same && i < place.segments.size(); ++i)
      same = i == place.parameter || place.segments[i] == request.segment(i);
    if (same) return &place;
  }
  return nullptr;
}

const Router::Entry* Router::find(const Place& place, Method method) const {
  for (const Entry& entry : place.entries) {
    if (entry.route.method == method) return &entry;
  }
  return nullptr;
}

// What is nobody's route has nothing to hide, but strange pages are told nothing at all.
Router::Target Router::target_of(const Request& request) const {
  Target target;
  target.place = find(request);
  if (target.place == nullptr) return target;
  target.shape = target.place->errors;
  target.entry =
      find(*target.place, request.method == Method::kHead ? Method::kGet : request.method);
  if (target.entry == nullptr) return target;
  target.shape = target.entry->route.errors;
  target.role = target.entry->route.role;
  return target;
}

std::optional<Reply> Router::refuse_stranger(const Request& request, const Target& target) {
  const Access::Verdict verdict = access_.judge(request, target.role);
  if (verdict == Access::Verdict::kAllowed) return std::nullopt;
  return access_.refusal(verdict, request, target.role, target.shape);
}

void Router::handle(Request& request, Responder responder) {
  const Target target = target_of(request);
  const auto& [place, entry, role, shape] = target;
  if (entry) responder.count_in(entry->answers->data());
  if (const auto guest = access_.guest_origin(request); !guest.empty()) responder.share_with(guest);

  if (const auto refusal = refuse_stranger(request, target)) return responder.answer(*refusal);
  if (!place) return responder.fail(404, "not_found", "Unknown route", request.path());
  if (entry) {
    request.set_param(place->parameter);
    responder.set_shape(shape);
    return entry->route.handle(request, std::move(responder));
  }
  if (Access::is_preflight(request)) return responder.answer(access_.preflight_reply());
  responder.answer(error_reply(shape, 405, "method_not_allowed",
                               "this route answers " + place->allow, request.path())
                       .with("Allow", place->allow));
}

// Who may not have the answer need not send the body.
std::optional<Reply> Router::refuse_head(const Request& request) {
  return refuse_stranger(request, target_of(request));
}

Reply Router::refuse(const Request& request, const HttpFault& fault) {
  return error_reply(target_of(request).shape, fault.status, fault.code, fault.message,
                     fault.where);
}

std::vector<Router::Listed> Router::routes() const {
  std::vector<Listed> all;
  for (const Place& place : places_) {
    for (const Entry& entry : place.entries)
      all.push_back({entry.route.method, entry.route.pattern, entry.route.role});
  }
  return all;
}

void Router::publish(Metrics& metrics) {
  access_.publish(metrics);
  for (Place& place : places_) {
    for (Entry& entry : place.entries) {
      for (size_t i = 1; i < kClasses; ++i) {
        const uint64_t fresh = (*entry.answers)[i] - entry.published[i];
        if (fresh == 0) continue;
        metrics
            .counter(
                "sluice_http_requests_total", "Requests answered",
                {{"route", std::string(to_string(entry.route.method)) + " " + entry.route.pattern},
                 {"status", std::to_string(i) + "xx"}})
            .add(static_cast<double>(fresh));
        entry.published[i] = (*entry.answers)[i];
      }
    }
  }
}

}  // namespace sluice::api
