// Pages: private anonymous memory from the system, untouched until written to.
#pragma once

#include <cstddef>

namespace sluice::sandbox {

class Pages {
 public:
  Pages() = default;
  ~Pages();
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  // Maps at least `bytes`, without reserving memory for them. False when the system refuses.
  bool map(size_t bytes);

  // Gives the whole pages at and after `offset` back to the system; they read as zeroes again.
  void discard(size_t offset);
  void discard(size_t offset, size_t end);  // those before `end` alone

  char* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace sluice::sandbox
