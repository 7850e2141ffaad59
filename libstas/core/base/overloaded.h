// SPDX-License-Identifier: Apache-2.0
//
// One visitor made of several functions, for std::visit.
#pragma once

namespace stas {

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

}  // namespace stas
