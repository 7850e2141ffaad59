// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/base/topic.h"

#include <cstddef>

namespace stas {

const std::array<TopicInfo, 24>& all_topics() {
  static constexpr std::array<TopicInfo, 24> kTopics{{
      {Topic::connected, "connected", "777b50fca0e542868484abf13b801423"},
      {Topic::disconnecting, "disconnecting", "248160aea6a04f1bb557cc280c31d876"},
      {Topic::disconnect_failed, "disconnect failed", "c1fc18bea5b945d1a2f381f9789f075f"},
      {Topic::link_lost, "link lost", "98a39291a2f4403a8700c13b26afbd11"},
      {Topic::link_restored, "link restored", "c165d04c6e7246519dcf5c908d824c9e"},
      {Topic::gone, "gone", "579fab4f16644be8abe4b24ce2a0743b"},
      {Topic::removed, "removed", "26a3aed37fce46c38eb059a3351fecef"},
      {Topic::let_go, "let go", "f0b59a4bcf7b4d6eb6dbc3c9c05d9d23"},
      {Topic::held, "held", "9bed3cc7f3a14c78afdce88212c1d765"},
      {Topic::refused, "refused", "75efdd3a0b5f42cb9c2aaadc41442a1f"},
      {Topic::connect_failed, "connect failed", "651dc1807d784a00870af4c405537d0e"},
      {Topic::dc_lost, "discovery controller lost", "5df6486500c1450292b234ce35aa12b4"},
      {Topic::page_changed, "page changed", "4ec5afdecec347f7a76bd5cd4378d956"},
      {Topic::page_doubtful, "page doubtful", "07689e0348c84a248751c3b4f04241cb"},
      {Topic::page_failed, "page failed", "66ab5b97aa034333b8a8bbe39356b9c2"},
      {Topic::notified, "notified", "432f48c88df744e0a7a9d814f9e2c504"},
      {Topic::registration_failed, "registration failed", "398dc0152313441aa035e6fd20a4bc16"},
      {Topic::configuration, "configuration", "046da916d0064f8e8a14872835394b10"},
      {Topic::limit_reached, "limit reached", "ac44fc9884054a45a7a2ce32bc03b808"},
      {Topic::left_out, "left out", "afe84b5b29414125b4294f67ec8ecef8"},
      {Topic::host_changed, "host changed", "8590a2ee8e8a46099633c2e9706dd5ab"},
      {Topic::staf_failed, "stafd failed", "f5f98ff10c0b4332ada8a0a661a32c59"},
      {Topic::in_use, "in use", "55339c946e3f4ccc9df94069e2039ec0"},
      {Topic::budget_used_up, "budget used up", "8bd6df24c5df4eaaa481ba48275706d1"},
  }};
  return kTopics;
}

std::string_view message_id(Topic topic) {
  return topic == Topic::none ? std::string_view() : all_topics()[static_cast<std::size_t>(topic) - 1].id;
}

std::string_view name_of(Topic topic) {
  return topic == Topic::none ? std::string_view() : all_topics()[static_cast<std::size_t>(topic) - 1].name;
}

}  // namespace stas
