// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/kernel/connect_string.h"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "libstas/core/identity/nqn.h"

namespace stas {
namespace {

constexpr const char* kHostNqn = "nqn.2014-08.org.example:host";
constexpr const char* kHostId = "2cd2c43b-a90a-45c1-a8cd-86b33ab273b5";
constexpr const char* kIoNqn = "nqn.2014-08.org.example:sub";
const std::string kHost = std::string("hostnqn=") + kHostNqn + ",hostid=" + kHostId;
const std::string kTcpHead = std::string("nqn=") + kIoNqn + ",transport=tcp,traddr=10.0.0.6,";
const std::string kKey = "DHHC-1:00:c2VjcmV0IHNlY3JldCBzZWNyZXQ=:";
const std::string kOtherKey = "DHHC-1:01:b3RoZXIgb3RoZXIgb3RoZXIgb3Q=:";

Connect order(Transport transport = Transport::tcp, ControllerKind kind = ControllerKind::io) {
  TidFields fields;
  fields.transport = transport;
  fields.host_nqn = kHostNqn;
  if (is_ip_transport(transport)) {
    fields.traddr = "10.0.0.6";
    fields.trsvcid = "4420";
  }
  if (transport == Transport::fc) {
    fields.traddr = "nn-0x1:pn-0x2";
    fields.host_traddr = "nn-0x3:pn-0x4";
  }
  fields.subsysnqn = kind == ControllerKind::io ? kIoNqn : std::string(kWellKnownDiscoveryNqn);
  Connect connect{.op = 1, .tid = Tid(fields), .kind = kind, .options = {}, .host = {}, .reason = Reason::configured};
  connect.host.nqn = kHostNqn;
  connect.host.id = kHostId;
  return connect;
}

void edit(Connect& connect, const std::function<void(TidFields&)>& change) {
  TidFields fields = connect.tid.fields();
  change(fields);
  connect.tid = Tid(fields);
}

struct Row {
  const char* name;
  Connect connect;
  std::string expect;
};

Row row(const char* name, Connect connect, const std::function<void(Connect&)>& change, std::string expect) {
  change(connect);
  return {name, std::move(connect), std::move(expect)};
}

void all_options(Connect& c) {
  c.options.hdr_digest = true;
  c.options.data_digest = true;
  c.options.disable_sqflow = true;
  c.options.kato = 30;
  c.options.queue_size = 64;
  c.options.reconnect_delay = 2;
  c.options.ctrl_loss_tmo = 60;
  c.options.nr_io_queues = 4;
  c.options.nr_write_queues = 2;
  c.options.nr_poll_queues = 1;
  c.options.dhchap_secret = Secret(kKey);
  c.options.dhchap_ctrl_secret = Secret(kOtherKey);
}

const std::string kSecrets = ",dhchap_secret=" + kKey + ",dhchap_ctrl_secret=" + kOtherKey;

std::vector<Row> rows() {
  const auto io = order();
  const auto dc = order(Transport::tcp, ControllerKind::discovery);
  const auto nothing = [](Connect&) {};
  const std::string io_tail = kTcpHead + "trsvcid=4420," + kHost;
  const std::string dc_tail =
      "nqn=nqn.2014-08.org.nvmexpress.discovery,transport=tcp,traddr=10.0.0.6,trsvcid=4420," + kHost;
  return {
      row("plain IOC", io, nothing, io_tail + ",ctrl_loss_tmo=600"),
      row(
          "plain DC with kato", dc, [](Connect& c) { c.options.kato = 30; },
          dc_tail + ",keep_alive_tmo=30,ctrl_loss_tmo=600"),
      row("tcp IOC with everything", io, all_options,
          io_tail + kSecrets +
              ",nr_io_queues=4,nr_write_queues=2,nr_poll_queues=1,queue_size=64,keep_alive_tmo=30,reconnect_delay=2,"
              "ctrl_loss_tmo=60,disable_sqflow,hdr_digest,data_digest"),
      row("DC: no queue options, but secrets", dc, all_options,
          dc_tail + kSecrets +
              ",keep_alive_tmo=30,reconnect_delay=2,ctrl_loss_tmo=60,disable_sqflow,hdr_digest,data_digest"),
      row(
          "DC with a unique NQN", dc,
          [](Connect& c) { edit(c, [](TidFields& f) { f.subsysnqn = "nqn.1988-11.com.dell:cdc"; }); },
          "nqn=nqn.1988-11.com.dell:cdc,transport=tcp,traddr=10.0.0.6,trsvcid=4420," + kHost +
              ",discovery,ctrl_loss_tmo=600"),
      row(
          "source address and interface", io,
          [](Connect& c) {
            edit(c, [](TidFields& f) {
              f.host_traddr = "10.0.0.1";
              f.host_iface = "eth0";
            });
          },
          kTcpHead + "host_traddr=10.0.0.1,host_iface=eth0,trsvcid=4420," + kHost + ",ctrl_loss_tmo=600"),
      row(
          "link-local address takes the interface as scope", io,
          [](Connect& c) {
            edit(c, [](TidFields& f) {
              f.traddr = "fe80::1";
              f.host_iface = "eth0";
            });
          },
          std::string("nqn=") + kIoNqn + ",transport=tcp,traddr=fe80::1%eth0,host_iface=eth0,trsvcid=4420," + kHost +
              ",ctrl_loss_tmo=600"),
      row(
          "so does one of this host", io,
          [](Connect& c) {
            edit(c, [](TidFields& f) {
              f.traddr = "fe80::1";
              f.host_traddr = "fe80::9";
              f.host_iface = "eth0";
            });
          },
          std::string("nqn=") + kIoNqn +
              ",transport=tcp,traddr=fe80::1%eth0,host_traddr=fe80::9%eth0,host_iface=eth0,trsvcid=4420," + kHost +
              ",ctrl_loss_tmo=600"),
      row(
          "or the scope of the other side", io,
          [](Connect& c) {
            edit(c, [](TidFields& f) {
              f.traddr = "fe80::1%eth1";
              f.host_traddr = "fe80::9";
            });
          },
          std::string("nqn=") + kIoNqn + ",transport=tcp,traddr=fe80::1%eth1,host_traddr=fe80::9%eth1,trsvcid=4420," +
              kHost + ",ctrl_loss_tmo=600"),
      row(
          "rdma: no interface, no digests", order(Transport::rdma),
          [](Connect& c) {
            all_options(c);
            edit(c, [](TidFields& f) { f.host_iface = "eth0"; });
          },
          std::string("nqn=") + kIoNqn + ",transport=rdma,traddr=10.0.0.6,trsvcid=4420," + kHost + kSecrets +
              ",nr_io_queues=4,nr_write_queues=2,nr_poll_queues=1,queue_size=64,keep_alive_tmo=30,reconnect_delay=2,"
              "ctrl_loss_tmo=60,disable_sqflow"),
      row("fc: no port, no write or poll queues", order(Transport::fc), all_options,
          std::string("nqn=") + kIoNqn + ",transport=fc,traddr=nn-0x1:pn-0x2,host_traddr=nn-0x3:pn-0x4," + kHost +
              kSecrets +
              ",nr_io_queues=4,queue_size=64,keep_alive_tmo=30,reconnect_delay=2,ctrl_loss_tmo=60,disable_sqflow"),
      row("loop: no reconnect options", order(Transport::loop), all_options,
          std::string("nqn=") + kIoNqn + ",transport=loop," + kHost + kSecrets +
              ",nr_io_queues=4,queue_size=64,keep_alive_tmo=30,disable_sqflow"),
      row(
          "the controller's secret beats the host key", io,
          [](Connect& c) {
            c.host.key = Secret(kOtherKey);
            c.options.dhchap_secret = Secret(kKey);
          },
          io_tail + ",dhchap_secret=" + kKey + ",ctrl_loss_tmo=600"),
      row(
          "host key without a controller's secret", dc, [](Connect& c) { c.host.key = Secret(kKey); },
          dc_tail + ",dhchap_secret=" + kKey + ",ctrl_loss_tmo=600"),
      row(
          "a controller secret alone is not sent", io, [](Connect& c) { c.options.dhchap_ctrl_secret = Secret(kKey); },
          io_tail + ",ctrl_loss_tmo=600"),
      row(
          "zeros are left out", io,
          [](Connect& c) {
            c.options.kato = 0;
            c.options.nr_io_queues = 0;
            c.options.reconnect_delay = 0;
            c.options.hdr_digest = false;
            c.options.ctrl_loss_tmo = 0;
          },
          io_tail + ",ctrl_loss_tmo=0"),
      row(
          "ctrl-loss-tmo for ever", io, [](Connect& c) { c.options.ctrl_loss_tmo = -1; },
          io_tail + ",ctrl_loss_tmo=-1"),
      row(
          "nonsense ctrl-loss-tmo is not sent", io, [](Connect& c) { c.options.ctrl_loss_tmo = -2; }, io_tail),
  };
}

TEST(ConnectString, FollowsOrderAndConditionsOfTheContract) {
  for (const auto& row : rows()) {
    SCOPED_TRACE(row.name);
    const auto text = connect_string(row.connect, SupportedOptions::everything());
    ASSERT_TRUE(text) << text.error().text;
    EXPECT_EQ(text->reveal(), row.expect);
  }
}

TEST(ConnectString, SendsOnlyWhatTheKernelLists) {
  auto connect = order();
  all_options(connect);
  edit(connect, [](TidFields& f) { f.host_iface = "eth0"; });
  const auto text = connect_string(connect, SupportedOptions::for_release("5.10.0-28-amd64"));
  ASSERT_TRUE(text);
  EXPECT_EQ(text->reveal().find("host_iface"), std::string::npos);
  EXPECT_EQ(text->reveal().find("dhchap"), std::string::npos);
  EXPECT_NE(text->reveal().find("nr_poll_queues=1"), std::string::npos);
}

TEST(ConnectString, TlsIsAskedForWhereTheKernelKnowsIt) {
  const struct {
    const char* claim;
    std::function<void(ConnectOptions&)> change;
    std::string tail;  // of the connect string; "-": refused
    const char* why;
  } rows[] = {
      {"off", [](ConnectOptions& o) { o.tls = false; }, "ctrl_loss_tmo=600", ""},
      {"on", [](ConnectOptions& o) { o.tls = true; }, "ctrl_loss_tmo=600,tls", ""},
      {"a key says so", [](ConnectOptions& o) { o.tls_key = 26; }, "ctrl_loss_tmo=600,tls_key=26,tls", ""},
      {"a key that is not to be used",
       [](ConnectOptions& o) {
         o.tls_key = 26;
         o.tls = false;
       },
       "ctrl_loss_tmo=600", ""},
      {"key and keyring",
       [](ConnectOptions& o) {
         o.tls_key = 26;
         o.keyring = 31;
       },
       "ctrl_loss_tmo=600,keyring=31,tls_key=26,tls", ""},
      {"a keyring alone says nothing", [](ConnectOptions& o) { o.keyring = 31; }, "ctrl_loss_tmo=600", ""},
      {"concatenation",
       [](ConnectOptions& o) {
         o.tls_concat = true;
         o.dhchap_secret = Secret(kKey);
       },
       "dhchap_secret=" + kKey + ",ctrl_loss_tmo=600,concat", ""},
      {"concatenation without a key", [](ConnectOptions& o) { o.tls_concat = true; }, "-", "needs a DH-HMAC-CHAP key"},
      {"both ways",
       [](ConnectOptions& o) {
         o.tls_concat = o.tls = true;
         o.dhchap_secret = Secret(kKey);
       },
       "-", "goes with neither tls=true nor tls-key="},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.claim);
    auto connect = order();
    row.change(connect.options);
    const auto text = connect_string(connect, SupportedOptions::everything());
    ASSERT_EQ(text.has_value(), row.tail != "-") << (text ? text->reveal() : text.error().text);
    if (text)
      EXPECT_TRUE(text->reveal().ends_with("," + row.tail)) << text->reveal();
    else
      EXPECT_NE(text.error().text.find(row.why), std::string::npos) << text.error().text;
  }
}

// Without the option the kernel would connect in the clear.
TEST(ConnectString, AKernelWithoutTlsIsToldAndNotAsked) {
  const auto without = SupportedOptions::for_release("6.1.0-13-amd64");
  for (auto* change : {+[](ConnectOptions& o) { o.tls = true; }, +[](ConnectOptions& o) { o.tls_key = 26; },
                       +[](ConnectOptions& o) {
                         o.tls_concat = true;
                         o.dhchap_secret = Secret(kKey);
                       }}) {
    auto connect = order();
    change(connect.options);
    const auto text = connect_string(connect, without);
    ASSERT_FALSE(text) << text->reveal();
    EXPECT_EQ(text.error().kind, ErrorKind::not_supported);
    EXPECT_NE(text.error().text.find("this kernel does not know the option"), std::string::npos) << text.error().text;
  }
  auto rdma = order(Transport::rdma);
  rdma.options.tls = true;
  const auto text = connect_string(rdma, SupportedOptions::everything());
  ASSERT_FALSE(text);
  EXPECT_NE(text.error().text.find("write tls=false and tls-concat=false for this controller"), std::string::npos);
}

TEST(ConnectString, RefusesAUniqueDiscoveryNqnWhereTheKernelWouldMakeAnIoController) {
  auto connect = order(Transport::tcp, ControllerKind::discovery);
  edit(connect, [](TidFields& f) { f.subsysnqn = "nqn.1988-11.com.dell:cdc"; });
  const auto text = connect_string(connect, SupportedOptions::for_release("5.15.0"));
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind, ErrorKind::not_supported);
}

