#include "sim/dram/dram_memory.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <unordered_map>

#include <tlm_utils/peq_with_get.h>

#include "arch/diag/check.h"
#include "arch/diag/error.h"
#include "arch/units/clock.h"
#include "sim/dram/request_train.h"
#include "sim/simulated_time.h"

namespace systole {
namespace {

using Payload = tlm::tlm_generic_payload;

Femtoseconds now() {
  return Femtoseconds(static_cast<std::int64_t>(sc_core::sc_time_stamp().value()));
}

sc_core::sc_time delay_until(Femtoseconds time) {
  return sc_core::sc_time::from_value(static_cast<sc_dt::uint64>((time - now()).count()));
}

/// One request from acceptance of its BEGIN_REQ (or blocking call) to the end of its response.
struct Transaction {
  Payload* payload = nullptr;
  DramSpan span;
  std::vector<std::int8_t> read_bytes;    ///< until the response, when data is carried
  sc_core::sc_event* blocking = nullptr;  ///< of a blocking caller, notified at the end
  RequestTrain* train = nullptr;
};

}  // namespace

/// Turns transactions into spans of the DramSystem and its finished spans into responses.
/// A decision of DRAM cycle k is made 1 fs after the edge, when everything that arrives at the
/// edge, in whatever delta cycle, has arrived: results do not depend on the order of processes.
struct DramMemory::Implementation : sc_core::sc_module {
  SC_HAS_PROCESS(Implementation);

  Implementation(const sc_core::sc_module_name& name, const DramSpec& spec,
                 std::vector<std::int8_t>* bytes, const DramCommandObserver& observer,
                 std::int64_t queue_depth, DramMemory& memory)
      : sc_core::sc_module(name),
        face(memory),
        capacity(spec.capacity),
        clock(spec.standard.timing.tCK),
        last_cycle(clock.edge_at_or_before(Femtoseconds(INT64_MAX - 1))),
        system(spec, queue_depth, observer),
        storage(bytes) {
    SYSTOLE_CHECK(sc_core::sc_get_time_resolution() == sc_core::sc_time(1, sc_core::SC_FS),
                  "the DRAM needs a time resolution of 1 fs, got {}",
                  sc_core::sc_get_time_resolution().to_string());
    SYSTOLE_CHECK(clock.period() > Femtoseconds(1), "a tCK of {} fs is too short",
                  clock.period().count());
    SC_METHOD(decide);
    sensitive << news;
    dont_initialize();
    SC_METHOD(respond);
    sensitive << responses.get_event();
    dont_initialize();
    SC_METHOD(arrive);
    sensitive << arrivals.get_event();
    dont_initialize();
    SC_METHOD(end_requests);
    sensitive << sent_trains.get_event();
    dont_initialize();
  }

  /// Requests and responses of one initiator that cannot go on yet.
  struct Initiator {
    std::deque<Transaction*> waiting;    ///< for room
    std::deque<Transaction*> responses;  ///< for the END_RESP of the one before
    bool responding = false;             ///< BEGIN_RESP sent, END_RESP not yet seen
  };

  Initiator& initiator(InitiatorIndex index) {
    const auto position = static_cast<std::size_t>(index);
    if (position >= initiators.size()) {
      initiators.resize(position + 1);
    }
    return initiators[position];
  }

  [[nodiscard]] tlm::tlm_response_status check(const Payload& payload) const {
    if (!payload.is_read() && !payload.is_write()) {
      return tlm::TLM_COMMAND_ERROR_RESPONSE;
    }
    if (payload.get_byte_enable_ptr() != nullptr) {
      return tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
    }
    const std::uint64_t length = payload.get_data_length();
    if (length == 0 || payload.get_streaming_width() < length) {
      return tlm::TLM_BURST_ERROR_RESPONSE;
    }
    auto limit = static_cast<std::uint64_t>(capacity.count());
    if (storage != nullptr) {
      limit = std::min<std::uint64_t>(limit, storage->size());
    }
    if (payload.get_address() > limit || limit - payload.get_address() < length) {
      return tlm::TLM_ADDRESS_ERROR_RESPONSE;
    }
    return tlm::TLM_OK_RESPONSE;
  }

