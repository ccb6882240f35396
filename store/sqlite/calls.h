// Calls that wait for the disk: one object for each call of the port, told item by item.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "store/store.h"

namespace sluice::sqlite {

// What became of an entry in the commit that took it.
struct Verdict {
  enum class Kind {
    kWritten,
    kGone,    // its insert failed with `status`, or named a duplicate: there is no such record
    kFailed,  // this row alone could not be written; the record stays as it was in the file
  } kind = Kind::kWritten;
  Status status;                       // kGone, kFailed
  std::optional<Uuid> duplicate_of;    // kGone: this one holds its ikey
  const Invocation* record = nullptr;  // kWritten: what is in the file now
};

class Call {
 public:
  virtual ~Call() = default;

  void expect(size_t items) { missing_ += items; }
  // True when that was the last item: then answer() is due.
  bool tell(uint32_t item, const Verdict& verdict);
  bool is_complete() const { return missing_ == 0; }
  virtual void answer() = 0;  // calls back; once
  // Whether it would rather be told of a failed commit than wait until one succeeds.
  virtual bool is_impatient() const { return false; }

 protected:
  virtual void take(uint32_t item, const Verdict& verdict) = 0;

 private:
  size_t missing_ = 0;
};

struct Waiter {
  std::shared_ptr<Call> call;
  uint32_t item = 0;
};

class InsertCall final : public Call {
 public:
  InsertCall(size_t items, Done<std::vector<Inserted>> done)
      : results(items), done_(std::move(done)) {}
  void answer() override;

  std::vector<Inserted> results;

 protected:
  void take(uint32_t item, const Verdict& verdict) override;

 private:
  Done<std::vector<Inserted>> done_;
};

// Of finish and cancel.
class StatusCall final : public Call {
 public:
  StatusCall(size_t items, const char* operation, Done<std::vector<Status>> done)
      : results(items), operation_(operation), done_(std::move(done)) {}
  void answer() override;

  std::vector<Status> results;

 protected:
  void take(uint32_t item, const Verdict& verdict) override;

 private:
  const char* operation_;
  Done<std::vector<Status>> done_;
};

class FindCall final : public Call {
 public:
  explicit FindCall(Done<Result<Invocation>> done) : done_(std::move(done)) { expect(1); }
  void answer() override;
  bool is_impatient() const override { return true; }

 protected:
  void take(uint32_t item, const Verdict& verdict) override;

 private:
  Result<Invocation> result_ = Error{};
  Done<Result<Invocation>> done_;
};

class RecordedCall final : public Call {
 public:
  explicit RecordedCall(Done<Status> done) : done_(std::move(done)) { expect(1); }
  void answer() override;

 protected:
  void take(uint32_t item, const Verdict& verdict) override;

 private:
  Status result_;
  Done<Status> done_;
};

}  // namespace sluice::sqlite
