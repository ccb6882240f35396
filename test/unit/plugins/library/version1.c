/* A plugin in plain C99, built with the frozen declarations of version 1. */
#include "version1/plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct state {
  const sluice_host *host;
  long opened_with; /* bytes of configuration */
};

static int start(const sluice_host *host, const char *config, size_t config_size, void **state, char *error,
                 size_t error_size) {
  struct state *self;
  if (host->abi < SLUICE_PLUGIN_ABI || host->struct_size < sizeof(sluice_host)) {
    snprintf(error, error_size, "the server's interface is older than version %u", SLUICE_PLUGIN_ABI);
    return 1;
  }
  if (config[config_size] != '\0') {
    snprintf(error, error_size, "no zero byte behind the configuration");
    return 1;
  }
  self = malloc(sizeof *self);
  if (self == NULL) return 1;
  self->host = host;
  self->opened_with = (long)config_size;
  *state = self;
  return 0;
}

static void serve(void *state, const char *action, const char *payload, size_t payload_size, sluice_call *call) {
  const struct state *self = state;
  char text[128];
  if (strcmp(action, "echo") == 0) {
    self->host->succeed(call, payload, payload_size);
  } else if (strcmp(action, "about") == 0) {
    const int size = snprintf(text, sizeof text, "{\"concurrency\":%u,\"timeout_ms\":%u,\"config_bytes\":%ld}",
                              (unsigned)self->host->concurrency, (unsigned)self->host->timeout_ms, self->opened_with);
    self->host->succeed(call, text, (size_t)size);
  } else {
    static const char message[] = "as you wish";
    self->host->log(self->host->context, SLUICE_LOG_INFO, message, sizeof message - 1);
    self->host->fail(call, message, sizeof message - 1);
  }
}

static void finish(void *state) { free(state); }

const sluice_plugin *sluice_plugin_entry(uint32_t host_abi) {
  static const char *const actions[] = {"echo", "about", "fail", NULL};
  static const sluice_plugin plugin = {SLUICE_PLUGIN_ABI, sizeof(sluice_plugin), "version1", "1.0.0", actions, 0,
                                       &start,            &serve,                &finish};
  return host_abi >= SLUICE_PLUGIN_ABI ? &plugin : NULL;
}
