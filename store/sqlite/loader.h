// The loader: brings invocations that only the file knows into the ledger, for calls that want to
// change them. On the executor's thread.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/answers.h"
#include "store/sqlite/ledger.h"
#include "store/sqlite/reader.h"

namespace sluice::sqlite {

class Loader {
 public:
  // Why ids are not in the ledger.
  using Missing = std::unordered_map<Uuid, Error>;
  using Action = std::function<void(const std::vector<Uuid>& ids, const Missing& missing)>;

  Loader(Ledger& ledger, Reader& reader, const Answers& answers, const Clock& clock)
      : ledger_(ledger), reader_(reader), answers_(answers), clock_(clock) {}

  // Calls `act` once every id is in the ledger, or known to be missing: at once when they are, and
  // else in a later turn. An id whose insert may turn out to be a duplicate is waited for.
  void with_entries(std::vector<Uuid> ids, Action act);

 private:
  struct Gathering {
    std::vector<Uuid> ids;
    Action act;
    Missing missing;
    size_t awaited = 0;
  };
  using GatheringPtr = std::shared_ptr<Gathering>;

  void gather(const GatheringPtr& gathering);
  void load(std::vector<Uuid> ids);
  void loaded(const Uuid& id, Result<StoredInvocation> stored);
  void arrived(const GatheringPtr& gathering);
  void finish(const std::vector<Uuid>& ids, const Action& act, const Missing& missing);

  Ledger& ledger_;
  Reader& reader_;
  const Answers& answers_;
  const Clock& clock_;
  // One read for each id at a time: a second one could bring back what the first's callers have
  // changed and written since.
  std::unordered_map<Uuid, std::vector<GatheringPtr>> loading_;
};

}  // namespace sluice::sqlite
