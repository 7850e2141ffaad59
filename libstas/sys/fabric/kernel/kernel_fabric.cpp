// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/kernel/kernel_fabric.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "libstas/sys/fabric/kernel/connect_error.h"
#include "libstas/sys/fabric/kernel/fabrics_device.h"
#include "libstas/sys/fabric/kernel/log_fetch.h"
#include "libstas/sys/fabric/kernel/registry.h"
#include "libstas/sys/fabric/kernel/usage.h"
#include "libstas/sys/net/interfaces.h"
#include "libstas/sys/os/descriptors.h"

namespace stas {

namespace {

constexpr std::size_t kMaxInquiries = 16;  // at once; failures beyond these keep the general message

// One command per controller at a time. 64 mute ones keep all others waiting, for as long as a command may take.
constexpr WorkerLimits kCommands = {.threads = 64, .per_key = 1, .queued = 65536};
// Deletes do not wait behind commands that get no answer, however many there are.
constexpr WorkerLimits kDeletes = {.threads = 64, .per_key = 1, .queued = 65536};

// Each may hang with its device; what waits for a thread for too long counts as in use.
constexpr WorkerLimits kInspections = {.threads = 64, .per_key = 1, .queued = 65536};

// As the kernel has them now.
bool any_is_live(const KernelPaths& paths, const std::vector<DeviceRef>& refs) {
  return std::ranges::any_of(refs, [&](const DeviceRef& ref) {
    const auto device = read_device(paths, ref.name);
    return device && device->ref == ref && path_state(&*device) == "live";
  });
}

// With our entry in the registry. It is gone before the name can be somebody else's, or another one by then.
Result<void> remove_controller(const KernelPaths& paths, const DeviceRef& ref) {
  const RegistryEntry entry = read_registry(paths, ref.name);
  auto removed = delete_device(paths, ref);
  if (removed && entry.owner == kOwner) remove_entry(paths, ref.name, entry);
  return removed;
}

KernelCalls with_real_calls(KernelCalls calls, const KernelPaths& paths) {
  if (!calls.connect) calls.connect = [paths](const Connect& order) { return connect_controller(paths, order); };
  if (!calls.supported_options) calls.supported_options = [paths] { return read_supported_options(paths); };
  if (!calls.open_admin) calls.open_admin = open_admin;
  if (!calls.interfaces) calls.interfaces = read_interfaces;
  if (!calls.usage)
    calls.usage = [paths, probe = usage_probe()](const DeviceRef& ref) { return read_usage(paths, ref, probe); };
  if (!calls.remove) calls.remove = [paths](const DeviceRef& ref) { return remove_controller(paths, ref); };
  if (!calls.claim) calls.claim = [paths](const std::string& name) { return claim_controller(paths, name); };
  return calls;
}

Error late(const DeviceRef& device, const char* what) {
  return Error{ErrorKind::timed_out, 0, device.name + ": " + what + " did not end in time"};
}

Error no_thread(const DeviceRef& device) {
  return Error{ErrorKind::busy, 0, device.name + ": too many operations are waiting"};
}

OpResult register_at(const AdminSession& session, const Register& order) {
  std::string dctype;
  if (order.ask_first) {
    auto told = session.dctype();
    if (!told) return told.error();
    dctype = std::move(*told);
    if (dctype == "none") return Registered{{}, std::move(dctype)};
  }
  auto refusal = session.dim_send(order.task, order.data);
  if (!refusal) return refusal.error();
  return Registered{std::move(*refusal), std::move(dctype)};
}

template <class T>
OpResult either(Result<T> result) {
  if (!result) return result.error();
  return std::move(*result);
}

}  // namespace

KernelFabric::KernelFabric(Loop& loop, KindOfInterest interest, KernelPaths paths, KernelLimits limits,
                           KernelCalls calls)
    : loop_(loop),
      paths_(std::move(paths)),
      limits_(limits),
      calls_(with_real_calls(std::move(calls), paths_)),
      options_(options_of_running_kernel()),
      ops_(loop),
      network_(
          loop, [this](Interfaces interfaces) { see_interfaces(std::move(interfaces)); }, calls_.interfaces),
      devices_(loop, paths_, interest, [this](Event event) { emit(std::move(event)); }),
      connects_(loop, ops_, limits.connect, calls_.connect,
                [this](const Connect& order, Result<std::string> name) { on_connected(order, std::move(name)); }),
      commands_(loop, kCommands),
      deletes_(loop, kDeletes),
      inspections_(loop, kInspections),
      scan_later_(loop.once([this] { scan_now(); })) {
  ops_.set_sink([this](Event event) { emit(std::move(event)); });
}

KernelFabric::~KernelFabric() {
  commands_.stop(Duration::zero());
  deletes_.stop(Duration::zero());
  inspections_.stop(Duration::zero());
}

Result<void> KernelFabric::start(Sink sink) {
  sink_ = std::move(sink);
  if (auto watching = devices_.start(); !watching) return watching;
  // A sandbox may forbid it: then a new interface is noticed at the next audit, or when a connection uses it.
  if (auto watching = network_.start(); is_shortage(watching)) return watching;
  ask_options();
  rescan();
  return {};
}

void KernelFabric::submit(FabricOp op) {
  std::visit([this](auto& order) { run(std::move(order)); }, op);
}

void KernelFabric::rescan() { scan_later_.arm(); }

// The interfaces go first: they say which source a controller has.
void KernelFabric::scan_now() {
  network_.look([this] { static_cast<void>(devices_.scan()); });
}

void KernelFabric::see_interfaces(Interfaces interfaces) {
  interfaces_ = std::move(interfaces);
  if (sink_) sink_(InterfacesSeen{interfaces_});
}

// On a worker, because in the kernel even this waits for the connects of other programs.
void KernelFabric::ask_options() {
  // Until there is an answer, the release of the kernel decides.
  static_cast<void>(commands_.submit("options", [this, ask = calls_.supported_options] {
    auto options = ask();
    return Worker::Completion([this, options = std::move(options)] {
      if (options) options_ = *options;
    });
  }));
}

void KernelFabric::emit(Event event) {
  held_.push_back({std::move(event)});
  emit_held();
}

// A connection from an address we have not heard of: an interface came up meanwhile.
bool KernelFabric::comes_from_unknown(const Event& event) const {
  const auto* seen = std::get_if<DeviceSeen>(&event);
  return seen != nullptr && !seen->device.src_addr.empty() && interface_of(interfaces_, seen->device.src_addr).empty();
}

// The name of that interface is needed to judge the connection (compatibility contract 4.5), so it goes first, and all
// that happened since comes after both.
void KernelFabric::emit_held() {
  while (!holding_ && !held_.empty()) {
    if (!held_.front().looked_for && comes_from_unknown(held_.front().event)) {
      held_.front().looked_for = holding_ = true;
      return network_.look([this] {
        holding_ = false;
        emit_held();
      });
    }
    Event event = std::move(held_.front().event);
    held_.pop_front();
    if (sink_) sink_(std::move(event));
  }
}

void KernelFabric::run(Connect op) { connects_.submit(std::move(op)); }

void KernelFabric::on_connected(const Connect& order, Result<std::string> name) {
  const OpId op = order.op;
  if (!name) {
    if (order.explain && is_unexplained(name.error())) return inquire(order, name.error());
    return ops_.finish(op, name.error());
  }
  if (const auto claimed = calls_.claim(*name); !claimed)
    emit(Trouble{
        "Our connections cannot be written into the ownership registry, so `nvme disconnect-all` may cut them: " +
        claimed.error().text});
  auto device = devices_.current(*name);
  if (!device) {
    const bool gone = device.error().kind == ErrorKind::not_found;
    return ops_.finish(op, gone ? Error{ErrorKind::closed, 0, *name + ": connected, but the controller is gone again"}
                                : device.error());
  }
  ops_.finish(op, Connected{std::move(*device)});
}

// The kernel keeps the reason to its log, so the controller is asked.
void KernelFabric::inquire(const Connect& order, const Error& error) {
  if (!ops_.is_pending(order.op)) return;
  std::unique_ptr<ConnectInquiry> inquiry;
  if (!stopped_ && inquiries_.size() < kMaxInquiries)
    inquiry = ConnectInquiry::begin(loop_, order, [this, op = order.op, tid = order.tid, error](auto why) {
      ops_.finish(op, why ? connect_error(tid, error.errnum, *why) : error);
      inquiries_.erase(op);
    });
  if (!inquiry) return ops_.finish(order.op, error);
  ops_.extend(order.op, 3 * ConnectInquiry::kPatience, error);  // an inquiry takes two at most
  inquiries_.emplace(order.op, Inquiry{error, std::move(inquiry)});
}

void KernelFabric::stop_connecting() {
  stopped_ = true;
  connects_.stop();
  for (auto& [op, inquiry] : std::exchange(inquiries_, {})) ops_.finish_later(op, inquiry.error);
}

void KernelFabric::run(Disconnect op) {
  const auto over = ops_.begin(op.op, limits_.disconnect, late(op.device, "the disconnect"));
  // It may be somebody else's since the devices were looked at.
  if (const std::string owner = devices_.owner_now(op.device); !owner.empty()) {
    rescan();
    return ops_.finish_later(
        op.op, Error{ErrorKind::permission, 0,
                     op.device.name + ": belongs to " + owner + " (" + paths_.registry + "), and is left alone"});
  }
  const bool taken = deletes_.submit(op.device.name, [this, over, id = op.op, ref = op.device, beside = op.beside,
                                                      paths = paths_, remove = calls_.remove] {
    // Its deadline has passed: nobody waits for it, and perhaps nobody wants it any more.
    if (over->load()) return Worker::Completion();
    if (!beside.empty() && !any_is_live(paths, beside))
      return Worker::Completion([this, id, name = ref.name, beside] {
        for (const auto& path : beside) static_cast<void>(devices_.refresh(path.name));
        ops_.finish(id, Error{ErrorKind::cancelled, 0, name + ": no other path to its subsystem is live any more"});
      });
    auto removed = remove(ref);
    return Worker::Completion([this, id, name = ref.name, removed = std::move(removed)] {
      static_cast<void>(devices_.refresh(name));
      if (removed) {
        ops_.finish(id, Disconnected{});
      } else {
        ops_.finish(id, removed.error());
      }
    });
  });
  if (!taken) ops_.finish_later(op.op, no_thread(op.device));
}

void KernelFabric::run(InspectUsage op) {
  const auto over = ops_.begin(op.op, limits_.usage, late(op.device, "the look at what uses it"));
  auto job = [this, over, id = op.op, ref = op.device, usage = calls_.usage] {
    if (over->load()) return Worker::Completion();
    return Worker::Completion(
        [this, id, result = either(usage(ref))]() mutable { ops_.finish(id, std::move(result)); });
  };
  if (!inspections_.submit(op.device.name, std::move(job))) ops_.finish_later(op.op, no_thread(op.device));
}

void KernelFabric::run(Register op) {
  const OpId id = op.op;
  const DeviceRef device = op.device;
  run_admin(id, device, [order = std::move(op)](const AdminSession& session) { return register_at(session, order); });
}

void KernelFabric::run(FetchSupported op) {
  run_admin(op.op, op.device, [name = op.device.name](const AdminSession& session) {
    return either(fetch_supported_log_pages(session, name));
  });
}

void KernelFabric::run(FetchLogPage op) {
  run_admin(op.op, op.device,
            [name = op.device.name, pleo = op.pleo, known = op.known_genctr](const AdminSession& session) {
              return either(fetch_log_page(session, name, pleo, known));
            });
}

void KernelFabric::run_admin(OpId op, const DeviceRef& device, std::function<OpResult(const AdminSession&)> talk) {
  const auto over = ops_.begin(op, limits_.admin, late(device, "the command"));
  auto job = [this, op, over, ref = device, paths = paths_, open = calls_.open_admin, talk = std::move(talk)] {
    if (over->load()) return Worker::Completion();
    const auto answer = [&]() -> OpResult {
      const auto session = open(paths.dev + "/" + ref.name, ref.name);
      if (!session) return session.error();
      // After the open: if the name still is this incarnation's now, it was so when it was opened (regressions 28).
      if (auto same = check_incarnation(paths, ref); !same) return same.error();
      return talk(*session);
    };
    return Worker::Completion([this, op, result = answer()]() mutable { ops_.finish(op, std::move(result)); });
  };
  if (!commands_.submit(device.name, std::move(job))) ops_.finish_later(op, no_thread(device));
}

}  // namespace stas