struct Refused {
  const char* name;
  std::function<void(Connect&)> change;
};

TEST(ConnectString, RefusesWhatWouldInjectOrCannotWork) {
  const auto tid = [](std::function<void(TidFields&)> change) {
    return [change = std::move(change)](Connect& c) { edit(c, change); };
  };
  const std::vector<Refused> refused = {
      {"comma in the NQN", tid([](TidFields& f) { f.subsysnqn = "nqn.x,hostnqn=nqn.evil"; })},
      {"newline in the NQN", tid([](TidFields& f) { f.subsysnqn = "nqn.x\nduplicate_connect"; })},
      {"NUL in the NQN", tid([](TidFields& f) { f.subsysnqn = std::string("nqn.x\0y", 7); })},
      {"no NQN", tid([](TidFields& f) { f.subsysnqn = ""; })},
      {"NQN of 223 bytes", tid([](TidFields& f) { f.subsysnqn = std::string(223, 'n'); })},
      {"port", tid([](TidFields& f) { f.trsvcid = "4420,tls"; })},
      {"interface", tid([](TidFields& f) { f.host_iface = "eth0,duplicate_connect"; })},
      {"source address", tid([](TidFields& f) { f.host_traddr = "10.0.0.1\ntls"; })},
      {"host name", tid([](TidFields& f) { f.traddr = "array.example.org"; })},
      {"a key that cannot be had",
       [](Connect& c) { c.options.missing["dhchap-secret"] = "/k: No such file or directory"; }},
      {"comma in traddr", tid([](TidFields& f) { f.traddr = "10.0.0.6,tls"; })},
      {"host NQN", [](Connect& c) { c.host.nqn = "nqn.host,tls"; }},
      {"no host NQN", [](Connect& c) { c.host.nqn.clear(); }},
      {"host NQN of 223 bytes", [](Connect& c) { c.host.nqn = std::string(223, 'h'); }},
      {"host ID", [](Connect& c) { c.host.id = "1\n2"; }},
      {"no host ID", [](Connect& c) { c.host.id.clear(); }},
      {"secret with a comma", [](Connect& c) { c.options.dhchap_secret = Secret("DHHC-1:00:SESAME,tls:"); }},
      {"secret of another form", [](Connect& c) { c.options.dhchap_secret = Secret("SESAMESESAME"); }},
      {"secret too short", [](Connect& c) { c.host.key = Secret("DHHC-1:00:"); }},
  };
  for (const auto& row : refused) {
    SCOPED_TRACE(row.name);
    auto connect = order();
    row.change(connect);
    const auto text = connect_string(connect, SupportedOptions::everything());
    ASSERT_FALSE(text) << text->reveal();
    EXPECT_EQ(text.error().kind, ErrorKind::invalid_input);
    EXPECT_EQ(text.error().text.find("SESAME"), std::string::npos) << text.error().text;
  }
}

