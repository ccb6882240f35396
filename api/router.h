// Router: which handler answers which request.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/access.h"
#include "api/http/handler.h"
#include "api/role.h"
#include "base/metrics.h"

namespace sluice::api {

// One route, made by one file in routes/. A GET route answers HEAD, too.
struct Route {
  Method method;
  std::string pattern;  // "/actions/:name/block"; at most one ":parameter"
  Role role;            // what it asks of its callers; has no default, so that none is forgotten
  ErrorShape errors;
  std::function<void(Request&, Responder)> handle;
};

class Router final : public RequestHandler {
 public:
  // `access` decides who may have which route, and outlives the router.
  Router(std::vector<Route> routes, Access& access);

  void handle(Request& request, Responder responder) override;
  std::optional<Reply> refuse_head(const Request& request) override;
  Reply refuse(const Request& request, const HttpFault& fault) override;

  struct Listed {
    Method method;
    std::string pattern;
    Role role;
  };
  std::vector<Listed> routes() const;

  // Brings sluice_http_requests_total{route,status} up to date.
  void publish(Metrics& metrics);

 private:
  static constexpr size_t kClasses = 6;  // status / 100; 0 is not used

  struct Entry {
    Route route;
    std::unique_ptr<std::array<uint64_t, kClasses>> answers;  // stays where it is
    std::array<uint64_t, kClasses> published{};
  };
  // All routes that share a pattern.
  struct Place {
    std::vector<std::string> segments;
    size_t parameter = SIZE_MAX;  // index of the segment that is one
    std::vector<Entry> entries;
    std::string allow;                      // "GET, HEAD, POST"
    ErrorShape errors = ErrorShape::kJson;  // of what belongs to none of them
  };

  const Place* find(const Request& request) const;
  const Entry* find(const Place& place, Method method) const;

  // What a request is for, as far as there is such a thing.
  struct Target {
    const Place* place = nullptr;
    const Entry* entry = nullptr;
    Role role = Role::kAnyone;
    ErrorShape shape = ErrorShape::kJson;
  };
  Target target_of(const Request& request) const;
  std::optional<Reply> refuse_stranger(const Request& request, const Target& target);

  Access& access_;
  std::vector<Place> places_;
};

}  // namespace sluice::api
