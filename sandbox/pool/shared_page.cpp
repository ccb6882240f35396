#include "sandbox/pool/shared_page.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

namespace sluice::sandbox {

Result<SharedPage> SharedPage::create() {
  const auto failed = [] {
    return Error{sluice::Code::kUnavailable, "pool.control_page", std::strerror(errno)};
  };
  Fd fd(memfd_create("sluice-control", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (fd.get() < 0 || ftruncate(fd.get(), wire::kControlPageBytes) != 0 ||
      fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return failed();
  void* const mapped =
      mmap(nullptr, wire::kControlPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (mapped == MAP_FAILED) return failed();
  return SharedPage(std::move(fd), new (mapped) wire::ControlPage{});
}

SharedPage::SharedPage(SharedPage&& other) noexcept
    : fd_(std::move(other.fd_)), page_(std::exchange(other.page_, nullptr)) {}

SharedPage::~SharedPage() {
  if (page_ != nullptr) munmap(page_, wire::kControlPageBytes);
}

}  // namespace sluice::sandbox
