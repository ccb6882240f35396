/* A plugin to copy (scripts/new-plugin does). Its one action adds two numbers:
 *
 *     call("skeleton", "add", {x = 1, y = 2})  --> 3
 *
 * It reads from top to bottom: the state, how a call ends, the action, and the three functions by
 * which the server reaches it, all according to sluice/plugin.h. Plain C99; JSON is read and
 * written by Jansson, because it keeps integers apart from other numbers: Lua's 9007199254740993
 * arrives as it left, which a library that knows doubles alone would round.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sluice/plugin.h"

#define PLUGIN_NAME "skeleton"

/* What the plugin keeps between calls. Calls come from several threads at once: what is here does
 * not change once open_plugin() is through, so it needs no lock. */
struct skeleton_state {
  const sluice_host* host;
  json_int_t limit; /* from the configuration; 0: none */
};

/* The largest limit: up to here every whole number is a double as well. */
static const json_int_t kLargestLimit = INT64_C(1) << 53;

/* Ends the call with an error: in Lua, one that pcall catches. One line that says what would be
 * right. */
static void fail(const struct skeleton_state* state, sluice_call* call, const char* message) {
  state->host->fail(call, message, strlen(message));
}

/* Ends the call with the value, as JSON. The server has copied the text when succeed() returns. */
static void succeed(const struct skeleton_state* state, sluice_call* call, const json_t* value) {
  /* 17 digits: a double reads back as the same. A whole one gets a ".0", so that it stays a float
   * in Lua. */
  char* text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
  if (text == NULL) {
    fail(state, call, "out of memory");
    return;
  }
  state->host->succeed(call, text, strlen(text));
  free(text);
}

/* x + y as Lua adds: two integers make an integer, anything else a float. NULL, and why, when there
 * is no such number. */
static json_t* sum_of(const json_t* x, const json_t* y, const char** why) {
  json_t* sum;
  if (json_is_integer(x) && json_is_integer(y)) {
    const json_int_t a = json_integer_value(x), b = json_integer_value(y);
    if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b) {
      *why = "x + y is beyond the integers of 64 bits; floats (1.0 instead of 1) reach further";
      return NULL;
    }
    sum = json_integer(a + b);
  } else {
    sum = json_real(json_number_value(x) + json_number_value(y)); /* NULL for infinity */
  }
  if (sum == NULL) *why = "x + y is beyond what a JSON number can be";
  return sum;
}

static int is_beyond(const json_t* number, json_int_t limit) {
  if (json_is_integer(number)) {
    const json_int_t value = json_integer_value(number);
    return value > limit || value < -limit;
  }
  return json_real_value(number) > (double)limit || json_real_value(number) < -(double)limit;
}

/* The action "add". Answers the call in any case, and exactly once. */
static void add(const struct skeleton_state* state, const json_t* payload, sluice_call* call) {
  const json_t *x = json_object_get(payload, "x"), *y = json_object_get(payload, "y");
  if (!json_is_object(payload)) {
    fail(state, call, "the payload must be an object: {x = 1, y = 2}");
  } else if (!json_is_number(x)) {
    fail(state, call, x == NULL ? "the payload needs 'x', a number" : "'x' must be a number");
  } else if (!json_is_number(y)) {
    fail(state, call, y == NULL ? "the payload needs 'y', a number" : "'y' must be a number");
  } else if (json_object_size(payload) > 2) {
    fail(state, call, "the payload has other keys than 'x' and 'y'");
  } else {
    const char* why = NULL;
    json_t* sum = sum_of(x, y, &why);
    if (sum == NULL) {
      fail(state, call, why);
    } else if (state->limit != 0 && is_beyond(sum, state->limit)) {
      fail(state, call, "x + y is beyond the limit that the server's configuration sets");
    } else {
      succeed(state, call, sum);
    }
    json_decref(sum);
  }
}

/* Reads the configuration, {"limit": 1000}, into `state`: 0, or another number and the reason in
 * `error`. */
static int read_config(struct skeleton_state* state, const char* text, size_t size, char* error,
                       size_t error_size) {
  json_error_t why;
  const char* key;
  json_t *value, *config = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
  if (!json_is_object(config)) {
    snprintf(error, error_size, "the configuration is no JSON object");
    json_decref(config);
    return 1;
  }
  json_object_foreach(config, key, value) {
    if (strcmp(key, "limit") != 0) { /* one that is misspelt would be missed much later */
      snprintf(error, error_size, "there is no key '%s'; there is limit", key);
      break;
    }
    state->limit = json_integer_value(value); /* 0 for what is no integer */
    if (state->limit < 1 || state->limit > kLargestLimit) {
      snprintf(error, error_size, "limit must be a whole number from 1 to %lld",
               (long long)kLargestLimit);
      break;
    }
  }
  json_decref(config);
  return error[0] != '\0';
}

/* Called once, when the server starts. What fails here stops the start, with `error`. */
static int open_plugin(const sluice_host* host, const char* config, size_t config_size,
                       void** state, char* error, size_t error_size) {
  char line[80];
  struct skeleton_state* self = (struct skeleton_state*)calloc(1, sizeof *self);
  error[0] = '\0';
  if (self == NULL) {
    snprintf(error, error_size, "out of memory");
    return 1;
  }
  self->host = host;
  if (read_config(self, config, config_size, error, error_size) != 0) {
    free(self);
    return 1;
  }
  snprintf(line, sizeof line, "adds numbers, up to %u calls at a time",
           (unsigned)host->concurrency);
  host->log(host->context, SLUICE_LOG_INFO, line, strlen(line));
  *state = self;
  return 0;
}

/* Called for each call(PLUGIN_NAME, action, payload) in Lua, from several threads at once. It may
 * block. What takes long asks host->is_abandoned(call) now and then, and gives up when nobody waits
 * any more. */
static void serve_call(void* state, const char* action, const char* payload, size_t payload_size,
                       sluice_call* call) {
  const struct skeleton_state* self = (const struct skeleton_state*)state;
  json_error_t why;
  json_t* value = json_loadb(payload, payload_size, JSON_DECODE_ANY, &why);
  if (value == NULL) {
    fail(self, call,
         json_error_code(&why) == json_error_numeric_overflow
             ? "a number in the payload is beyond 64 bits"
             : "the payload is no JSON that this plugin can read");
  } else if (strcmp(action, "add") == 0) {
    add(self, value, call);
  } else {
    /* Never: the server has looked at kActions. */
    fail(self, call, "there is no such action; there is add");
  }
  json_decref(value);
}

/* Called once, when the server stops and every call has been answered. */
static void close_plugin(void* state) {
  free(state);
}

static const char* const kActions[] = {"add", NULL};

static const sluice_plugin kPlugin = {
    .abi = SLUICE_PLUGIN_ABI,
    .struct_size = sizeof(sluice_plugin),
    .name = PLUGIN_NAME,
    .version = "1.0.0",
    .actions = kActions,
    .flags = 0, /* SLUICE_PLUGIN_NONBLOCKING: only for what returns at once, whatever the payload */
    .open = open_plugin,
    .call = serve_call,
    .close = close_plugin,
};

/* The one symbol that the server looks for. */
const sluice_plugin* sluice_plugin_entry(uint32_t host_abi) {
  return host_abi < SLUICE_PLUGIN_ABI ? NULL : &kPlugin;
}
