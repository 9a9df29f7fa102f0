// Check, CheckBatch, CheckStream, Explain. A decision takes microseconds, so it
// is made on the thread that brings the request; batches and requests of many
// bytes, which take a thousand times as long, on threads of their own.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "server/backlog.h"
#include "server/batch.h"
#include "server/convert.h"
#include "server/later.h"
#include "server/reply.h"
#include "server/service.h"
#include "server/stalled_calls.h"
#include "server/status.h"
#include "server/workers.h"

namespace bylaw {
namespace {

using Clock = std::chrono::steady_clock;
using grpc::CallbackServerContext;
using grpc::Status;
using grpc::StatusCode;

int64_t NowMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Memory of decisions, one a thread: nothing is allocated in steady state.
Arena& ThreadArena() {
  static thread_local Arena arena;
  return arena;
}

// A call in flight, counted; `shed` if it is one too many.
class InFlight {
 public:
  InFlight(Metrics* metrics, int64_t most) : metrics_(metrics) {
    shed_ = metrics_->in_flight.fetch_add(1, std::memory_order_relaxed) >= most;
  }
  ~InFlight() { metrics_->in_flight.fetch_sub(1, std::memory_order_relaxed); }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  bool shed() const { return shed_; }

 private:
  Metrics* metrics_;
  bool shed_;
};

// Batches up to this are decided at once: what handing them over would cost is
// more than they take.
constexpr int kSmallBatch = 16;

// Requests up to this are decided at once too: binding them takes less than a
// millisecond. A proposal of megabytes takes seconds.
constexpr size_t kSmallBytes = 64 * 1024;

// What every call of one snapshot shares.
class Decider {
 public:
  Decider(const ServiceContext& context,
          std::shared_ptr<const Snapshot> snapshot, int64_t now)
      : context_(context), snapshot_(std::move(snapshot)), now_(now) {}

  bool Decide(const v1::CheckRequest& request, v1::Decision* out,
              RequestError* error) const {
    const auto begin = Clock::now();
    Arena& arena = ThreadArena();
    OwnedRequest owned;
    BoundRequest bound;
    if (!Bind(request, arena, &owned, &bound, error)) return false;
    Decision decision;
    snapshot_->engine->Decide(bound, arena, &decision);
    DecisionReport report = MakeReport(*snapshot_->engine, bound, decision,
                                       DialectFromProto(request.sql()));
    report.request_id = request.request_id();
    DecisionToProto(report, out);
    context_.metrics->Decided(
        decision.outcome, !report.errors.empty(),
        static_cast<uint64_t>(
            std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() -
                                                                 begin)
                .count()));
    return true;
  }

  bool Explain(const v1::CheckRequest& request, v1::Explanation* out,
               RequestError* error) const {
    Arena& arena = ThreadArena();
    OwnedRequest owned;
    BoundRequest bound;
    if (!Bind(request, arena, &owned, &bound, error)) return false;
    Explanation explanation = bylaw::Explain(*snapshot_->engine, bound,
                                             DialectFromProto(request.sql()));
    explanation.decision.request_id = request.request_id();
    ExplanationToProto(explanation, out);
    return true;
  }

 private:
  bool Bind(const v1::CheckRequest& request, Arena& arena, OwnedRequest* owned,
            BoundRequest* bound, RequestError* error) const {
    arena.Reset();
    if (RequestFromProto(request, now_, context_.options->simulation, owned,
                         error) &&
        CheckColumns(owned->request, error) &&
        snapshot_->engine->Bind(owned->request, arena, bound, error)) {
      return true;
    }
    context_.metrics->refused.fetch_add(1, std::memory_order_relaxed);
    return false;
  }

  // False if the attribute that selects columns names too many.
  bool CheckColumns(const Request& request, RequestError* error) const {
    if (request.context == nullptr) return true;
    const Engine& engine = *snapshot_->engine;
    const uint32_t number = engine.facts().FindAction(request.action);
    if (number == kNone) return true;
    const Action& action = engine.program().schema.actions[number];
    if (action.selecting_slot == kNone) return true;
    const std::string& name = action.context[action.selecting_slot].name;
    const Node* columns = request.context->Find(name);
    const int64_t most = context_.options->max_columns;
    if (columns == nullptr || !columns->is_list() ||
        static_cast<int64_t>(columns->list.size()) <= most) {
      return true;
    }
    *error = OverLimit("context." + name,
                       "the request names " +
                           std::to_string(columns->list.size()) + " columns",
                       most, "max-columns");
    return false;
  }

