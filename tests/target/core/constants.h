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
                              kGetFeatures = 0x0A, kAsyncEvent = 0x0C, kKeepAlive = 0x18, kNsManagement = 0x0D,
                              kNsAttachment = 0x15, kDim = 0x21, kFormat = 0x80, kFabrics = 0x7F;
inline constexpr std::uint8_t kFlush = 0x00, kWrite = 0x01, kRead = 0x02, kWriteUncorrectable = 0x04, kCompare = 0x05,
                              kWriteZeroes = 0x08, kDatasetManagement = 0x09, kVerify = 0x0C,
                              kReservationRegister = 0x0D, kReservationReport = 0x0E, kReservationAcquire = 0x11,
                              kReservationRelease = 0x15, kCopy = 0x19;
}  // namespace opcode

namespace fctype {
inline constexpr std::uint8_t kPropertySet = 0x00, kConnect = 0x01, kPropertyGet = 0x04, kAuthSend = 0x05,
                              kAuthReceive = 0x06, kDisconnect = 0x08;
}

namespace status {
inline constexpr std::uint16_t kSuccess = 0x000, kInvalidOpcode = 0x001, kInvalidField = 0x002, kCidConflict = 0x003,
                               kDataTransfer = 0x004, kInternal = 0x006, kAbortRequested = 0x007, kPreempted = 0x01B,
                               kInvalidNamespace = 0x00B, kSequenceError = 0x00C, kSglLength = 0x00F, kSglType = 0x011,
                               kKeepAliveInvalid = 0x01A, kReadOnly = 0x020, kTransientTransport = 0x022,
                               kInvalidDiscoveryInfo = 0x12F, kDiscoveryResources = 0x132, kLbaRange = 0x080,
                               kAerLimit = 0x105, kInvalidLogPage = 0x109, kIncompatibleFormat = 0x180, kBusy = 0x181,
                               kConnectInvalid = 0x182, kInvalidHost = 0x184, kAuthRequired = 0x191,
                               kCompareFailure = 0x285, kAnaPersistentLoss = 0x301, kAnaInaccessible = 0x302,
                               kAnaTransition = 0x303, kReservationConflict = 0x083, kNamespaceNotReady = 0x082,
                               kInvalidQueueId = 0x101, kNotSaveable = 0x10D, kNotChangeable = 0x10E,
                               kNotNamespaceSpecific = 0x10F, kAlreadyAttached = 0x118, kPrivateNamespace = 0x119,
                               kNotAttached = 0x11A, kInvalidControllerList = 0x11C, kWriteFault = 0x280,
                               kUnrecoveredRead = 0x281, kCapacityExceeded = 0x081, kInvalidFormat = 0x10A;
}

namespace feature {
inline constexpr std::uint8_t kVolatileWriteCache = 0x06, kNumberOfQueues = 0x07, kAsyncEvents = 0x0B,
                              kTimestamp = 0x0E, kKeepAlive = 0x0F, kHostBehavior = 0x16, kHostId = 0x81,
                              kReservationMask = 0x82, kReservationPersistence = 0x83, kWriteProtection = 0x84;
}

namespace log_id {
inline constexpr std::uint8_t kSupported = 0x00, kError = 0x01, kSmart = 0x02, kFirmware = 0x03, kChangedNs = 0x04,
                              kEffects = 0x05, kAna = 0x0C, kFeatureEffects = 0x12, kDiscovery = 0x70,
                              kReservation = 0x80;
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
inline constexpr std::uint32_t kMaxAnaGroups = 128;       ///< ANAGRPMAX and NANAGRPID
inline constexpr std::uint32_t kMaxAnaNamespaces = 1024;  ///< MNAN
inline constexpr std::size_t kErrorLogEntries = 64;       ///< ELPE + 1
inline constexpr std::uint16_t kCopyRangeBlocks = 128;    ///< MSSRL
inline constexpr std::uint32_t kCopyBlocks = 128;         ///< MCL
inline constexpr std::uint8_t kCopyRanges = 128;          ///< MSRC + 1
inline constexpr std::uint32_t kAllNamespaces = 0xFFFFFFFF;

}  // namespace stas::target
