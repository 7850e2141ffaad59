// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/identity/connect_options.h"

namespace stas {

ConnectOptions merged(const ConnectOptions& base, const ConnectOptions& over) {
  ConnectOptions out = base;
  const auto lay = [](auto& field, const auto& above) {
    if (above.has_value()) field = above;
  };
  lay(out.hdr_digest, over.hdr_digest);
  lay(out.data_digest, over.data_digest);
  lay(out.disable_sqflow, over.disable_sqflow);
  lay(out.kato, over.kato);
  lay(out.queue_size, over.queue_size);
  lay(out.reconnect_delay, over.reconnect_delay);
  lay(out.ctrl_loss_tmo, over.ctrl_loss_tmo);
  lay(out.nr_io_queues, over.nr_io_queues);
  lay(out.nr_write_queues, over.nr_write_queues);
  lay(out.nr_poll_queues, over.nr_poll_queues);
  const auto lay_safe = [&](const char* name, auto& field, const auto& above) {
    if (!above.has_value()) return;
    field = above;
    out.missing.erase(name);
  };
  lay_safe("tls", out.tls, over.tls);
  lay_safe("tls-concat", out.tls_concat, over.tls_concat);
  lay_safe("keyring", out.keyring, over.keyring);
  lay_safe("tls-key", out.tls_key, over.tls_key);
  if (!over.dhchap_secret.empty()) out.dhchap_secret = over.dhchap_secret;
  if (!over.dhchap_ctrl_secret.empty()) out.dhchap_ctrl_secret = over.dhchap_ctrl_secret;
  for (const auto& [option, why] : over.missing) out.missing[option] = why;
  return out;
}

bool wants_tls(const ConnectOptions& options) {
  return options.tls.value_or(options.tls_key.has_value() && !options.tls_concat.value_or(false));
}

std::string obstacle(const ConnectOptions& options) {
  if (options.missing.empty()) return {};
  const auto& [option, why] = *options.missing.begin();
  return option + "= cannot be honoured: " + why;
}

}  // namespace stas
