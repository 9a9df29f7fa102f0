// Clients of the standard services: health and reflection.
#ifndef BYLAW_TESTS_SERVER_STANDARD_H_
#define BYLAW_TESTS_SERVER_STANDARD_H_

#include <memory>
#include <string>
#include <vector>

#include "grpcpp/grpcpp.h"

namespace bylaw::test {

// "SERVING", "NOT_SERVING", or the name of another answer; "" if the service
// is not known.
std::string HealthOf(const std::shared_ptr<grpc::Channel>& channel,
                     const std::string& service);

std::vector<std::string> ReflectedServices(
    const std::shared_ptr<grpc::Channel>& channel);
// The file descriptors (serialised) that a symbol needs.
std::vector<std::string> ReflectedFiles(
    const std::shared_ptr<grpc::Channel>& channel, const std::string& symbol);

}  // namespace bylaw::test

#endif  // BYLAW_TESTS_SERVER_STANDARD_H_
