// How the database is reached: its address, its time-outs, a pool of clients that count what they
// send.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "base/result.h"
#include "store/mongo/handles.h"

namespace sluice::mongo {

class Connector {
 public:
  // kInvalid: what is wrong with the URI, without a password. Nothing is connected yet.
  //
  // Unless the URI says otherwise a server that does not answer is given up after a second
  // (serverSelectionTimeoutMS, connectTimeoutMS), one that stops in the middle after 1.5
  // (socketTimeoutMS): together less than the two seconds within which a request is answered.
  static Result<std::unique_ptr<Connector>> make(const std::string& uri, Metrics& metrics);

  mongoc_client_pool_t* pool() const { return pool_.get(); }
  const std::string& database() const { return database_; }
  const std::string& hosts() const { return hosts_; }  // for people: "mongo-1:27017,mongo-2:27017"

 private:
  Connector(PoolPtr pool, std::string database, std::string hosts, Metrics& metrics);
  static void on_command(const mongoc_apm_command_started_t* event);

  Metrics& metrics_;
  std::map<std::string, Counter*, std::less<>>
      counters_;  // by command; not changed after the start
  PoolPtr pool_;
  std::string database_;
  std::string hosts_;
};

}  // namespace sluice::mongo