  /// The record of a payload that passed `check`.
  Transaction& open(int from, Payload& payload) {
    const auto id = static_cast<SpanId>(next_id++);
    Transaction& transaction = transactions[static_cast<std::int64_t>(id)];
    transaction.payload = &payload;
    transaction.span = {id, static_cast<InitiatorIndex>(from),
                        payload.is_read() ? DramOperation::Read : DramOperation::Write,
                        static_cast<std::int64_t>(payload.get_address()),
                        Bytes(payload.get_data_length())};
    return transaction;
  }

  /// True when the span could be queued at once; otherwise it waits for room.
  bool accept(Transaction& transaction) {
    decide_until(last_decided());
    if (transaction.train != nullptr) {
      return submit_train(transaction);
    }
    std::deque<Transaction*>& waiting = initiator(transaction.span.initiator).waiting;
    if (!waiting.empty() || !system.has_room(transaction.span)) {
      waiting.push_back(&transaction);
      plan_news();
      return false;
    }
    submit(transaction);
    return true;
  }

  void submit(Transaction& transaction) {
    move_bytes(transaction);
    system.submit(transaction.span, clock.edge_at_or_after(now()));
    plan_news();
  }

  /// True when all of its requests are sent at once.
  bool submit_train(Transaction& transaction) {
    move_bytes(transaction);
    RequestTrain& train = *transaction.train;
    train.first = now();
    system.submit(DramTrain{.id = transaction.span.id,
                            .initiator = transaction.span.initiator,
                            .address = transaction.span.address,
                            .length = transaction.span.length,
                            .request = train.request,
                            .window = train.window,
                            .clock = train.clock,
                            .hold = train.hold},
                  clock.edge_at_or_after(now()));
    bool sent = false;
    for (const TrainNews& each : system.train_news()) {
      if (each.id == transaction.span.id && time_of(each.last, train) <= now()) {
        sent = true;
      } else {
        hear(each);
      }
    }
    system.train_news().clear();
    plan_news();
    return sent;
  }

  void hear(const TrainNews& heard) {
    Transaction& transaction = transactions.at(static_cast<std::int64_t>(heard.id));
    switch (heard.kind) {
      case TrainNews::Kind::Sent:
        transaction.train->first =
            std::max(transaction.train->first, time_of(heard.first, *transaction.train));
        sent_trains.notify(transaction, delay_until(time_of(heard.last, *transaction.train)));
        break;
      case TrainNews::Kind::Ended:
        finish(transaction, heard.last.end);
        break;
    }
  }

  void finish(Transaction& transaction, DramCycles end) {
    responses.notify(transaction, delay_until(time_of(end)));
  }

  void end_requests() {
    while (Transaction* transaction = sent_trains.get_next_transaction()) {
      send(*transaction, tlm::END_REQ);
    }
  }

  [[nodiscard]] Femtoseconds time_of(DramCycles cycle) const {
    if (cycle > last_cycle) {
      throw UserError(std::string(kTimeIsOver));
    }
    return clock.time_of(cycle);
  }

  [[nodiscard]] Femtoseconds time_of(const SpanAnswer& answer, const RequestTrain& train) const {
    if (answer.held > train.clock.edge_at_or_before(Femtoseconds(INT64_MAX - 1))) {
      throw UserError(std::string(kTimeIsOver));
    }
    return std::max(time_of(answer.end), train.clock.time_of(answer.held));
  }

  /// The decisions of cycle k are made 1 fs after its edge.
  [[nodiscard]] DramCycles last_decided() const {
    return now() == Femtoseconds(0) ? DramCycles(-1)
                                    : clock.edge_at_or_before(now() - Femtoseconds(1));
  }

  void plan_news() {
    if (const std::optional<DramCycles> next = system.next_news(is_awaited_for_room())) {
      const Femtoseconds time = time_of(*next) + Femtoseconds(1);
      news.notify(delay_until(std::max(time, now())));
    }
  }

  /// The ends that become known.
  void decide_until(DramCycles cycle) {
    if (cycle < DramCycles(0)) {
      return;
    }
    for (const FinishedSpan& span : system.decide(cycle)) {
      finish(transactions.at(static_cast<std::int64_t>(span.span)), span.at);
    }
    for (const TrainNews& each : system.train_news()) {
      hear(each);
    }
    system.train_news().clear();
  }

