/* rude: breaks the rules of its calls, each in an action of its own. */
#include <stdlib.h>
#include <string.h>

#include "sluice/plugin.h"

static const sluice_host *server;
static sluice_call *old; /* answered long ago */

static int start(const sluice_host *host, const char *config, size_t config_size, void **state, char *error,
                 size_t error_size) {
  (void)config, (void)config_size, (void)state, (void)error, (void)error_size;
  server = host;
  return 0;
}

static void say(sluice_call *call, const char *json) { server->succeed(call, json, strlen(json)); }

static void serve(void *state, const char *action, const char *payload, size_t payload_size, sluice_call *call) {
  (void)state;
  if (strcmp(action, "twice") == 0) {
    say(call, "1");
    say(call, "2");
    server->fail(call, "three", 5);
    old = call;
  } else if (strcmp(action, "again") == 0) { /* what was answered already, while another call is under way */
    say(old, "\"stale\"");
    server->fail(NULL, "nothing", 7);
    say(call, server->is_abandoned(old) == 1 && server->remaining_ms(old) == 0 ? "true" : "false");
  } else if (strcmp(action, "not_json") == 0) {
    say(call, "{\"a\":}");
  } else if (strcmp(action, "empty") == 0) {
    server->succeed(call, NULL, 0);
  } else if (strcmp(action, "not_utf8") == 0) {
    say(call, "\"\xff\"");
  } else if (strcmp(action, "too_long") == 0) {
    char *text = malloc(3 << 20);
    if (text == NULL) return;
    memset(text, ' ', 3 << 20);
    text[0] = '1';
    server->succeed(call, text, 3 << 20);
    free(text);
  } else if (strcmp(action, "long_error") == 0) {
    char *text = malloc(100000);
    size_t at;
    if (text == NULL) return;
    for (at = 0; at < 100000; at += 2) memcpy(text + at, "\xc3\xbc", 2);
    server->fail(call, text, 100000);
    free(text);
  } else if (strcmp(action, "bad_error") == 0) {
    server->fail(call, "a\xff" "b\nc", 5);
  } else if (strcmp(action, "silent_error") == 0) {
    server->fail(call, NULL, 0);
  } else if (strcmp(action, "echo") == 0) {
    server->succeed(call, payload, payload_size);
  } /* "never": nothing at all */
}

static void finish(void *state) { (void)state; }

const sluice_plugin *sluice_plugin_entry(uint32_t host_abi) {
  static const char *const actions[] = {"twice",     "again",        "not_json", "empty", "not_utf8", "too_long", "long_error",
                                        "bad_error", "silent_error", "never",    "echo",  NULL};
  static const sluice_plugin plugin = {SLUICE_PLUGIN_ABI, sizeof(sluice_plugin), "rude",  NULL, actions, 0,
                                       &start,            &serve,                &finish};
  (void)host_abi;
  return &plugin;
}
