#include "sandbox/vm/pages.h"

#include <sys/mman.h>
#include <unistd.h>

namespace sluice::sandbox {
namespace {

size_t round_to_pages(size_t bytes) {
  static const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) & ~(page - 1);
}

}  // namespace

Pages::~Pages() {
  if (data_ != nullptr) munmap(data_, size_);
}

bool Pages::map(size_t bytes) {
  const size_t size = round_to_pages(bytes);
  void* data = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) return false;
  // A huge page would cost an idle worker 2 MiB for the 30 KB it uses.
  madvise(data, size, MADV_NOHUGEPAGE);
  data_ = static_cast<char*>(data);
  size_ = size;
  return true;
}

void Pages::discard(size_t offset) {
  discard(offset, size_);
}

void Pages::discard(size_t offset, size_t end) {
  const size_t begin = round_to_pages(offset);
  const size_t whole = round_to_pages(end + 1) - round_to_pages(1);  // its page is left alone
  if (begin < whole) madvise(data_ + begin, whole - begin, MADV_DONTNEED);
}

}  // namespace sluice::sandbox
