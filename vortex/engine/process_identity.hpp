// How one process tells another, by what the system says of both: process number, its start
// (numbers come again, the two together do not), and the boot. Processes in other pid namespaces
// count as gone: containers that share a state_dir should share the namespace too. Pure but for
// reading /proc.
#pragma once

#include <string>
#include <string_view>

namespace vortex {

struct ProcessIdentity {
  std::string boot;    // names the time since the machine was started
  std::string holder;  // "1234:5678:boot"
};

ProcessIdentity this_process();

// Of a holder as above; what follows a further ':' tells parts of one process apart, and is not
// looked at. False where that is no name of ours.
bool is_process_alive(std::string_view holder);

}  // namespace vortex
