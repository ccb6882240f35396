// The gate, as the test holds it: functions that gate.so exports beside its entry.
#pragma once

extern "C" {

struct GateState {
  int held;       // calls that wait in it now
  int abandoned;  // of these, how many see that nobody waits for them
  int passed;     // calls that it has let through
  int most;       // that were held at a time
  int closed;     // how often close() was called
};

GateState gate_state();
void gate_release(int calls);
void gate_reset();
}
