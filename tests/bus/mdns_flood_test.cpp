// SPDX-License-Identifier: Apache-2.0
//
// libstas/sys/mdns and somebody on the link who announces thousands of services that never resolve. avahi-daemon is
// played: the real one would take minutes for them.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <systemd/sd-bus.h>

#include "libstas/sys/mdns/mdns.h"
#include "libstas/sys/mdns/mdns_services.h"
#include "tests/bus/private_bus.h"
#include "tests/unit/sys/loop_helper.h"

namespace stas::test {
namespace {

// More than resolvers at a time, and few enough for a few seconds; STAS_MDNS_SERVICES=5000 is more than are looked at.
std::size_t services_announced() {
  const char* number = std::getenv("STAS_MDNS_SERVICES");
  return number != nullptr ? std::stoul(number) : kMaxMdnsResolvers + 240;
}
constexpr const char* kResolver = "/resolver/";

// As much of avahi-daemon as the client library wants. Every resolver fails at once.
class FakeAvahi {
 public:
  FakeAvahi(Loop& loop, const std::string& address) {
    EXPECT_GE(sd_bus_new(&bus_), 0);
    EXPECT_GE(sd_bus_set_address(bus_, address.c_str()), 0);
    EXPECT_GE(sd_bus_set_bus_client(bus_, 1), 0);
    EXPECT_GE(sd_bus_start(bus_), 0);
    EXPECT_GE(sd_bus_add_filter(bus_, nullptr, on_message, this), 0);
    EXPECT_GE(sd_bus_attach_event(bus_, loop.native(), 0), 0);
    EXPECT_GE(sd_bus_request_name(bus_, "org.freedesktop.Avahi", 0), 0);
  }
  ~FakeAvahi() { sd_bus_flush_close_unref(bus_); }
  FakeAvahi(const FakeAvahi&) = delete;
  FakeAvahi& operator=(const FakeAvahi&) = delete;

  void announce_on_the_other(std::size_t count) { on_the_other_ = count; }  // interface; after those of the first
  std::size_t made() const { return made_; }
  std::size_t most_open() const { return most_open_; }
  std::size_t most_of_one() const {
    std::size_t most = 0;
    for (const auto& [name, count] : asked_) most = std::max(most, count);
    return most;
  }

 private:
  static int on_message(sd_bus_message* call, void* data, sd_bus_error*) {
    auto& self = *static_cast<FakeAvahi*>(data);
    const char* member = sd_bus_message_get_member(call);
    if (member == nullptr || sd_bus_message_is_method_call(call, nullptr, nullptr) <= 0) return 0;
    return self.answer(call, member);
  }

  int answer(sd_bus_message* call, const std::string& member) {
    const std::string path = sd_bus_message_get_path(call);
    if (member == "GetAPIVersion") return sd_bus_reply_method_return(call, "u", 0x0203);
    if (member == "GetState") return sd_bus_reply_method_return(call, "i", 2);  // running
    if (member == "Free") {
      open_.erase(path);
      return sd_bus_reply_method_return(call, "");
    }
    if (member == "ServiceBrowserNew") return browse(call);
    if (member == "ServiceResolverNew") return resolve(call);
    return 0;
  }

  int browse(sd_bus_message* call) {
    int interface = 0, protocol = 0;
    const char *type = nullptr, *domain = nullptr;
    if (const int r = sd_bus_message_read(call, "iiss", &interface, &protocol, &type, &domain); r < 0) return r;
    const std::string path = "/browser/" + std::to_string(++objects_);
    int r = sd_bus_reply_method_return(call, "o", path.c_str());
    if (std::string(type) != "_nvme-disc._tcp") return r;
    for (const auto& [index, count] : std::map<int, std::size_t>{{1, services_announced()}, {2, on_the_other_}})
      for (std::size_t i = 0; i < count && r >= 0; ++i)
        r = tell(call, path, "ServiceBrowser", "ItemNew", "iisssu", index, 0, ("array " + std::to_string(i)).c_str(),
                 type, domain, 0U);
    return r;
  }

