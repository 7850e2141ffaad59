// SPDX-License-Identifier: Apache-2.0
//
// How desire() works: the sources one after the other (sources.cpp), then what they no longer name and why it may stay
// all the same (holds.cpp), then the referrals of what stays (referrals.cpp). Private to these three and desirer.cpp.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "libstas/core/brain/earlier_hosts.h"
#include "libstas/core/config/filter.h"
#include "stafd/desired.h"

namespace stas {

// It is not to be: not connected either.
Verdict refused(Reason reason);
// It stays, connected, for as long as what it waits for is not there.
Verdict held(Reason reason, std::string waits_for);

// One run of desire().
class Desirer {
 public:
  explicit Desirer(const DcFacts& facts);
  DesiredDcs run();

 private:
  const Dc* find(const Tid& tid) const { return f_.dcs.find(tid); }
  bool is_wished(const Tid& tid) const {
    const auto it = out_.wishes.find(tid);
    return it != out_.wishes.end() && it->second.verdict.stays();
  }
  Tid current(const Tid& tid, bool system_identity) const;
  void add(Tid tid, Wish wish);
  Usability usability_as(Origin origin, const Tid& tid) const;  // as what a source of that kind names
  bool may_stay(const Tid& tid) const;                          // what is known and may be named
  void judge_host_excluded(const Tid& tid, Wish& wish) const;
  void judge_not_included(const Tid& tid, Wish& wish) const;
  struct Hold {
    std::string waits_for;
    Instant until = kNever;
    bool connects = true;
    bool replaced = false;
  };
  void keep(const Dc& dc, Origin origin, Sources sources, Hold hold);
  void warn(std::string text) { out_.reports.push_back(Report{Level::warning, std::nullopt, {}, std::move(text)}); }

  void configured();
  void announced();
  void from_other_sources();
  void configured_before();
  void orphans();
  void orphans_of_the_gone();
  const Dc* unread_at(const Tid& gone) const;
  void renamed();
  bool keep_for_doubt(const Dc& dc);
  bool keep_for_unresolved(const Dc& dc);
  bool keep_for_host_name(const Dc& dc);
  const std::string& name_of_address(const Tid& tid) const;
  bool keep_for_replacement(const Dc& dc);
  bool replaces(const Tid& tid, const Wish& wish, const Dc& old) const;
  void expand_all();
  const Dc* predecessor(const Tid& tid) const;
  void refer(std::map<Tid, Wish>& found, const Dc& parent, const Wish& parent_wish);
  std::set<std::size_t> chosen_duplicates(const Dc& parent, const std::vector<Tid>& tids) const;

  const DcFacts& f_;
  Instant started_;
  DesiredDcs out_;
  EarlierHosts hosts_;
  std::map<std::string, Tid> host_names_;  // host name and the rest of its line -> the address in use
  std::set<Tid> visited_;
  std::map<Tid, std::vector<Tid>> children_;  // of parents whose page is not known
};

}  // namespace stas
