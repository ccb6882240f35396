// FairQueue: jobs that wait for a worker, taken in turn from each action that has some, so that an
// action with thousands of them does not keep the others waiting.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "sandbox/pool/ticket.h"

namespace sluice::sandbox {

class FairQueue {
 public:
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  size_t lines() const { return turns_.size(); }  // actions that have jobs here

  void push_back(TicketPtr ticket);
  void push_front(TicketPtr ticket);  // it was taken, and comes back: before all of its action

  // The first job of the action whose turn it is. Not when empty.
  const Ticket& front() const { return *turns_.front()->jobs.front(); }
  TicketPtr take();  // and the turn goes on
  void pass();       // the turn goes on without it

  TicketPtr remove(const Uuid& id);  // null: it is not here

  // Visits the first job of each action that has some.
  template <class F>
  void for_each_front(F&& visit) const {
    for (const Line* line : turns_) visit(*line->jobs.front());
  }

 private:
  // The jobs of one action in one namespace.
  struct Line {
    std::deque<TicketPtr> jobs;
  };

  Line& line_of(const Job& job);

  std::unordered_map<std::string, Line> lines_;
  std::deque<Line*> turns_;  // those with jobs, whose turn it is first
  std::string key_;          // of the last line looked up, to save the building of it
  size_t size_ = 0;
};

}  // namespace sluice::sandbox
