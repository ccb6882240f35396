#include "store/sqlite/loader.h"

#include <algorithm>

namespace sluice::sqlite {

void Loader::with_entries(std::vector<Uuid> ids, Action act) {
  const bool all_here = std::all_of(ids.begin(), ids.end(), [this](const Uuid& id) {
    const Entry* entry = ledger_.find(id);
    return entry && !entry->unconfirmed;
  });
  if (all_here) return finish(ids, act, {});
  auto gathering = std::make_shared<Gathering>();
  gathering->ids = std::move(ids);
  gathering->act = std::move(act);
  gather(gathering);
}

void Loader::gather(const GatheringPtr& gathering) {
  std::vector<Uuid> to_load;
  for (const Uuid& id : gathering->ids) {
    Entry* entry = ledger_.find(id);
    if (entry && entry->unconfirmed) {
      ++gathering->awaited;
      entry->parked.push_back([this, gathering] { arrived(gathering); });
    } else if (!entry && !gathering->missing.contains(id)) {
      ++gathering->awaited;
      auto& callers = loading_[id];
      if (callers.empty()) to_load.push_back(id);
      callers.push_back(gathering);
    }
  }
  if (gathering->awaited == 0) finish(gathering->ids, gathering->act, gathering->missing);
  if (!to_load.empty()) load(std::move(to_load));
}

void Loader::load(std::vector<Uuid> ids) {
  using Found = std::vector<Result<StoredInvocation>>;
  auto found = std::make_shared<Found>();
  Task then = answers_.guard([this, ids, found] {
    for (size_t i = 0; i < ids.size(); ++i) loaded(ids[i], std::move((*found)[i]));
  });
  reader_.ask([ids = std::move(ids), found, then = std::move(then)](Queries& queries) mutable {
    found->reserve(ids.size());
    for (const Uuid& id : ids) found->push_back(queries.find(id));
    return std::move(then);
  });
}

void Loader::loaded(const Uuid& id, Result<StoredInvocation> stored) {
  const auto callers = std::move(loading_.extract(id).mapped());
  // Nothing but a load makes an entry for a stored record, so there is none yet; unless its id was
  // inserted a second time, which the file will refuse.
  if (stored) {
    if (!ledger_.find(id)) ledger_.add_stored(std::move(stored->record), stored->seq);
  } else {
    for (const GatheringPtr& gathering : callers) gathering->missing.emplace(id, stored.error());
  }
  for (const GatheringPtr& gathering : callers) arrived(gathering);
}

void Loader::arrived(const GatheringPtr& gathering) {
  // Once more from the beginning: while it waited, entries may have come and gone.
  if (--gathering->awaited == 0) gather(gathering);
}

void Loader::finish(const std::vector<Uuid>& ids, const Action& act, const Missing& missing) {
  act(ids, missing);
  for (const Uuid& id : ids) {
    if (Entry* entry = ledger_.find(id)) ledger_.settle(*entry, clock_.wall());
  }
}

}  // namespace sluice::sqlite