TEST(ConnectString, FcNeedsAHostAddress) {
  auto connect = order(Transport::fc);
  edit(connect, [](TidFields& f) { f.host_traddr.clear(); });
  EXPECT_FALSE(connect_string(connect, SupportedOptions::everything()));
}

TEST(ConnectString, AnNqnOf222BytesIsTaken) {
  auto connect = order();
  edit(connect, [](TidFields& f) { f.subsysnqn = std::string(222, 'n'); });
  EXPECT_TRUE(connect_string(connect, SupportedOptions::everything()));
}

TEST(KernelOptions, AreReadFromTheLineOfTheKernel) {
  const auto options = SupportedOptions::parse(
      "instance=-1,cntlid=-1,transport=%s,traddr=%s,nqn=%s,host_iface=%s,discovery,tls\nnext=%s");
  for (const char* name : {"transport", "traddr", "nqn", "host_iface", "discovery", "tls"}) {
    EXPECT_TRUE(options.has(name)) << name;
  }
  for (const char* name : {"instance", "cntlid", "next", "dhchap_secret", ""}) EXPECT_FALSE(options.has(name)) << name;
}

TEST(KernelOptions, GarbageGivesNothingToSend) {
  EXPECT_TRUE(SupportedOptions::parse("").empty());
  EXPECT_TRUE(SupportedOptions::parse(",,,=,\n").empty());
  EXPECT_LE(SupportedOptions::parse(std::string(100000, 'x')).has("transport"), false);
}

TEST(KernelOptions, ReleaseTableDecidesForKernelsThatDoNotTell) {
  struct Case {
    const char* release;
    const char* option;
    bool has;
  };
  const std::vector<Case> cases = {
      {"5.13.19", "host_iface", false},
      {"5.14.0-427.el9", "host_iface", true},
      {"5.15.0", "discovery", false},
      {"5.16.0", "discovery", true},
      {"5.19.0", "dhchap_secret", false},
      {"6.1.0-13-amd64", "dhchap_secret", true},
      {"6.12", "discovery", true},
      {"", "host_iface", false},
      {"", "nqn", true},
      {"10.0", "dhchap_secret", true},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(SupportedOptions::for_release(c.release).has(c.option), c.has) << c.release << " " << c.option;
  }
  EXPECT_EQ(release_numbers("6.1.0-13-amd64"), (std::vector<unsigned>{6, 1, 0, 13, 64}));
}

}  // namespace
}  // namespace stas
