/* Libraries that no server may start with, or must end with. Each is this file, built with one of the names of CMakeLists.txt defined. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sluice/plugin.h"

#ifdef BAD_NO_ENTRY
SLUICE_PLUGIN_EXPORT int something_else(void);
int something_else(void) { return 1; }
#else

static int start(const sluice_host *host, const char *config, size_t config_size, void **state, char *error,
                 size_t error_size) {
  (void)host, (void)config, (void)config_size, (void)state;
#ifdef BAD_OPEN_FAILS
  snprintf(error, error_size, "'url' is missing: where the database is\n");
  return 1;
#elif defined BAD_OPEN_FAILS_SILENTLY
  (void)error, (void)error_size;
  return 7;
#elif defined BAD_OPEN_FILLS_ERROR
  memset(error, 0xff, error_size);
  return 1;
#else
  (void)error, (void)error_size;
  return 0;
#endif
}

static void serve(void *state, const char *action, const char *payload, size_t payload_size, sluice_call *call) {
  (void)state, (void)action, (void)payload, (void)payload_size, (void)call;
}

static void finish(void *state) {
  (void)state;
#ifdef BAD_CLOSE_HANGS
  for (;;) pause();
#endif
}

const sluice_plugin *sluice_plugin_entry(uint32_t host_abi) {
#ifdef BAD_NO_ACTIONS
  static const char *const actions[] = {NULL};
#elif defined BAD_EMPTY_ACTION
  static const char *const actions[] = {"fine", "", NULL};
#elif defined BAD_UNPRINTABLE_ACTION
  static const char *const actions[] = {"two\nlines", NULL};
#elif defined BAD_SAME_ACTION
  static const char *const actions[] = {"get", "set", "get", NULL};
#else
  static const char *const actions[] = {"act", NULL};
#endif
  static sluice_plugin plugin;
  (void)host_abi;
  plugin.abi = SLUICE_PLUGIN_ABI;
  plugin.struct_size = sizeof plugin;
  plugin.name = "bad";
  plugin.version = "0.0.0";
  plugin.actions = actions;
  plugin.open = &start;
  plugin.call = &serve;
  plugin.close = &finish;
#ifdef BAD_ENTRY_NULL
  return NULL;
#elif defined BAD_ABI_2
  plugin.abi = 2;
#elif defined BAD_SMALL_STRUCT
  plugin.struct_size = 8;
#elif defined BAD_NO_CALL
  plugin.call = NULL;
#elif defined BAD_NO_NAME
  plugin.name = NULL;
#elif defined BAD_NULL_ACTIONS
  plugin.actions = NULL;
#endif
  return &plugin;
}
#endif
