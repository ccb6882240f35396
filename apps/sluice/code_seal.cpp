#include "apps/sluice/code_seal.h"

#include <filesystem>
#include <utility>

#include "base/seal_key.h"

namespace sluice {
namespace {

Result<Seal> seal_from_file(const std::string& path) {
  auto key = read_key_file(path);
  if (!key.ok()) return key.error();
  return Seal(*std::move(key));
}

Result<Seal> seal_beside_database(const Settings& settings, Log& log) {
  const auto folder = std::filesystem::path(settings.sqlite_path()).parent_path();
  auto own = own_key_file((folder / "code.key").string());
  if (!own.ok()) return own.error();
  if (!own->notice.empty()) log.warn("{}", own->notice);
  return Seal(std::move(own->key));
}

}  // namespace

Result<Seal> seal_of(const Settings& settings, Log& log) {
  if (const auto key = SealKey::from_hex(settings.store_key.key)) return Seal(*key);
  if (!settings.store_key.file.empty()) return seal_from_file(settings.store_key.file);
  switch (settings.store) {
    case Settings::Store::kSqlite:
      return seal_beside_database(settings, log);
    case Settings::Store::kMemory:
      return Seal(SealKey::random());
    case Settings::Store::kMongodb:
      break;
  }
  log.warn(
      "There is no Store {{ key }}: bytecode is neither stored nor trusted, each runner compiles "
      "actions from their source (docs/fleet.md)");
  return Seal::none();
}

}  // namespace sluice
