#include "store/mongo/connect.h"

#include <utility>

namespace sluice::mongo {
namespace {

constexpr const char* kDefaultDatabase = "sluice";

// mongo-c-driver wants to be started once a process, before anything else.
void start_driver() {
  static const bool started = [] {
    mongoc_init();
    mongoc_log_set_handler(nullptr, nullptr);  // what goes wrong is said by us
    return true;
  }();
  static_cast<void>(started);
}

void set_default(mongoc_uri_t* uri, const char* option, int32_t value) {
  if (!mongoc_uri_has_option(uri, option)) mongoc_uri_set_option_as_int32(uri, option, value);
}

std::string hosts_of(const mongoc_uri_t* uri) {
  std::string hosts;
  for (const mongoc_host_list_t* host = mongoc_uri_get_hosts(uri); host; host = host->next)
    hosts += (hosts.empty() ? "" : ",") + std::string(host->host_and_port);
  if (hosts.empty() && mongoc_uri_get_srv_hostname(uri)) hosts = mongoc_uri_get_srv_hostname(uri);
  return hosts;
}

// The driver quotes what it does not like, and that may be a password.
std::string fault_of(const std::string& url, const std::string& message) {
  const bool quotes = message.find('"') != std::string::npos;
  return quotes && url.find('@') != std::string::npos
             ? "a user or password that is not percent-encoded"
             : message;
}

}  // namespace

Result<std::unique_ptr<Connector>> Connector::make(const std::string& text, Metrics& metrics) {
  start_driver();
  bson_error_t error{};
  const UriPtr uri(mongoc_uri_new_with_error(text.c_str(), &error));
  if (!uri) {
    return Error{Code::kInvalid, "mongodb.url",
                 "the MongoDB URL is not one, such as mongodb://host:27017/sluice: " +
                     fault_of(text, error.message)};
  }
  set_default(uri.get(), MONGOC_URI_SERVERSELECTIONTIMEOUTMS, 1'000);
  set_default(uri.get(), MONGOC_URI_CONNECTTIMEOUTMS, 1'000);
  set_default(uri.get(), MONGOC_URI_SOCKETTIMEOUTMS, 1'500);
  set_default(uri.get(), MONGOC_URI_HEARTBEATFREQUENCYMS, 2'000);
  set_default(uri.get(), MONGOC_URI_MAXPOOLSIZE, 8);
  mongoc_uri_set_option_as_bool(uri.get(), MONGOC_URI_RETRYWRITES,
                                false);  // our own: store/mongo/README.md
  mongoc_uri_set_appname(uri.get(), "sluice");

  const char* database = mongoc_uri_get_database(uri.get());
  PoolPtr pool(mongoc_client_pool_new(uri.get()));
  if (!pool) {
    return Error{Code::kInvalid, "mongodb.url",
                 "the MongoDB URL asks for what this build of mongo-c-driver cannot do"};
  }
  mongoc_client_pool_set_error_api(pool.get(), MONGOC_ERROR_API_VERSION_2);
  return std::unique_ptr<Connector>(new Connector(
      std::move(pool), database ? database : kDefaultDatabase, hosts_of(uri.get()), metrics));
}

Connector::Connector(PoolPtr pool, std::string database, std::string hosts, Metrics& metrics)
    : metrics_(metrics),
      pool_(std::move(pool)),
      database_(std::move(database)),
      hosts_(std::move(hosts)) {
  for (const char* name : {"insert", "update", "delete", "find", "getMore", "aggregate", "other"}) {
    counters_[name] = &metrics_.counter("sluice_mongo_commands_total", "Commands sent to MongoDB",
                                        {{"command", name}});
  }
  mongoc_apm_callbacks_t* callbacks = mongoc_apm_callbacks_new();
  mongoc_apm_set_command_started_cb(callbacks, on_command);
  mongoc_client_pool_set_apm_callbacks(pool_.get(), callbacks, this);
  mongoc_apm_callbacks_destroy(callbacks);
}

void Connector::on_command(const mongoc_apm_command_started_t* event) {
  const auto* self = static_cast<const Connector*>(mongoc_apm_command_started_get_context(event));
  const auto known =
      self->counters_.find(std::string_view(mongoc_apm_command_started_get_command_name(event)));
  (known != self->counters_.end() ? known : self->counters_.find(std::string_view("other")))
      ->second->add();
}

}  // namespace sluice::mongo