  void decide() {
    decide_until(last_decided());
    for (std::size_t index = 0; index < initiators.size(); ++index) {
      admit(static_cast<InitiatorIndex>(index));
    }
    look_ahead();
    plan_news();
  }

  /// Decides what comes before anything else of the simulation: nobody can ask for anything before.
  void look_ahead() {
    while (!is_awaited_for_room()) {
      const std::optional<DramCycles> next = system.next_news(false);
      const sc_core::sc_time quiet = sc_core::sc_time_to_pending_activity(context);
      if (!next || delay_until(time_of(*next) + Femtoseconds(1)) >= quiet) {
        return;
      }
      decide_until(*next);
    }
  }

  [[nodiscard]] bool is_awaited_for_room() const {
    return std::any_of(initiators.begin(), initiators.end(),
                       [](const Initiator& initiator) { return !initiator.waiting.empty(); });
  }

  void admit(InitiatorIndex index) {
    while (!initiator(index).waiting.empty() &&
           system.has_room(initiator(index).waiting.front()->span)) {
      Transaction& transaction = *initiator(index).waiting.front();
      initiator(index).waiting.pop_front();
      submit(transaction);
      if (transaction.blocking == nullptr) {
        send(transaction, tlm::END_REQ);
      }
    }
  }

  [[nodiscard]] bool carries_data(const Transaction& transaction) const {
    return storage != nullptr && transaction.payload->get_data_ptr() != nullptr;
  }

  /// Between storage and payload (a read: its buffer).
  void move_bytes(Transaction& transaction) {
    if (!carries_data(transaction)) {
      return;
    }
    std::int8_t* const stored = storage->data() + transaction.span.address;
    const auto length = static_cast<std::size_t>(transaction.span.length.count());
    if (transaction.payload->is_read()) {
      transaction.read_bytes.assign(stored, stored + length);
    } else {
      std::memcpy(stored, transaction.payload->get_data_ptr(), length);
    }
  }

  void respond() {
    while (Transaction* transaction = responses.get_next_transaction()) {
      if (!transaction->read_bytes.empty()) {
        std::memcpy(transaction->payload->get_data_ptr(), transaction->read_bytes.data(),
                    transaction->read_bytes.size());
      }
      transaction->payload->set_response_status(tlm::TLM_OK_RESPONSE);
      if (transaction->blocking != nullptr) {
        transaction->blocking->notify();
      } else {
        initiator(transaction->span.initiator).responses.push_back(transaction);
        send_responses(transaction->span.initiator);
      }
    }
  }

  /// One BEGIN_RESP after the other, as far as the initiator has ended the ones before.
  void send_responses(InitiatorIndex index) {
    while (!initiator(index).responding && !initiator(index).responses.empty()) {
      initiator(index).responding = true;
      const tlm::tlm_phase answer = send(*initiator(index).responses.front(), tlm::BEGIN_RESP);
      if (answer == tlm::END_RESP) {
        end_response(index);
      }
    }
  }

  /// Sends a phase backwards; returns the phase after the call, END_RESP when it is completed.
  tlm::tlm_phase send(Transaction& transaction, tlm::tlm_phase phase) {
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    const tlm::tlm_sync_enum result =
        face.socket[static_cast<int>(transaction.span.initiator)]->nb_transport_bw(
            *transaction.payload, phase, delay);
    return result == tlm::TLM_COMPLETED ? tlm::tlm_phase(tlm::END_RESP) : phase;
  }

  void end_response(InitiatorIndex index) {
    SYSTOLE_CHECK(initiator(index).responding, "initiator {} ended a response that was not sent",
                  static_cast<int>(index));
    Transaction& transaction = *initiator(index).responses.front();
    initiator(index).responses.pop_front();
    initiator(index).responding = false;
    if (transaction.payload->has_mm()) {
      transaction.payload->release();
    }
    close(transaction);
  }

  void close(const Transaction& transaction) {
    transactions.erase(static_cast<std::int64_t>(transaction.span.id));
  }

