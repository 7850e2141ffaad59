// SPDX-License-Identifier: Apache-2.0
#include "stacd/ioc.h"

namespace stas {

Tid Ioc::path_of(const Tid& tid) {
  if (tid.host_traddr().empty() && tid.host_iface().empty()) return tid;
  auto fields = tid.fields();
  fields.host_traddr.clear();
  fields.host_iface.clear();
  return Tid(std::move(fields));
}

}  // namespace stas
