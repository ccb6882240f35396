#include "sandbox/vm/random.h"

#include <sys/random.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <lua.hpp>

#include "sandbox/vm/context.h"
#include "sandbox/vm/functions.h"

namespace sluice::sandbox {
namespace {

uint64_t splitmix(uint64_t* state) {
  uint64_t mixed = (*state += 0x9E3779B97F4A7C15u);
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
  return mixed ^ (mixed >> 31);
}

constexpr uint64_t rotate(uint64_t value, int by) {
  return (value << by) | (value >> (64 - by));
}

// A number in [0, range], each as likely as any other.
uint64_t up_to(Random& random, uint64_t range) {
  uint64_t mask = range;
  for (int shift = 1; shift < 64; shift *= 2) mask |= mask >> shift;
  uint64_t number;
  do {
    number = random.next() & mask;
  } while (number > range);
  return number;
}

}  // namespace

void Random::seed(uint64_t seed) {
  for (uint64_t& word : state_) word = splitmix(&seed);
}

uint64_t Random::next() {
  const uint64_t result = rotate(state_[1] * 5, 7) * 9;
  const uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = rotate(state_[3], 45);
  return result;
}

Seeds::Seeds() {
  if (getrandom(&state_, sizeof state_, GRND_NONBLOCK) != sizeof state_)
    state_ = static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

uint64_t Seeds::next() {
  return splitmix(&state_);
}

// Arguments, results and errors are those of Lua 5.3's own.
int math_random(lua_State* L) {
  Random& random = Context::of(L).random;
  lua_Integer low = 1;
  lua_Integer high = 0;
  switch (lua_gettop(L)) {
    case 0:
      lua_pushnumber(L, static_cast<lua_Number>(random.next() >> 11) * 0x1p-53);
      return 1;
    case 1:
      high = luaL_checkinteger(L, 1);
      break;
    case 2:
      low = luaL_checkinteger(L, 1);
      high = luaL_checkinteger(L, 2);
      break;
    default:
      return luaL_error(L, "wrong number of arguments");
  }
  luaL_argcheck(L, low <= high, lua_gettop(L), "interval is empty");
  luaL_argcheck(L, low >= 0 || high <= LUA_MAXINTEGER + low, lua_gettop(L), "interval too large");
  const uint64_t offset = up_to(random, static_cast<uint64_t>(high) - static_cast<uint64_t>(low));
  lua_pushinteger(L, static_cast<lua_Integer>(static_cast<uint64_t>(low) + offset));
  return 1;
}

int math_randomseed(lua_State* L) {
  const lua_Number number = luaL_checknumber(L, 1);
  lua_Integer integer = lua_tointeger(L, 1);
  uint64_t seed = 0;
  if (lua_isinteger(L, 1) || lua_numbertointeger(std::floor(number), &integer)) {
    seed = static_cast<uint64_t>(integer);
  } else {
    std::memcpy(&seed, &number, sizeof seed);  // huge, infinite or NaN: its bits are as good
  }
  Context::of(L).random.seed(seed);
  return 0;
}

}  // namespace sluice::sandbox
