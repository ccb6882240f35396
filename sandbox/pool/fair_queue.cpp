#include "sandbox/pool/fair_queue.h"

#include <algorithm>
#include <utility>

namespace sluice::sandbox {
namespace {

// Lines without jobs are kept, since most are soon used again; but not all that ever were.
constexpr size_t kKeptLines = 256;

}  // namespace

FairQueue::Line& FairQueue::line_of(const Job& job) {
  key_.assign(job.ns).push_back('\0');
  key_.append(job.action);
  const auto found = lines_.find(key_);
  if (found != lines_.end()) return found->second;
  if (lines_.size() >= kKeptLines)
    std::erase_if(lines_, [](const auto& entry) { return entry.second.jobs.empty(); });
  return lines_[key_];
}

void FairQueue::push_back(TicketPtr ticket) {
  Line& line = line_of(ticket->job);
  if (line.jobs.empty()) turns_.push_back(&line);
  line.jobs.push_back(std::move(ticket));
  ++size_;
}

void FairQueue::push_front(TicketPtr ticket) {
  Line& line = line_of(ticket->job);
  if (line.jobs.empty()) turns_.push_front(&line);
  line.jobs.push_front(std::move(ticket));
  ++size_;
}

TicketPtr FairQueue::take() {
  Line* const line = turns_.front();
  TicketPtr ticket = std::move(line->jobs.front());
  line->jobs.pop_front();
  turns_.pop_front();
  if (!line->jobs.empty()) turns_.push_back(line);
  --size_;
  return ticket;
}

TicketPtr FairQueue::remove(const Uuid& id) {
  for (auto line = turns_.begin(); line != turns_.end(); ++line) {
    std::deque<TicketPtr>& jobs = (*line)->jobs;
    const auto found = std::find_if(jobs.begin(), jobs.end(),
                                    [&](const TicketPtr& ticket) { return ticket->job.id == id; });
    if (found == jobs.end()) continue;
    TicketPtr ticket = std::move(*found);
    jobs.erase(found);
    if (jobs.empty()) turns_.erase(line);
    --size_;
    return ticket;
  }
  return nullptr;
}

void FairQueue::pass() {
  turns_.push_back(turns_.front());
  turns_.pop_front();
}

}  // namespace sluice::sandbox
