// SPDX-License-Identifier: Apache-2.0
//
// Numbers of the NVMe base, fabrics and TCP transport specifications, and the bounds this target sets itself.
// A status is written as SCT * 256 + SC throughout.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stas::target {

inline constexpr char kDiscoveryNqn[] = "nqn.2014-08.org.nvmexpress.discovery";
inline constexpr std::size_t kMaxNqnBytes = 223;

namespace opcode {
inline constexpr std::uint8_t kGetLogPage = 0x02, kIdentify = 0x06, kAbort = 0x08, kSetFeatures = 0x09,
                              kGetFeatures = 0x0A, kAsyncEvent = 0x0C, kKeepAlive = 0x18, kDim = 0x21, kFabrics = 0x7F;
inline constexpr std::uint8_t kFlush = 0x00, kWrite = 0x01, kRead = 0x02, kCompare = 0x05, kWriteZeroes = 0x08,
                              kDatasetManagement = 0x09;
}  // namespace opcode

namespace fctype {
inline constexpr std::uint8_t kPropertySet = 0x00, kConnect = 0x01, kPropertyGet = 0x04, kDisconnect = 0x08;
}

namespace status {
inline constexpr std::uint16_t kSuccess = 0x000, kInvalidOpcode = 0x001, kInvalidField = 0x002, kDataTransfer = 0x004,
                               kInternal = 0x006, kAbortRequested = 0x007, kInvalidNamespace = 0x00B,
                               kSequenceError = 0x00C, kSglLength = 0x00F, kSglType = 0x011, kKeepAliveInvalid = 0x01A,
                               kReadOnly = 0x020, kTransientTransport = 0x022, kInvalidDiscoveryInfo = 0x12F,
                               kDiscoveryResources = 0x132, kLbaRange = 0x080, kAerLimit = 0x105,
                               kInvalidLogPage = 0x109, kIncompatibleFormat = 0x180, kBusy = 0x181,
                               kConnectInvalid = 0x182, kInvalidHost = 0x184, kCompareFailure = 0x285;
}

namespace feature {
inline constexpr std::uint8_t kVolatileWriteCache = 0x06, kNumberOfQueues = 0x07, kAsyncEvents = 0x0B,
                              kTimestamp = 0x0E, kKeepAlive = 0x0F, kHostBehavior = 0x16, kHostId = 0x81;
}

namespace log_id {
inline constexpr std::uint8_t kSupported = 0x00, kError = 0x01, kSmart = 0x02, kFirmware = 0x03, kChangedNs = 0x04,
                              kEffects = 0x05, kDiscovery = 0x70;
}

namespace sgl {
inline constexpr std::uint8_t kInCapsule = 0x01, kTransport = 0x5A;
}

// Bounds. Everything a host sends is measured against one of these before memory is taken for it.
inline constexpr std::size_t kAdminCapsuleData = 8192;             ///< also accepted on I/O queues for Connect and Auth
inline constexpr std::size_t kMaxTransfer = std::size_t{1} << 20;  ///< 4096 << MDTS 8
inline constexpr unsigned kMaxAers = 4;                            ///< AERL + 1
inline constexpr unsigned kMaxQueuesPerController = 1024;
inline constexpr std::size_t kMaxDimRegistrations = 65536;
inline constexpr std::size_t kMaxChangedNamespaces = 1024;

}  // namespace stas::target
