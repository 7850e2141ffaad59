// SPDX-License-Identifier: Apache-2.0
//
// Who this host is: sys.conf(5) and the files it names, read at start and at every reload. A file that cannot be
// understood whole says nothing (law 2): it never makes this host another one, it leaves it what it was. The host key
// is only ever taken from a file that was understood.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libstas/core/base/complaint.h"
#include "libstas/core/base/result.h"
#include "libstas/core/brain/last_known.h"
#include "libstas/core/config/sys_conf.h"
#include "libstas/core/identity/host.h"
#include "libstas/sys/daemon/key_files.h"
#include "libstas/sys/os/files.h"
#include "libstas/sys/os/journal.h"

namespace stas {

class HostFile {
 public:
  using Host = std::shared_ptr<const HostIdentity>;

  // `read`: for the files that are named in it, and /etc/nvme/hostnqn and the like. `read_key`: for the host key; may
  // be empty, then `read` is asked.
  HostFile(std::string path, const Journal& journal, ReadFile read = read_small_file, ReadKey read_key = read_named_key)
      : path_(std::move(path)), journal_(journal), readers_{std::move(read), std::move(read_key)} {}

  // At start. `known`: who this host was before a restart. A file that is missing means defaults, /etc/nvme/hostnqn and
  // the like; one that is not understood means `known`, and the defaults when there is none; both are said as an error.
  // An Error: nobody says who this host is.
  Result<Host> at_start(const std::optional<KnownHost>& known);

  // What the file says now. Owns what it needs and may be called on any thread: a disk can hang.
  struct Look;
  using Seen = std::shared_ptr<const Look>;
  std::function<Seen()> reader() const;
  // The same for the text of another file in its place, which is called `path`.
  std::function<Seen()> reader(std::string path, std::string text) const;

  // At a reload. What is not understood, and a file that has vanished, leave `in_force`, said as an error.
  Host at_reload(const Seen& seen, const Host& in_force);

  // What a reload would come to, with nothing logged and nothing remembered.
  struct Outlook {
    Host host;
    std::string flaw;  // "": the file was understood; else the host is the one in force
    std::vector<Complaint> complaints;
  };
  Outlook foresee(const Seen& seen, const Host& in_force) const;

 private:
  struct Readers {
    ReadFile file;
    ReadKey key;
  };
  static Look look(const std::string& path, Result<RegularFile> text, const Readers& readers);
  static Outlook judge(Look seen, bool existed, const Host& in_force);
  static Result<std::string> read_small_file(const std::string& path);

  std::string path_;
  const Journal& journal_;
  Readers readers_;
  bool existed_ = false;
};

}  // namespace stas
