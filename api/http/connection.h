// Connection: one client. Reads requests, hands them over one at a time, writes the answers in
// order.
//
// The next request is parsed only after the answer to the one before was queued, so pipelined
// answers cannot overtake each other. Answers that come in one turn leave in one write.
#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/http/peers.h"
#include "api/http/request_parser.h"
#include "api/http/responder.h"

namespace sluice::api {

class Server;

// Owned by its handle: deletes itself when that has closed.
class Connection {
 public:
  explicit Connection(Server& server);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // False when the client is gone already; the connection is closing then.
  bool accept(uv_stream_t* listener);
  bool enter(Peers& peers);  // false: the client has as many connections as it may
  void leave(Peers& peers);
  void turn_away(int status, std::string_view code, std::string_view message);  // and closes

  void answer(uint64_t request, const Reply& reply);
  void count_in(uint64_t request, uint64_t* classes);
  void share_with(uint64_t request, std::string_view origin);

  void flush();       // writes what is queued, then reads on
  void drain();       // closes when idle, otherwise after the answer
  void check_time();  // closes what took too long
  void close();

 private:
  friend class Server;

  enum class End { kOpen, kAfterWrite, kLingering, kClosed };

  static void on_alloc(uv_handle_t* handle, size_t suggested, uv_buf_t* buffer);
  static void on_read(uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer);
  static void on_written(uv_write_t* request, int status);

  uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&handle_); }
  void received(std::string_view bytes);
  void received_end();
  void consume(std::string_view& bytes);
  void consume_rest();
  void dispatch();
  void head_is_there();
  void count_upload(size_t bytes);
  void refuse(const HttpFault& fault);
  void end_with(const Reply& reply);
  void queue(const Reply& reply);
  void write_queued();
  void written_all();
  void linger();
  void set_reading(bool reading);
  bool late() const;
  bool stalled();
  bool may_parse() const;
  size_t unsent() const { return out_.size() + writing_.size(); }

  Server& server_;  // not to be touched once closed
  uv_tcp_t handle_;
  uv_write_t write_;
  uv_shutdown_t shutdown_;
  std::shared_ptr<ConnectionLink> link_;
  RequestParser parser_;

  std::string rest_;     // came while a request was being answered
  std::string out_;      // answers not handed to the kernel yet
  std::string writing_;  // what uv_write works on; empty when it does not
  uint64_t serial_ = 0;  // of the request that is being answered
  uint64_t* classes_ = nullptr;
  std::string guest_origin_;  // whose pages may read the answer; empty: nobody asked
  size_t uploaded_ = 0;       // of a body that is still coming in
  size_t discarded_ = 0;
  size_t index_ = 0;  // in the server's list
  // Ticks: when something came, or was answered, last; the request's first byte; the end of its
  // head; the last byte the client took; the first byte that waits for it to; the first answer to a
  // client that is not to send more.
  uint32_t since_ = 0;
  uint32_t began_ = 0;
  uint32_t body_began_ = 0;
  uint32_t took_ = 0;
  uint32_t waits_ = 0;
  uint32_t lingers_ = 0;
  size_t kernel_left_ = 0;    // what the kernel had not taken at the last tick
  std::optional<Peer> peer_;  // where this connection is counted
  End end_ = End::kOpen;
  bool busy_ = false;       // a request is being answered
  bool consuming_ = false;  // in consume(): answers need not ask for a flush
  bool dirty_ = false;      // in the server's list of those to flush
  bool reading_ = false;
  bool read_ended_ = false;  // the client sends no more
  bool keep_alive_ = true;
};

}  // namespace sluice::api
