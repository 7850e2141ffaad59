// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/kernel/connect_string.h"

#include <string_view>

#include "libstas/core/base/unicode.h"
#include "libstas/core/identity/nqn.h"

namespace stas {

namespace {

constexpr std::string_view kSecretPrefix = "DHHC-1:";
constexpr std::size_t kMinSecretLength = 11;

// Collects options; the first error sticks.
class Builder {
 public:
  Builder(const Tid& tid, const SupportedOptions& supported) : tid_(tid), supported_(supported) {
    text_.reserve(kMaxConnectString);  // grown in place: no piece of a key stays behind
  }

  void text(std::string_view name, std::string_view value) {
    if (!supported_.has(name)) return;
    if (!is_injection_free(value)) {
      return refuse(std::string(name) + " is empty or contains a comma or a control character");
    }
    append(name, value);
  }

  void secret(std::string_view name, const Secret& value) {
    if (value.empty() || !supported_.has(name)) return;
    const std::string& key = value.reveal();
    if (key.size() < kMinSecretLength || !key.starts_with(kSecretPrefix) || !is_injection_free(key)) {
      return refuse(std::string(name) + " is not of the form DHHC-1:hh:base64:");
    }
    append(name, key);
  }

  void number(std::string_view name, int value) {
    if (supported_.has(name)) append(name, std::to_string(value));
  }
  void positive(std::string_view name, const std::optional<int>& value) {
    if (value.value_or(0) > 0) number(name, *value);
  }

  // What the connection must not be made without.
  bool must(std::string_view name) {
    if (!supported_.has(name))
      refuse("this kernel does not know the option " + std::string(name) +
                 " (TLS for NVMe/TCP came with Linux 6.7, where it is built in; concat later)",
             ErrorKind::not_supported);
    return supported_.has(name);
  }
  void serial(std::string_view name, const std::optional<int>& value) {
    if (value && must(name)) number(name, *value);
  }

  void flag(std::string_view name, bool wanted) {
    if (wanted && supported_.has(name)) add(name);
  }

  void refuse(std::string why, ErrorKind kind = ErrorKind::invalid_input) {
    if (!error_) error_ = Error{kind, 0, tid_.to_string() + ": cannot connect: " + why};
  }

  Result<Secret> finish() {
    Secret made(std::move(text_));
    if (error_) return tl::unexpected(*error_);
    return made;
  }

 private:
  void append(std::string_view name, std::string_view value) {
    if (add(name, value.size() + 1)) text_.append("=").append(value);
  }
  bool add(std::string_view name, std::size_t more = 0) {
    const std::string_view separator = text_.empty() ? "" : ",";
    const bool fits = text_.size() + separator.size() + name.size() + more <= kMaxConnectString;
    if (fits)
      text_.append(separator).append(name);
    else
      refuse("the connect string is longer than the kernel takes");
    return fits;
  }

