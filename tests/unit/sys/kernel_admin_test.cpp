// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "libstas/sys/fabric/kernel/log_fetch.h"
#include "libstas/sys/fabric/kernel/nvme_admin.h"
#include "tests/unit/sys/kernel_fake_root.h"

namespace stas {
namespace {

TEST(NvmeStatus, HasWordsCodeAndKind) {
  struct Case {
    int status;
    const char* words;
    ErrorKind kind;
  };
  const std::vector<Case> cases = {
      {0x4002, "(002h)", ErrorKind::refused},
      {0x0002, "(002h)", ErrorKind::rejected},
      {0x412f, "Invalid Discovery Information (12Fh)", ErrorKind::refused},
      {0x0132, "Insufficient Discovery Resources (132h)", ErrorKind::rejected},
      {0x0370, "connection to the controller is down", ErrorKind::rejected},
  };
  for (const auto& c : cases) {
    const auto error = status_error("nvme3: DIM register", c.status);
    EXPECT_EQ(error.kind, c.kind);
    EXPECT_EQ(error.text.rfind("nvme3: DIM register: ", 0), 0U) << error.text;
    EXPECT_NE(error.text.find(c.words), std::string::npos) << error.text;
  }
}

TEST(NvmeAdmin, AMissingOrOddDeviceIsAnError) {
  test::FakeRoot root;
  const auto missing = open_admin(root.path("dev/nvme9").string(), "nvme9");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::not_found);
  root.write("dev/nvme0", "a plain file takes no ioctl");
  const auto session = open_admin(root.path("dev/nvme0").string(), "nvme0");
  ASSERT_TRUE(session);
  const auto data = session->get_log({.length = 20});
  ASSERT_FALSE(data);
  EXPECT_EQ(data.error().errnum, ENOTTY);
  EXPECT_NE(data.error().text.find("nvme0: Get Log Page 70h"), std::string::npos) << data.error().text;
  EXPECT_FALSE(session->dim_send(DimTask::register_, std::string(2076, '\0')));
}

// A controller with a discovery log page, that takes transfers up to a limit.
class FakeController {
 public:
  explicit FakeController(std::uint64_t records, std::uint32_t limit = 1U << 20) : records_(records), limit_(limit) {}

  AdminSession session() {
    AdminSession session;
    session.get_log = [this](const LogReader::Read& read) { return answer(read); };
    return session;
  }
  std::vector<LogReader::Read> reads;
  bool refuse = false;

 private:
  Result<std::string> answer(const LogReader::Read& read) {
    reads.push_back(read);
    if (refuse || read.length > limit_) return fail(ErrorKind::io, "nvme0: Get Log Page: Invalid argument", EINVAL);
    std::string page(kDlpHeaderSize + records_ * kDlpeSize, '\0');
    page[0] = 7;  // generation
    page[8] = static_cast<char>(records_ & 0xff);
    page[9] = static_cast<char>(records_ >> 8);
    for (std::uint64_t i = 0; i < records_; ++i) {
      const auto at = kDlpHeaderSize + i * kDlpeSize;
      page[at] = 3;
      page[at + 1] = 1;
      page[at + 2] = 2;
      page.replace(at + 32, 4, "4420");
      page.replace(at + 256, 5, "nqn.x");
      page.replace(at + 512, 8, "10.0.0.6");
    }
    return page.substr(read.offset, read.length);
  }
  std::uint64_t records_;
  std::uint32_t limit_;
};

TEST(LogFetch, ReadsAPageOfAnySize) {
  for (const std::uint64_t records : {0U, 1U, 4U, 300U}) {
    FakeController controller(records);
    const auto page = fetch_log_page(controller.session(), "nvme0", false, std::nullopt);
    ASSERT_TRUE(page) << page.error().text;
    EXPECT_EQ(page->entries.size(), records);
    EXPECT_EQ(page->genctr, 7U);
    EXPECT_FALSE(controller.reads.back().rae) << "the last read re-arms the event";
  }
}

TEST(LogFetch, TriesSmallerTransfersWhereLargeOnesAreRefused) {
  for (const std::uint32_t limit : {1U << 20, 128U << 10, 4U << 10}) {
    FakeController controller(300, limit);
    const auto page = fetch_log_page(controller.session(), "nvme0", false, std::nullopt);
    ASSERT_TRUE(page) << page.error().text;
    EXPECT_EQ(page->entries.size(), 300U);
  }
  for (const std::uint64_t records : {62U, 63U, 64U, 65U, 127U, 128U}) {
    FakeController controller(records, 64U << 10);
    const auto page = fetch_log_page(controller.session(), "nvme0", false, std::nullopt);
    ASSERT_TRUE(page) << records << ": " << page.error().text;
    EXPECT_EQ(page->entries.size(), records);
  }
}

TEST(LogFetch, ARefusalThatIsNotAboutTheSizeEndsIt) {
  FakeController controller(300);
  controller.refuse = true;
  EXPECT_FALSE(fetch_log_page(controller.session(), "nvme0", false, std::nullopt));
  EXPECT_EQ(controller.reads.size(), 1U);
}

TEST(LogFetch, AKnownGenerationIsNotReadAgain) {
  FakeController controller(300);
  const auto page = fetch_log_page(controller.session(), "nvme0", true, 7);
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->unchanged);
  for (const auto& read : controller.reads) EXPECT_EQ(read.length, kDlpHeaderUsed);
  EXPECT_EQ(controller.reads.front().lsp, kLspPleo);
}

TEST(LogFetch, GivesUpWhenItsTimeIsOver) {
  FakeController controller(1);
  const auto page = fetch_log_page(controller.session(), "nvme0", false, std::nullopt, Duration::zero());
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorKind::timed_out);
}

TEST(LogFetch, SupportedLogPagesTellPleo) {
  AdminSession session;
  session.get_log = [](const LogReader::Read& read) -> Result<std::string> {
    EXPECT_EQ(read.lid, 0U);
    std::string page(read.length, '\0');
    page[0x70 * 4] = 1;
    page[0x70 * 4 + 2] = 2;
    return page;
  };
  const auto supported = fetch_supported_log_pages(session, "nvme0");
  ASSERT_TRUE(supported);
  EXPECT_TRUE(supported->pleos);
  EXPECT_FALSE(supported->extdlpes);
}

}  // namespace
}  // namespace stas
