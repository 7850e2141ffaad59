// SPDX-License-Identifier: Apache-2.0
//
// stacd(8): the command line, then the daemon.
#include "libstas/sys/daemon/program.h"
#include "stacd/daemon.h"
#include "stacd/offline.h"

int main(int argc, char** argv) {
  return stas::run_program<stas::stacd::Daemon>(argc, argv, "stacd", "STorage Appliance Connector (STAC)",
                                                stas::stacd::kConfParser, stas::stacd::plan_offline);
}
