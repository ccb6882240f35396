#include "sandbox/vm/vm.h"

#include <utility>

#include "sandbox/vm/machine.h"

namespace sluice::sandbox {

struct Vm::Impl : Machine {
  using Machine::Machine;

  // False: there is no memory for it.
  Status add_slot() {
    auto slot = std::make_unique<Slot>(*this, static_cast<SlotNumber>(slots.size()));
    if (Status prepared = slot->prepare(); !prepared.ok()) return prepared;
    slots.push_back(std::move(slot));
    return Ok{};
  }
};

Vm::Vm(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Vm::~Vm() = default;

Result<std::unique_ptr<Vm>> Vm::create(const VmOptions& options) {
  if (options.max_memory_bytes > kMaxMemoryBytes)
    return Error{Code::kInternal, "vm.create", "max_memory_bytes is more than 1 GiB"};
  auto impl = std::make_unique<Impl>(options);
  if (!impl->writer.prepare())
    return Error{Code::kInternal, "vm.create", "cannot map memory for results"};
  if (Status added = impl->add_slot(); !added.ok()) return added.error();
  return std::unique_ptr<Vm>(new Vm(std::move(impl)));
}

void Vm::load(CodeRef ref, std::string chunk_name, std::string bytecode) {
  impl_->shelf.put(ref, std::move(chunk_name), std::move(bytecode));
}

void Vm::unload(CodeRef ref) {
  impl_->shelf.remove(ref);
}

std::optional<SlotNumber> Vm::free_slot() {
  for (const auto& slot : impl_->slots)
    if (!slot->taken) return slot->number;
  if (impl_->slots.size() >= impl_->options.max_slots || !impl_->add_slot().ok()) return {};
  return impl_->slots.back()->number;
}

Turn Vm::begin(SlotNumber number, const RunRequest& request) {
  Slot& slot = *impl_->slots[number];
  slot.taken = true;
  slot.given_up.reset();
  slot.robbed = false;
  slot.request = request;
  return take_turn(number);
}

Turn Vm::go_on(SlotNumber number) {
  return take_turn(number);
}

Turn Vm::go_on(SlotNumber number, const CallAnswer& answer) {
  impl_->slots[number]->answer = &answer;
  return take_turn(number);
}

void Vm::give_up(SlotNumber number, Outcome outcome) {
  impl_->slots[number]->given_up = outcome;
  take_turn(number);
}

Turn Vm::take_turn(SlotNumber number) {
  Slot& slot = *impl_->slots[number];
  if (slot.held_bytes > 0) {
    impl_->held_bytes -= std::exchange(slot.held_bytes, 0);
    slot.limit_memory();
  }
  slot.context.deadline.begin_turn(monotonic_now());
  impl_->running.store(&slot, std::memory_order_relaxed);
  slot.fiber.resume();
  impl_->running.store(nullptr, std::memory_order_relaxed);
  slot.taken = slot.turn != Turn::kEnded;
  slot.held_bytes = slot.release_unused();
  impl_->held_bytes += slot.held_bytes;
  return slot.turn;
}

std::optional<SlotNumber> Vm::robbed() const {
  for (const auto& slot : impl_->slots)
    if (slot->taken && slot->robbed) return slot->number;
  return {};
}

const RunResult& Vm::result(SlotNumber slot) const {
  return impl_->slots[slot]->result;
}

const PluginCall& Vm::call(SlotNumber slot) const {
  return impl_->slots[slot]->call;
}

RunResult Vm::run(const RunRequest& request) {
  const CallAnswer nobody{false, "there are no plugins here"};
  const SlotNumber slot = 0;
  Turn turn = begin(slot, request);
  while (turn != Turn::kEnded) turn = turn == Turn::kCalls ? go_on(slot, nobody) : go_on(slot);
  return result(slot);
}

bool Vm::tick() {
  Slot* const slot = impl_->running.load(std::memory_order_relaxed);
  return slot != nullptr && slot->context.deadline.tick();
}

void Vm::release_memory() {
  for (const auto& slot : impl_->slots) {
    slot->context.arena.discard(slot->bare.size());
    slot->fiber.release_memory();
  }
  impl_->reader.release_memory();
  impl_->writer.release_memory();
}

uint64_t slot_bytes(const VmOptions& options) {
  return arena_bytes(options) + Fiber::kMappedBytes;
}

}  // namespace sluice::sandbox
