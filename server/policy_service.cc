// CheckDescriptor, Lint, GetStatus: work of milliseconds, done on threads of
// its own so that decisions never wait behind it.
#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "server/descriptor_check.h"
#include "server/later.h"
#include "server/reply.h"
#include "server/service.h"
#include "server/status.h"
#include "server/version.h"
#include "server/workers.h"

namespace bylaw {
namespace {

using grpc::CallbackServerContext;
using grpc::Status;
using grpc::StatusCode;

void SetTimestamp(int64_t micros, google::protobuf::Timestamp* out) {
  out->set_seconds(micros / 1'000'000);
  out->set_nanos(static_cast<int32_t>(micros % 1'000'000) * 1000);
}

// Each that waits holds a message of some megabytes at most.
constexpr size_t kThreads = 2;
constexpr size_t kMostWaiting = 64;

class PolicyServiceImpl final : public v1::PolicyService::CallbackService {
 public:
  explicit PolicyServiceImpl(const ServiceContext& context)
      : context_(context) {}

  grpc::ServerUnaryReactor* CheckDescriptor(
      CallbackServerContext* call, const v1::CheckDescriptorRequest* request,
      v1::CheckDescriptorResponse* response) override {
    return Later(call, *request, [this, request, response] {
      const auto snapshot = context_.reloader->Current();
      if (snapshot == nullptr) {
        return Status(StatusCode::UNAVAILABLE,
                      "no policies are loaded yet; GetStatus says why");
      }
      RequestError error;
      const int64_t now =
          std::chrono::duration_cast<std::chrono::microseconds>(
              std::chrono::system_clock::now().time_since_epoch())
              .count();
      if (!bylaw::CheckDescriptor(*snapshot, *request, now,
                                  context_.options->simulation, response,
                                  &error)) {
        context_.metrics->refused.fetch_add(1, std::memory_order_relaxed);
        return InvalidArgument(error);
      }
      return Status::OK;
    });
  }

  grpc::ServerUnaryReactor* Lint(CallbackServerContext* call,
                                 const v1::LintRequest* request,
                                 v1::LintResponse* response) override {
    return Later(call, *request, [this, request, response] {
      CompileInput input;
      // The limits of whoever runs the service, not those of its caller.
      const auto snapshot = context_.reloader->Current();
      input.at_most = snapshot != nullptr
                          ? snapshot->engine->program().settings.limits
                          : Limits();
      for (const v1::SourceFile& file : request->files()) {
        input.files.emplace_back(file.path(), file.text());
      }
      const CompileResult result = CompileWithPacks(std::move(input));
      for (const Diagnostic& d : result.diagnostics) {
        DiagnosticToProto(d, response->add_diagnostics());
      }
      return Status::OK;
    });
  }

  grpc::ServerUnaryReactor* GetStatus(CallbackServerContext*,
                                      const v1::GetStatusRequest*,
                                      v1::Status* response) override {
    auto* reply = new Reply;
    reply->Send(Caught(*context_.log, [&] {
      FillStatus(response);
      return Status::OK;
    }));
    return reply;
  }

 private:
  void FillStatus(v1::Status* response) const {
    const Reloader::State state = context_.reloader->state();
    const auto snapshot = context_.reloader->Current();
    const SnapshotSource& source = context_.options->source;
    response->set_version(kServerVersion);
    response->set_source(source.bundle.empty() ? source.root : source.bundle);
    if (snapshot != nullptr) {
      const Program& program = snapshot->engine->program();
      const Facts& facts = snapshot->engine->facts();
      response->set_mesh(program.settings.mesh);
      response->set_policies_revision(program.revision);
      response->set_facts_revision(facts.revision());
      SetTimestamp(state.loaded_at, response->mutable_loaded_at());
      response->set_policies(static_cast<int64_t>(program.policies.size()));
      response->set_rules(static_cast<int64_t>(program.rules.size()));
      response->set_entities(facts.size());
      for (const std::string& file : facts.files()) {
        response->add_facts_files(file);
      }
    }
    response->set_loads(state.loads);
    if (state.has_failed) {
      v1::FailedReload* failed = response->mutable_last_failed_reload();
      SetTimestamp(state.failed.at, failed->mutable_at());
      failed->set_message(state.failed.message);
      for (const Diagnostic& d : state.failed.diagnostics) {
        DiagnosticToProto(d, failed->add_diagnostics());
      }
    }
  }

  template <typename Message>
  grpc::ServerUnaryReactor* Later(CallbackServerContext* call,
                                  const Message& request,
                                  std::function<Status()> work) {
    auto* reply = new Reply;
    const auto bytes = static_cast<int64_t>(request.ByteSizeLong());
    const int64_t most = context_.options->max_message_bytes;
    if (bytes > most) {
      context_.metrics->refused.fetch_add(1, std::memory_order_relaxed);
      reply->Send(RefusedStatus(
          StatusCode::RESOURCE_EXHAUSTED,
          OverLimit("", "the message has " + std::to_string(bytes) + " bytes",
                    most, "max-message-bytes")));
      return reply;
    }
    const Status status = Caught(*context_.log, [&] {
      if (AnswerLater(context_, &workers_, call, LatestOf(context_, *call),
                      reply, std::move(work))) {
        return Status::OK;
      }
      return ShedStatus(context_, StatusCode::UNAVAILABLE,
                        "overloaded: too many descriptors and lints are "
                        "waiting; try again later");
    });
    if (!status.ok()) reply->Send(status);
    return reply;
  }

  const ServiceContext context_;
  Workers workers_{kThreads, kMostWaiting};
};

}  // namespace

std::unique_ptr<v1::PolicyService::CallbackService> MakePolicyService(
    const ServiceContext& context) {
  return std::make_unique<PolicyServiceImpl>(context);
}

}  // namespace bylaw
