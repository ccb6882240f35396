// The rules of an invocation's life: what each transition needs and what it changes. Pure
// functions, shared by every store, so that stores cannot differ in them.
//
// Each takes the record as it stands and changes it in place. `changed` says whether there is
// something to write, which can be so although the answer is a refusal: a cancelled record that
// nobody runs ends when it is looked at.
#pragma once

#include <string_view>

#include "store/store.h"

namespace sluice::lifecycle {

struct Change {
  Status status;
  bool changed = false;
};

// How a submission starts: queued, due from now on, or scheduled where its due_at lies ahead.
Progress begin(const Submission& submission, WallTime now);

// What `due` shows and `claim` takes: waiting and due, or running with a lease that ran out.
bool is_claimable(const Progress& progress, WallTime now, Millis lease);

// The claim's `at` becomes `now`: one clock, the store's, decides about leases.
Change claim(Invocation& record, const Claim& claim, WallTime now, const StoreOptions& options);

// Extends the lease; nothing to write where a lease need not outlive the process.
Renewed renew(Invocation& record, Uuid token, WallTime now);

Change finish(Invocation& record, const Finish& finish, WallTime now, const StoreOptions& options);

Change cancel(Invocation& record, WallTime now, const StoreOptions& options);

// The runner is known to be gone (the process ended): queued again, the lost attempt uncharged.
// Ends what was to be cancelled. False when the record was not running.
bool abandon(Invocation& record, WallTime now, const StoreOptions& options);

// At most `bytes` bytes of `text`, never cut within a UTF-8 sequence.
std::string_view clip(std::string_view text, size_t bytes);

}  // namespace sluice::lifecycle
