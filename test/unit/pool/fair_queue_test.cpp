#include "sandbox/pool/fair_queue.h"

#include <catch2/catch.hpp>

using namespace sluice::sandbox;

namespace {

TicketPtr ticket(const std::string& action, uint64_t number, const std::string& ns = "default") {
  auto ticket = std::make_unique<Ticket>();
  ticket->job.ns = ns;
  ticket->job.action = action;
  ticket->job.memory_bytes = number;
  return ticket;
}

std::string name(const Ticket& ticket) {
  return ticket.job.action + std::to_string(ticket.job.memory_bytes);
}

std::string drain(FairQueue& queue) {
  std::string order;
  while (!queue.empty()) order += name(*queue.take()) + " ";
  return order;
}

}  // namespace

TEST_CASE("Each action has its turn, and its own jobs stay in order") {
  FairQueue queue;
  for (uint64_t i = 1; i <= 4; ++i) queue.push_back(ticket("a", i));
  queue.push_back(ticket("b", 1));
  queue.push_back(ticket("c", 1));
  queue.push_back(ticket("c", 2));
  CHECK(queue.size() == 7);
  CHECK(queue.lines() == 3);
  CHECK(drain(queue) == "a1 b1 c1 a2 c2 a3 a4 ");
}

TEST_CASE("What comes back is first among its action's, and does not take another's turn") {
  FairQueue queue;
  queue.push_back(ticket("a", 2));
  queue.push_back(ticket("b", 1));
  TicketPtr back = ticket("a", 1);
  queue.push_front(std::move(back));
  CHECK(drain(queue) == "a1 b1 a2 ");
}

TEST_CASE("Passing leaves the job, and the turn goes on") {
  FairQueue queue;
  queue.push_back(ticket("a", 1));
  queue.push_back(ticket("b", 1));
  queue.pass();
  CHECK(name(queue.front()) == "b1");
  CHECK(queue.size() == 2);
  CHECK(drain(queue) == "b1 a1 ");
}

TEST_CASE("The same name in two namespaces is two actions") {
  FairQueue queue;
  queue.push_back(ticket("a", 1, "x"));
  queue.push_back(ticket("a", 2, "x"));
  queue.push_back(ticket("a", 3, "y"));
  CHECK(queue.lines() == 2);
  CHECK(drain(queue) == "a1 a3 a2 ");
}

TEST_CASE("Any number of actions may come and go") {
  FairQueue queue;
  for (uint64_t i = 0; i < 10'000; ++i) {
    queue.push_back(ticket("action" + std::to_string(i), i));
    if (i % 3 == 0) queue.take();
  }
  size_t left = queue.size();
  while (!queue.empty()) {
    queue.take();
    --left;
  }
  CHECK(left == 0);
}