  int resolve(sd_bus_message* call) {
    int interface = 0, protocol = 0;
    const char* name = nullptr;
    if (const int r = sd_bus_message_read(call, "iis", &interface, &protocol, &name); r < 0) return r;
    ++made_;
    ++asked_[name];
    const std::string path = kResolver + std::to_string(++objects_);
    open_.insert(path);
    most_open_ = std::max(most_open_, open_.size());
    const int r = sd_bus_reply_method_return(call, "o", path.c_str());
    if (r < 0) return r;
    return tell(call, path, "ServiceResolver", "Failure", "s", "org.freedesktop.Avahi.TimeoutError");
  }

  // A signal for the one who called, as avahi-daemon sends them.
  template <class... Args>
  int tell(sd_bus_message* call, const std::string& path, const std::string& interface, const char* member,
           const char* types, Args... args) {
    sd_bus_message* signal = nullptr;
    int r =
        sd_bus_message_new_signal(bus_, &signal, path.c_str(), ("org.freedesktop.Avahi." + interface).c_str(), member);
    if (r >= 0) r = sd_bus_message_append(signal, types, args...);
    if (r >= 0) r = sd_bus_message_set_destination(signal, sd_bus_message_get_sender(call));
    if (r >= 0) r = sd_bus_send(bus_, signal, nullptr);
    sd_bus_message_unref(signal);
    return r;
  }

  sd_bus* bus_ = nullptr;
  std::size_t objects_ = 0;
  std::size_t on_the_other_ = 0;
  std::size_t made_ = 0;
  std::size_t most_open_ = 0;
  std::set<std::string> open_;
  std::map<std::string, std::size_t> asked_;
};

class MdnsFlood : public ::testing::Test {
 protected:
  // One for all: the client library remembers where the bus was.
  static void SetUpTestSuite() { daemon_ = std::make_unique<PrivateBus>(); }
  static void TearDownTestSuite() { daemon_.reset(); }

  static MdnsTiming timing() {
    MdnsTiming timing;
    timing.unresolved = {std::chrono::hours(1), std::chrono::hours(1), 0};
    return timing;
  }

  // Until every service that is looked at was asked both ways, and then long enough for somebody who asks without pause
  // to ask many of them again.
  void run(Mdns& mdns, std::size_t asks) {
    mdns.enable(true);
    const Instant begin = loop_.now();
    ASSERT_TRUE(run_until(loop_, [&] { return avahi_.made() >= asks; }));
    const Instant end = loop_.now() + (loop_.now() - begin) / 4;
    while (loop_.now() < end) loop_.run_once(end - loop_.now());
  }

  static inline std::unique_ptr<PrivateBus> daemon_;
  Loop loop_;
  FakeAvahi avahi_{loop_, daemon_->address()};
  std::size_t lines_ = 0;
};

TEST_F(MdnsFlood, WhoDoesNotResolveIsNotAskedAgainWithoutPause) {
  Mdns mdns(
      loop_, [](const MdnsChanged&) {}, [this](Level, const std::string&) { ++lines_; }, timing());
  const std::size_t asks = 2 * std::min(services_announced(), kMaxMdnsServices);
  run(mdns, asks);
  std::printf("%zu services, %zu resolvers, %zu of one, %zu at a time, %zu lines\n", services_announced(),
              avahi_.made(), avahi_.most_of_one(), avahi_.most_open(), lines_);
  EXPECT_EQ(avahi_.made(), asks);
  EXPECT_EQ(avahi_.most_of_one(), 2U) << "in the protocol of its announcement, and in any";
  EXPECT_LE(avahi_.most_open(), kMaxMdnsResolvers);
  EXPECT_LE(lines_, kMdnsLogBounds.in_all + 10);
}

TEST_F(MdnsFlood, OneInterfaceLeavesTheOthersTheirShare) {
  avahi_.announce_on_the_other(20);
  MdnsTiming few = timing();
  few.most_services = 100;
  std::vector<MdnsService> seen;
  Mdns mdns(
      loop_, [&](const MdnsChanged& view) { seen = view.services; }, [](Level, const std::string&) {}, few);
  mdns.enable(true);
  const auto on_the_other = [&] {  // the first interface is the loopback interface
    return std::ranges::count_if(seen, [](const MdnsService& service) { return service.interface != "lo"; });
  };
  EXPECT_TRUE(run_until(loop_, [&] { return !seen.empty() && on_the_other() == 20; }));
  EXPECT_EQ(seen.size(), 100U);
}

}  // namespace
}  // namespace stas::test
