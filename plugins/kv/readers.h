// Connections that read, lent to one caller at a time.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "plugins/kv/database.h"
#include "plugins/kv/entries.h"
#include "plugins/kv/schema.h"

namespace sluice::kv {

class Readers {
 public:
  // At most `most` connections, each made when it is first needed.
  Readers(FileOptions file, size_t most) : file_(std::move(file)), most_(most) {}

  struct Reader {
    explicit Reader(const FileOptions& file)
        : database(open_for_reading(file)), entries(database) {}
    Database database;
    Entries entries;
  };

  // Gives its reader back at its end.
  class Loan {
   public:
    Loan(Readers& owner, std::unique_ptr<Reader> reader)
        : owner_(owner), reader_(std::move(reader)) {}
    ~Loan() { owner_.give_back(std::move(reader_)); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    Reader* operator->() const { return reader_.get(); }

   private:
    Readers& owner_;
    std::unique_ptr<Reader> reader_;
  };

  // Throws Failure when none is free until then.
  Loan borrow(Deadline deadline);

 private:
  void give_back(std::unique_ptr<Reader> reader) noexcept;

  const FileOptions file_;
  const size_t most_;
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<std::unique_ptr<Reader>> free_;
  size_t made_ = 0;
};

}  // namespace sluice::kv