  const ServiceContext& context_;
  const std::shared_ptr<const Snapshot> snapshot_;
  const int64_t now_;
};

class DecisionServiceImpl final : public v1::DecisionService::CallbackService {
 public:
  explicit DecisionServiceImpl(const ServiceContext& context)
      : context_(context) {}

  grpc::ServerUnaryReactor* Check(CallbackServerContext* call,
                                  const v1::CheckRequest* request,
                                  v1::Decision* response) override {
    return One(call, *request, [request, response](const Decider& decider) {
      RequestError error;
      if (decider.Decide(*request, response, &error)) return Status::OK;
      return InvalidArgument(error);
    });
  }

  grpc::ServerUnaryReactor* Explain(CallbackServerContext* call,
                                    const v1::CheckRequest* request,
                                    v1::Explanation* response) override {
    return One(call, *request, [request, response](const Decider& decider) {
      RequestError error;
      if (decider.Explain(*request, response, &error)) return Status::OK;
      return InvalidArgument(error);
    });
  }

  grpc::ServerUnaryReactor* CheckBatch(
      CallbackServerContext* call, const v1::CheckBatchRequest* request,
      v1::CheckBatchResponse* response) override {
    return Answered([&](Reply* reply) -> std::optional<Status> {
      auto in_flight = std::make_shared<InFlight>(
          context_.metrics, context_.options->max_concurrent);
      const Clock::time_point latest = LatestOf(context_, *call);
      Status status = AdmitBatch(call, *request, *in_flight, latest);
      if (!status.ok()) return status;
      if (request->items_size() <= kSmallBatch &&
          request->ByteSizeLong() <= kSmallBytes) {
        return Batch(call, *request, response, latest);
      }
      auto waiting =
          std::make_shared<Backlog::Batch>(&backlog_, request->items_size());
      return Later(
          call, latest, reply,
          [this, call, request, response, latest,
           in_flight = std::move(in_flight), waiting = std::move(waiting)] {
            const auto begin = Clock::now();
            Status done = Batch(call, *request, response, latest);
            // A few large items say nothing about the time of many.
            if (done.ok() && request->items_size() > kSmallBatch) {
              waiting->Took(Clock::now() - begin);
            }
            return done;
          });
    });
  }

  grpc::ServerBidiReactor<v1::CheckRequest, v1::CheckStreamResponse>*
  CheckStream(CallbackServerContext* call) override;

 private:
  class Stream;

  // The reply to a call. `function` says the status, or nothing if it left the
  // reply to a worker.
  template <typename Function>
  grpc::ServerUnaryReactor* Answered(const Function& function) {
    auto* reply = new Reply;
    std::optional<Status> now;
    const Status status = Caught(*context_.log, [&] {
      now = function(reply);
      return now.value_or(Status::OK);
    });
    if (now.has_value() || !status.ok()) reply->Send(status);
    return reply;
  }

  // Nothing, or why not.
  std::optional<Status> Later(CallbackServerContext* call,
                              Clock::time_point latest, Reply* reply,
                              std::function<Status()> work) {
    if (AnswerLater(context_, &workers_, call, latest, reply,
                    std::move(work))) {
      return std::nullopt;
    }
    return TooManyWait();
  }

  // Hardly ever: each that waits is in flight.
  Status TooManyWait() {
    return Shed(StatusCode::UNAVAILABLE,
                "overloaded: too many large calls are waiting; try again "
                "later");
  }

  Status Shed(StatusCode code, const std::string& message) {
    return ShedStatus(context_, code, message);
  }

  // What comes before any work: overload, size, deadline.
  template <typename Message>
  Status Admit(CallbackServerContext* call, const Message& request,
               const InFlight& in_flight) {
    if (in_flight.shed()) {
      return Shed(StatusCode::UNAVAILABLE,
                  "overloaded: more than max-concurrent calls at once; try "
                  "again later");
    }
    RequestError error;
    if (!CheckSize(request, &error)) {
      return RefusedStatus(StatusCode::RESOURCE_EXHAUSTED, error);
    }
    if (TimeLeft(*call) <= std::chrono::nanoseconds::zero()) {
      return Shed(StatusCode::DEADLINE_EXCEEDED, "the deadline has passed");
    }
    return Status::OK;
  }

