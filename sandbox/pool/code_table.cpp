#include "sandbox/pool/code_table.h"

namespace sluice::sandbox {

std::optional<uint32_t> CodeTable::find(const Sha256& hash) {
  if (!by_use_.empty() && by_use_.front().hash == hash) return by_use_.front().number;
  const auto found = by_hash_.find(hash);
  if (found == by_hash_.end()) return std::nullopt;
  by_use_.splice(by_use_.begin(), by_use_, found->second);
  return found->second->number;
}

uint32_t CodeTable::add(const Sha256& hash, size_t bytes) {
  by_use_.push_front({hash, ++last_number_, bytes});
  by_hash_[hash] = by_use_.begin();
  bytes_ += bytes;
  return last_number_;
}

std::optional<uint32_t> CodeTable::evict() {
  if (by_use_.size() <= 1 || (by_use_.size() <= bounds_.codes && bytes_ <= bounds_.bytes))
    return std::nullopt;
  const Entry oldest = by_use_.back();
  by_use_.pop_back();
  by_hash_.erase(oldest.hash);
  bytes_ -= oldest.bytes;
  return oldest.number;
}

}  // namespace sluice::sandbox
