// SPDX-License-Identifier: Apache-2.0
//
// stafd(8): the command line, then the daemon.
#include "libstas/sys/daemon/program.h"
#include "stafd/daemon.h"
#include "stafd/offline.h"

int main(int argc, char** argv) {
  return stas::run_program<stas::stafd::Daemon>(argc, argv, "stafd", "STorage Appliance Finder (STAF)",
                                                stas::stafd::kConfParser, stas::stafd::plan_offline);
}