  const Tid& tid_;
  const SupportedOptions& supported_;
  std::string text_;
  std::optional<Error> error_;
};

// The kernel takes a link-local address, its own side's as well, only with a scope. That is the interface we were told,
// else the one the other side's address names.
std::string with_scope(const std::string& address, const Tid& tid, const std::string& other_side) {
  const auto ip = IpAddress::parse(address);
  if (!ip || !ip->is_link_local() || !ip->scope().empty()) return address;
  if (!tid.host_iface().empty()) return ip->with_scope(tid.host_iface()).to_string();
  const auto other = IpAddress::parse(other_side);
  return other && other->is_link_local() ? ip->with_scope(other->scope()).to_string() : address;
}

void put_address(Builder& out, const Tid& tid) {
  const Transport transport = tid.transport();
  if (is_ip_transport(transport) && !tid.ip()) {
    return out.refuse("traddr is not an IP address: the kernel resolves no names");
  }
  if (transport == Transport::fc && (tid.traddr().empty() || tid.host_traddr().empty())) {
    return out.refuse("fc needs traddr and host-traddr");
  }
  if (!tid.traddr().empty() && tid.traddr() != "none")
    out.text("traddr", with_scope(tid.traddr(), tid, tid.host_traddr()));
  if (!tid.host_traddr().empty() && transport != Transport::loop)
    out.text("host_traddr", with_scope(tid.host_traddr(), tid, tid.traddr()));
  // Any other transport refuses the connect because of it (regressions 20).
  if (!tid.host_iface().empty() && transport == Transport::tcp) out.text("host_iface", tid.host_iface());
  if (!tid.trsvcid().empty() && is_ip_transport(transport)) out.text("trsvcid", tid.trsvcid());
}

void put_host(Builder& out, const Connect& connect) {
  const HostIdentity& host = connect.host;
  if (host.nqn.size() > kMaxKernelNqnLength) return out.refuse("the host NQN is longer than 222 bytes");
  out.text("hostnqn", host.nqn);
  out.text("hostid", host.id);
}

void put_authentication(Builder& out, const Connect& connect) {
  if (const std::string why = obstacle(connect.options); !why.empty()) return out.refuse(why);
  const Secret& secret = connect.options.dhchap_secret.empty() ? connect.host.key : connect.options.dhchap_secret;
  if (secret.empty()) return;
  out.secret("dhchap_secret", secret);
  out.secret("dhchap_ctrl_secret", connect.options.dhchap_ctrl_secret);
}

// A key or a keyring alone encrypts nothing; a kernel that has no TLS must not connect without.
void put_tls(Builder& out, const Connect& connect) {
  const ConnectOptions& options = connect.options;
  const bool concat = options.tls_concat.value_or(false), tls = wants_tls(options);
  if (!tls && !concat) return;
  if (connect.tid.transport() != Transport::tcp)
    return out.refuse("TLS is for transport=tcp; write tls=false and tls-concat=false for this controller");
  if (concat && (tls || options.tls_key))
    return out.refuse("tls-concat=true makes a key of its own: it goes with neither tls=true nor tls-key=");
  if (concat && options.dhchap_secret.empty() && connect.host.key.empty())
    return out.refuse("tls-concat=true needs a DH-HMAC-CHAP key (dhchap-secret=, or the host key of sys.conf)");
  out.serial("keyring", options.keyring);
  if (tls) out.serial("tls_key", options.tls_key);
  if (out.must(tls ? "tls" : "concat")) out.flag(tls ? "tls" : "concat", true);
}

void put_queues(Builder& out, const Connect& connect) {
  const ConnectOptions& options = connect.options;
  if (connect.kind == ControllerKind::discovery) return;  // no I/O queues there
  out.positive("nr_io_queues", options.nr_io_queues);
  if (is_ip_transport(connect.tid.transport())) {
    out.positive("nr_write_queues", options.nr_write_queues);
    out.positive("nr_poll_queues", options.nr_poll_queues);
  }
  out.positive("queue_size", options.queue_size);
}

void put_timers(Builder& out, const Connect& connect) {
  const ConnectOptions& options = connect.options;
  out.positive("keep_alive_tmo", options.kato);
  if (connect.tid.transport() == Transport::loop) return;  // it knows neither
  out.positive("reconnect_delay", options.reconnect_delay);
  const int ctrl_loss_tmo = options.ctrl_loss_tmo.value_or(kDefaultCtrlLossTmo);
  if (ctrl_loss_tmo >= kForEver) out.number("ctrl_loss_tmo", ctrl_loss_tmo);
}

}  // namespace

Result<Secret> connect_string(const Connect& connect, const SupportedOptions& supported) {
  const Tid& tid = connect.tid;
  Builder out(tid, supported);
  if (tid.subsysnqn().size() > kMaxKernelNqnLength) {
    out.refuse("the subsystem NQN is " + std::to_string(tid.subsysnqn().size()) +
               " bytes long, the Linux kernel takes at most 222");
  }
  out.text("nqn", tid.subsysnqn());
  out.text("transport", to_text(tid.transport()));
  put_address(out, tid);
  put_host(out, connect);
  const bool unique_dc = connect.kind == ControllerKind::discovery && tid.subsysnqn() != kWellKnownDiscoveryNqn;
  if (unique_dc && !supported.has("discovery")) {
    // Without the option the kernel would make an I/O controller of it.
    out.refuse("this kernel cannot connect to a discovery controller with a unique NQN (Linux 5.16 can)",
               ErrorKind::not_supported);
  }
  out.flag("discovery", unique_dc);
  put_authentication(out, connect);
  put_queues(out, connect);
  put_timers(out, connect);
  out.flag("disable_sqflow", connect.options.disable_sqflow.value_or(false));
  if (tid.transport() == Transport::tcp) {
    out.flag("hdr_digest", connect.options.hdr_digest.value_or(false));
    out.flag("data_digest", connect.options.data_digest.value_or(false));
  }
  put_tls(out, connect);
  return out.finish();
}

}  // namespace stas
