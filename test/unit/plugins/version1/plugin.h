/* Version 1 of the interface, as plugins out there were built with it. FROZEN: this file never changes, whatever becomes of
 * plugins/include/sluice/plugin.h. A plugin built with it has to be loaded and served by every server to come. */
#ifndef SLUICE_PLUGIN_VERSION_1_H
#define SLUICE_PLUGIN_VERSION_1_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SLUICE_PLUGIN_ABI 1u

#if defined(__GNUC__)
#define SLUICE_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define SLUICE_PLUGIN_EXPORT
#endif

/* One call on its way: the host's. It must be answered exactly once, by succeed() or fail() of sluice_host: inside of
 * call(), or later, from any thread. Once answered it is gone. */
typedef struct sluice_call sluice_call;

enum sluice_log_level { SLUICE_LOG_DEBUG = 0, SLUICE_LOG_INFO = 1, SLUICE_LOG_WARN = 2, SLUICE_LOG_ERROR = 3 };

/* What the server offers to a plugin. Lives from open() to the return of close(). */
typedef struct sluice_host {
  uint32_t abi;         /* SLUICE_PLUGIN_ABI of the server */
  uint32_t struct_size; /* of this structure, as the server knows it */
  void *context;        /* the server's; first argument of log() */

  uint32_t concurrency; /* calls under way at a time, at most: what a pool of connections needs */
  uint32_t timeout_ms;  /* of a call, as configured; the caller may give up earlier */
  uint64_t max_answer_bytes;

  /* Ends a call with its answer. One that is no JSON, or longer than max_answer_bytes, becomes an error. */
  void (*succeed)(sluice_call *call, const char *json, size_t size);
  /* Ends a call with an error: in Lua, one that pcall can catch, with this message. One line for a person; no secrets: it
   * may end up in records and logs. */
  void (*fail)(sluice_call *call, const char *message, size_t size);

  /* 1: nobody waits for the answer any more (the invocation was cancelled, timed out, lost its worker; the server stops). It
   * must be answered all the same. Good to ask now and then in what takes long. */
  int (*is_abandoned)(const sluice_call *call);
  /* Until the answer comes too late; 0 when it does already. */
  int64_t (*remaining_ms)(const sluice_call *call);

  /* A line in the server's log. */
  void (*log)(void *context, enum sluice_log_level level, const char *text, size_t size);
} sluice_host;

/* Flags. */

/* call() returns at once, whatever the payload: it may be called on the server's event loop. Without it, it is called on a thread
 * on which it may block. */
#define SLUICE_PLUGIN_NONBLOCKING 1u

/* What the library is. Lives as long as the library is loaded. */
typedef struct sluice_plugin {
  uint32_t abi;         /* SLUICE_PLUGIN_ABI that it was built with */
  uint32_t struct_size; /* sizeof(sluice_plugin) */
  const char *name;     /* for people: "mongo"; Lua code uses the name in config.lua */
  const char *version;  /* for people: "1.2.0" */
  const char *const *actions; /* their names, and NULL behind the last: call() is given no other */
  uint32_t flags;

  /* Makes the plugin ready. `config`: a JSON object, what its block in config.lua holds beside what is the server's own, with a
   * zero byte behind it. 0 for success; otherwise the server does not start, and says what was written into `error`: up to
   * `error_size` bytes with the zero byte at the end. `state` is given to the other functions as it is. */
  int (*open)(const sluice_host *host, const char *config, size_t config_size, void **state, char *error,
              size_t error_size);

  /* Serves one call. `action`: one of `actions`, with a zero byte. `payload`: valid JSON with a zero byte behind it; "{}" where
   * Lua code gave none. */
  void (*call)(void *state, const char *action, const char *payload, size_t payload_size, sluice_call *call);

  /* Frees everything: after all calls were answered, and not after a failed open(). */
  void (*close)(void *state);
} sluice_plugin;

/* The one symbol that a plugin exports. `host_abi`: of the server. NULL: the plugin cannot work with it. */
SLUICE_PLUGIN_EXPORT const sluice_plugin *sluice_plugin_entry(uint32_t host_abi);

#ifdef __cplusplus
}
#endif

#endif /* SLUICE_PLUGIN_VERSION_1_H */
