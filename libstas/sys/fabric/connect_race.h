// SPDX-License-Identifier: Apache-2.0
//
// The probe before a connect whose host name stands for several addresses (Connect::others): all of them are raced.
// When the one of the Tid wins it is connected; when another does, that is the answer, and it is for the brain to order
// the connect there: a Tid is one address.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "libstas/core/brain/action.h"
#include "libstas/core/brain/event.h"
#include "libstas/sys/net/address_race.h"

namespace stas {

class ConnectRaces {
 public:
  // nullopt: the address of the Tid answered first. Else AnsweredElsewhere or NobodyAnswered.
  using Done = std::function<void(const Connect&, std::optional<OpResult>)>;

  // Both must outlive it.
  ConnectRaces(Loop& loop, Prober& prober) : loop_(loop), prober_(prober) {}

  // `own`: the address of the Tid. Exactly one call of `done`, from the loop, never from inside begin().
  void begin(Connect connect, TcpEndpoint own, Done done);
  // Nobody is asked any more, and no `done` called.
  void stop() { races_.clear(); }

 private:
  Loop& loop_;
  Prober& prober_;
  std::map<OpId, std::unique_ptr<AddressRace>> races_;
};

}  // namespace stas