  // One request, if it is admitted and there is something to serve: at once if
  // it is small.
  template <typename Message, typename Function>
  grpc::ServerUnaryReactor* One(CallbackServerContext* call,
                                const Message& request,
                                const Function& function) {
    return Answered([&](Reply* reply) -> std::optional<Status> {
      auto in_flight = std::make_shared<InFlight>(
          context_.metrics, context_.options->max_concurrent);
      Status status = Admit(call, request, *in_flight);
      if (!status.ok()) return status;
      if (request.ByteSizeLong() <= kSmallBytes) return Decided(function);
      const Clock::time_point latest = LatestOf(context_, *call);
      return Later(
          call, latest, reply,
          [this, call, latest, function, in_flight = std::move(in_flight)] {
            Status done = Decided(function);
            // What comes too late is no answer, as of a batch.
            return done.ok() ? StillWanted(context_, call, latest) : done;
          });
    });
  }

  template <typename Function>
  Status Decided(const Function& function) {
    std::shared_ptr<const Snapshot> snapshot = context_.reloader->Current();
    if (snapshot == nullptr) {
      return Shed(StatusCode::UNAVAILABLE,
                  "no policies are loaded yet; GetStatus says why");
    }
    return function(Decider(context_, std::move(snapshot), NowMicros()));
  }

  // False with `error` if the message is over the limit.
  bool CheckSize(const google::protobuf::Message& request,
                 RequestError* error) const {
    const auto bytes = static_cast<int64_t>(request.ByteSizeLong());
    const int64_t most = context_.options->max_message_bytes;
    if (bytes <= most) return true;
    context_.metrics->refused.fetch_add(1, std::memory_order_relaxed);
    *error =
        OverLimit("", "the message has " + std::to_string(bytes) + " bytes",
                  most, "max-message-bytes");
    return false;
  }

  // Beside what every call is asked: the number of items, and whether those
  // who wait already leave time for it.
  Status AdmitBatch(CallbackServerContext* call,
                    const v1::CheckBatchRequest& request,
                    const InFlight& in_flight, Clock::time_point latest) {
    if (Status status = Admit(call, request, in_flight); !status.ok()) {
      return status;
    }
    if (request.items_size() > context_.options->max_items) {
      context_.metrics->refused.fetch_add(1, std::memory_order_relaxed);
      return RefusedStatus(
          StatusCode::RESOURCE_EXHAUSTED,
          OverLimit("items",
                    "the batch has " + std::to_string(request.items_size()) +
                        " items",
                    context_.options->max_items, "max-items"));
    }
    const Clock::time_point now = Clock::now();
    if (request.items_size() > kSmallBatch && now < latest &&
        now + backlog_.TimeFor(request.items_size()) > latest) {
      return Shed(StatusCode::UNAVAILABLE,
                  "overloaded: the batches that wait already would take this "
                  "one past its deadline (or the setting max-deadline-ms); "
                  "try again later");
    }
    return Status::OK;
  }

  Status Batch(CallbackServerContext* call,
               const v1::CheckBatchRequest& request,
               v1::CheckBatchResponse* response, Clock::time_point latest) {
    return Decided([&](const Decider& decider) {
      const bool merge = request.has_defaults();
      for (const v1::CheckRequest& item : request.items()) {
        if (Status wanted = StillWanted(context_, call, latest); !wanted.ok()) {
          return wanted;
        }
        v1::CheckRequest merged;
        if (merge) merged = WithDefaults(request.defaults(), item);
        Answer(decider, merge ? merged : item, response->add_items());
      }
      return Status::OK;
    });
  }

  // An item that is itself broken gets an error of its own.
  static void Answer(const Decider& decider, const v1::CheckRequest& request,
                     v1::CheckStreamResponse* response) {
    response->set_request_id(request.request_id());
    RequestError error;
    if (!decider.Decide(request, response->mutable_decision(), &error)) {
      ErrorToProto(error, response->mutable_error());
    }
  }

