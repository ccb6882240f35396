/* What Go cannot say: the description with its function pointers, and the calls of the server's functions. The rest is in
 * plugin.go. */
#include "_cgo_export.h"

static int open_plugin(const sluice_host *host, const char *config, size_t config_size, void **state, char *error,
                       size_t error_size) {
  const uintptr_t handle = goOpen((sluice_host *)host, (char *)config, config_size, error, error_size);
  *state = (void *)handle;
  return handle == 0;
}

static void serve_call(void *state, const char *action, const char *payload, size_t payload_size, sluice_call *call) {
  goCall((uintptr_t)state, (char *)action, (char *)payload, payload_size, call);
}

static void close_plugin(void *state) {
  goClose((uintptr_t)state);
}

static const char *const kActions[] = {"add", NULL};

static const sluice_plugin kPlugin = {
    .abi = SLUICE_PLUGIN_ABI,
    .struct_size = sizeof(sluice_plugin),
    .name = "add",
    .version = "1.0.0",
    .actions = kActions,
    .flags = 0,
    .open = open_plugin,
    .call = serve_call,
    .close = close_plugin,
};

SLUICE_PLUGIN_EXPORT const sluice_plugin *sluice_plugin_entry(uint32_t host_abi) {
  return host_abi < SLUICE_PLUGIN_ABI ? NULL : &kPlugin;
}

void host_succeed(sluice_host *host, sluice_call *call, const char *json, size_t size) {
  host->succeed(call, json, size);
}

void host_fail(sluice_host *host, sluice_call *call, const char *message, size_t size) {
  host->fail(call, message, size);
}

void host_log(sluice_host *host, const char *text, size_t size) {
  host->log(host->context, SLUICE_LOG_INFO, text, size);
}