  /// Requests whose annotated delay is over.
  void arrive() {
    while (Transaction* transaction = arrivals.get_next_transaction()) {
      if (accept(*transaction)) {
        send(*transaction, tlm::END_REQ);
      }
    }
  }

  const sc_core::sc_simcontext* context = sc_core::sc_get_curr_simcontext();
  DramMemory& face;
  Bytes capacity;
  Clock<DramCycles> clock;
  DramCycles last_cycle;  ///< that has a time
  DramSystem system;
  std::vector<std::int8_t>* storage;
  std::unordered_map<std::int64_t, Transaction> transactions;  ///< by id, never walked through
  std::int64_t next_id = 0;
  std::deque<Initiator> initiators;
  sc_core::sc_event news;
  tlm_utils::peq_with_get<Transaction> arrivals{"arrivals"};
  tlm_utils::peq_with_get<Transaction> responses{"responses"};
  tlm_utils::peq_with_get<Transaction> sent_trains{"sent_trains"};
};

DramMemory::DramMemory(const sc_core::sc_module_name& name, const DramSpec& spec,
                       std::vector<std::int8_t>* storage, const DramCommandObserver& observer,
                       std::int64_t queue_depth)
    : sc_core::sc_module(name),
      implementation_(std::make_unique<Implementation>("controller", spec, storage, observer,
                                                       queue_depth, *this)) {
  socket.register_nb_transport_fw(this, &DramMemory::nb_transport_fw);
  socket.register_b_transport(this, &DramMemory::b_transport);
  socket.register_transport_dbg(this, &DramMemory::transport_dbg);
}

DramMemory::~DramMemory() = default;

DramCounters DramMemory::counters() const {
  implementation_->decide_until(implementation_->last_decided());
  return implementation_->system.counters();
}

tlm::tlm_sync_enum DramMemory::nb_transport_fw(int initiator, Payload& payload,
                                               tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  if (phase == tlm::END_RESP) {
    const auto index = static_cast<InitiatorIndex>(initiator);
    implementation_->end_response(index);
    implementation_->send_responses(index);
    return tlm::TLM_COMPLETED;
  }
  SYSTOLE_CHECK(phase == tlm::BEGIN_REQ, "initiator {} sent phase {}", initiator, phase.get_name());
  const tlm::tlm_response_status status = implementation_->check(payload);
  if (status != tlm::TLM_OK_RESPONSE) {
    payload.set_response_status(status);
    return tlm::TLM_COMPLETED;
  }
  if (payload.has_mm()) {
    payload.acquire();
  }
  Transaction& transaction = implementation_->open(initiator, payload);
  payload.get_extension(transaction.train);
  if (delay > sc_core::SC_ZERO_TIME) {
    implementation_->arrivals.notify(transaction, delay);
    return tlm::TLM_ACCEPTED;
  }
  if (implementation_->accept(transaction)) {
    phase = tlm::END_REQ;
    return tlm::TLM_UPDATED;
  }
  return tlm::TLM_ACCEPTED;
}

void DramMemory::b_transport(int initiator, Payload& payload, sc_core::sc_time& delay) {
  const tlm::tlm_response_status status = implementation_->check(payload);
  if (status != tlm::TLM_OK_RESPONSE) {
    payload.set_response_status(status);
    return;
  }
  sc_core::wait(delay);
  delay = sc_core::SC_ZERO_TIME;
  sc_core::sc_event done;
  Transaction& transaction = implementation_->open(initiator, payload);
  transaction.blocking = &done;
  implementation_->accept(transaction);
  sc_core::wait(done);
  implementation_->close(transaction);
}

unsigned int DramMemory::transport_dbg(int /*initiator*/, Payload& payload) {
  if (implementation_->check(payload) != tlm::TLM_OK_RESPONSE ||
      implementation_->storage == nullptr || payload.get_data_ptr() == nullptr) {
    return 0;
  }
  std::int8_t* stored = implementation_->storage->data() + payload.get_address();
  const std::size_t length = payload.get_data_length();
  if (payload.is_read()) {
    std::memcpy(payload.get_data_ptr(), stored, length);
  } else {
    std::memcpy(stored, payload.get_data_ptr(), length);
  }
  return payload.get_data_length();
}

}  // namespace systole
