// SharedPage: the pool's side of one worker's control page (sandbox/wire/control_page.h).
#pragma once

#include "base/result.h"
#include "sandbox/pool/child_process.h"
#include "sandbox/wire/control_page.h"

namespace sluice::sandbox {

class SharedPage {
 public:
  // Sealed against shrinking, so that a hostile worker cannot make the pool's reads fault.
  static Result<SharedPage> create();

  SharedPage(SharedPage&& other) noexcept;
  SharedPage& operator=(SharedPage&&) = delete;
  ~SharedPage();

  wire::ControlPage* operator->() const { return page_; }
  const Fd& fd() const { return fd_; }
  void close_fd() { fd_.reset(); }  // once the worker has its own

 private:
  SharedPage(Fd fd, wire::ControlPage* page) : fd_(std::move(fd)), page_(page) {}

  Fd fd_;
  wire::ControlPage* page_;
};

}  // namespace sluice::sandbox