  const ServiceContext context_;
  StalledCalls stalled_calls_{
      std::chrono::milliseconds(context_.options->max_deadline_ms)};
  Backlog backlog_{std::max(1u, std::thread::hardware_concurrency())};
  Workers workers_{std::max(1u, std::thread::hardware_concurrency()),
                   static_cast<size_t>(context_.options->max_concurrent)};
};

// Reads, decides, writes, in turn: the answers come in the order of the
// requests, and flow control holds back a client that does not read.
class DecisionServiceImpl::Stream final
    : public grpc::ServerBidiReactor<v1::CheckRequest,
                                     v1::CheckStreamResponse> {
 public:
  Stream(DecisionServiceImpl* service, CallbackServerContext* call)
      : service_(service),
        call_(call),
        in_flight_(service->context_.metrics,
                   service->context_.options->max_concurrent),
        stall_(&service->stalled_calls_, call) {
    if (in_flight_.shed()) {
      End(service_->Shed(StatusCode::UNAVAILABLE,
                         "overloaded: more than max-concurrent calls at "
                         "once; try again later"));
      return;
    }
    Read();
  }

  void OnReadDone(bool ok) override {
    TakeFromGrpc(this);
    if (!ok) {
      End(Status::OK);  // the client is done
      return;
    }
    const ServiceContext& context = service_->context_;
    std::shared_ptr<const Snapshot> snapshot = context.reloader->Current();
    if (snapshot == nullptr) {
      End(service_->Shed(StatusCode::UNAVAILABLE,
                         "no policies are loaded yet; GetStatus says why"));
      return;
    }
    const auto answer = [this, snapshot = std::move(snapshot)] {
      return AnswerOne(snapshot);
    };
    const Status status = Caught(*context.log, [&] {
      if (request_.ByteSizeLong() <= kSmallBytes) return answer();
      // Nothing else happens to the stream until the worker writes or ends.
      const bool queued = service_->workers_.Add(
          [this, &context, answer, latest = LatestOf(context, *call_)] {
            const Status done = Caught(*context.log, [&] {
              Status wanted = StillWanted(context, call_, latest);
              return wanted.ok() ? answer() : wanted;
            });
            if (!done.ok()) End(done);
          });
      return queued ? Status::OK : service_->TooManyWait();
    });
    if (!status.ok()) End(status);
  }

  void OnWriteDone(bool ok) override {
    TakeFromGrpc(this);
    stall_.End();
    if (!ok || call_->IsCancelled()) {
      End(Status::CANCELLED);
      return;
    }
    Read();
  }

  void OnDone() override {
    TakeFromGrpc(this);
    delete this;
  }

 private:
  void Read() {
    LeaveToGrpc(this);
    StartRead(&request_);
  }
  // Whatever is not OK is for the caller to end the stream with; else it goes
  // on, and may be gone by now.
  Status AnswerOne(const std::shared_ptr<const Snapshot>& snapshot) {
    response_.Clear();
    // A message over the limit is an item that is broken: the others go on.
    RequestError error;
    if (!service_->CheckSize(request_, &error)) {
      response_.set_request_id(request_.request_id());
      ErrorToProto(error, response_.mutable_error());
    } else {
      Answer(Decider(service_->context_, snapshot, NowMicros()), request_,
             &response_);
    }
    stall_.Begin();
    LeaveToGrpc(this);
    StartWrite(&response_);
    return Status::OK;
  }
  void End(const Status& status) {
    LeaveToGrpc(this);
    Finish(status);
  }

  DecisionServiceImpl* const service_;
  CallbackServerContext* const call_;
  const InFlight in_flight_;
  StalledCalls::Call stall_;
  v1::CheckRequest request_;
  v1::CheckStreamResponse response_;
};

grpc::ServerBidiReactor<v1::CheckRequest, v1::CheckStreamResponse>*
DecisionServiceImpl::CheckStream(CallbackServerContext* call) {
  return new Stream(this, call);
}

}  // namespace

std::unique_ptr<v1::DecisionService::CallbackService> MakeDecisionService(
    const ServiceContext& context) {
  return std::make_unique<DecisionServiceImpl>(context);
}

}  // namespace bylaw
