// The databases that tests share: scripts/services starts them, scripts/test calls it. A test keeps
// out of the others' way by a database name and a key prefix of its own.
#pragma once

#include <string>

namespace sluice::test {

// From SLUICE_TEST_REDIS_URL and SLUICE_TEST_MONGO_URL, else from what `scripts/services up` wrote.
// Without either the test fails, and says what to do.
std::string shared_redis_url();
std::string shared_mongo_url();

// A name that no other test has.
std::string unique_name(const std::string& start);

}  // namespace sluice::test
